"""Times in other forms: what is suggested reads what was suggested for."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.sources.files import FilesParams
from finrec_spark.sources.time_formats import _CLOCKS, _KNOWN, as_iso, likely_formats

DAYS = st.lists(st.datetimes(datetime(1990, 1, 13), datetime(2068, 12, 31)), min_size=1, max_size=5)


@settings(deadline=None)
@given(DAYS, st.sampled_from(sorted(_KNOWN)), st.sampled_from(sorted(_CLOCKS)))
def test_the_form_that_a_value_has_is_among_those_suggested(days, day, clock):
    values = [moment.strftime(f"{_KNOWN[day]}{_CLOCKS[clock]}") for moment in days]
    assert f"{day}{clock}" in likely_formats(values) or any(word.startswith("epoch") for word in likely_formats(values))


def test_days_beyond_the_twelfth_tell_day_first_from_month_first():
    assert likely_formats(["19/01/2022", "03/04/2022"]) == ["dd/MM/yyyy"]
    assert likely_formats(["01/19/2022", "03/04/2022"]) == ["MM/dd/yyyy"]
    assert likely_formats(["yesterday"]) == [] == likely_formats([])


def test_every_suggested_form_reads_its_values(spark):
    moment = datetime(2021, 12, 31, 23, 5, 9)
    patterns = [f"{day}{clock}" for day in _KNOWN for clock in _CLOCKS]
    texts = [moment.strftime(f"{_KNOWN[day]}{_CLOCKS[clock]}") for day in _KNOWN for clock in _CLOCKS]
    row = spark.createDataFrame([tuple(texts)], [f"c{n}" for n in range(len(texts))])
    read = row.select(*(as_iso(row[f"c{n}"], pattern) for n, pattern in enumerate(patterns))).first()
    wrong = [
        (pattern, text, found)
        for pattern, text, found in zip(patterns, texts, read, strict=True)
        if abs(datetime.fromisoformat(found) - moment) > timedelta(days=1) or found[:10] != "2021-12-31"
    ]
    assert wrong == []


def test_counts_since_1970_and_two_digit_years(spark):
    columns = {
        "a": ("1642579440", "epoch_seconds"),
        "b": ("1642579440000", "epoch_milliseconds"),
        "c": ("930101", "yyMMdd"),
    }
    row = spark.createDataFrame([tuple(text for text, _ in columns.values())], list(columns))
    found = row.select(*(as_iso(row[name], pattern).alias(name) for name, (_, pattern) in columns.items())).first()
    assert [found.a[:19], found.b[:19], found.c[:10]] == ["2022-01-19T08:04:00", "2022-01-19T08:04:00", "1993-01-01"]


def test_a_value_of_another_form_stays_as_it_is(spark):
    texts = ["30/02/2022", "9/1/2022", "2022-01-19", "19/01/22", "", "x"]
    rows = spark.createDataFrame([(text,) for text in texts], "day string")
    assert [row[0] for row in rows.select(as_iso(rows.day, "dd/MM/yyyy")).collect()] == texts


@pytest.mark.parametrize("params", [{"formats": {"event_time": "qq"}}, {"encoding": {"products": "klingon"}}])
def test_what_nobody_can_read_by_is_refused_at_once(params):
    with pytest.raises(ValueError, match="qq|klingon"):
        FilesParams(**params)
