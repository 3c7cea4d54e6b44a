"""Times in other forms: what is suggested reads what was suggested for."""

import re
from datetime import UTC, datetime
from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.sources.files import FilesParams
from finrec_spark.sources.time_formats import _CLOCKS, _DAYS, _loose, as_iso, likely_formats

DAYS = st.lists(st.datetimes(datetime(1990, 1, 13), datetime(2068, 12, 31)), min_size=1, max_size=5)


def printed(moment, day, clock):
    """As a database prints it; the moment is in UTC where a zone is printed."""
    time = moment.replace(tzinfo=UTC).strftime(_CLOCKS[clock])
    return moment.strftime(_DAYS[day]) + (time.replace("+0000", "+00:00") if clock.endswith("XXX") else time)


def without_zeros(moment, day, clock=""):
    """The same, without zeros before the digits of the day and the month."""
    date = re.sub(r"(?<!\d)0(?=\d)", "", printed(moment, day, ""))
    return date + printed(moment, day, clock).removeprefix(printed(moment, day, ""))


@settings(deadline=None)
@given(DAYS, st.sampled_from(sorted(_DAYS)), st.sampled_from(sorted(_CLOCKS)))
def test_the_form_that_a_value_has_is_among_those_suggested(days, day, clock):
    likely = likely_formats([printed(moment, day, clock) for moment in days])
    assert f"{day}{clock}" in likely or any(word.startswith("epoch") for word in likely)


@settings(deadline=None)
@given(DAYS, st.sampled_from(["dd/MM/yyyy", "MM/dd/yyyy", "dd.MM.yyyy", "yyyy/MM/dd", "dd-MMM-yyyy", "MMM dd, yyyy"]))
def test_days_without_zeros_before_them_are_suggested_as_such(days, day):
    values = [without_zeros(moment, day) for moment in days]
    assert {day, _loose(day)} & set(likely_formats(values))


def test_days_beyond_the_twelfth_tell_day_first_from_month_first():
    assert likely_formats(["19/01/2022", "03/04/2022"]) == ["dd/MM/yyyy"]
    assert likely_formats(["01/19/2022", "03/04/2022"]) == ["MM/dd/yyyy"]
    assert likely_formats(["yesterday"]) == [] == likely_formats([])


def test_words_among_the_values_do_not_hide_their_form_and_few_days_among_words_show_none():
    assert likely_formats(["19/01/2022", "20/01/2022", "unknown", "n/a"]) == ["dd/MM/yyyy"]
    assert likely_formats(["19/01/2022", "unknown", "n/a"]) == []


def test_every_suggested_form_reads_its_values(spark):
    """Each day with one clock and each clock with one day, with zeros before the digits and without."""
    moment = datetime(2021, 12, 3, 23, 5, 9)
    pairs = list(islice(zip(cycle(_DAYS), cycle(_CLOCKS), strict=False), max(len(_DAYS), len(_CLOCKS))))
    texts = [printed(moment, *pair) for pair in pairs]
    texts += [without_zeros(moment, *pair) for pair in pairs if _loose("".join(pair)) != "".join(pair)]
    forms = [likely_formats([text])[0] for text in texts]
    row = spark.createDataFrame([tuple(texts)], [f"c{n}" for n in range(len(texts))])
    read = row.select(*(as_iso(row[f"c{n}"], form) for n, form in enumerate(forms))).first()
    days = {"2021-12-03", "2021-03-12", "2003-12-21"}  # what a short form may as well mean
    assert [each for each in zip(forms, texts, read, strict=True) if each[2][:10] not in days] == []


def test_counts_since_1970_and_two_digit_years(spark):
    columns = {
        "a": ("1642579440", "epoch_seconds"),
        "b": ("1642579440000", "epoch_milliseconds"),
        "c": ("930101", "yyMMdd"),
        "d": ("1642579440000000000", "epoch_nanoseconds"),
        "e": ("1642579440.25", "epoch_seconds"),
        "f": ("44580.33611", "spreadsheet_days"),
        "g": ("9999999999999999999", "epoch_seconds"),
    }
    row = spark.createDataFrame([tuple(text for text, _ in columns.values())], list(columns))
    found = row.select(*(as_iso(row[name], pattern).alias(name) for name, (_, pattern) in columns.items())).first()
    assert {found.a, found.b, found.d} == {"2022-01-19T08:04:00.000000Z"} and found.c[:10] == "1993-01-01"
    assert (found.e, found.f[:18]) == ("2022-01-19T08:04:00.250000Z", "2022-01-19T08:03:5")
    assert found.g == columns["g"][0]  # beyond the year 9999: no time


def test_a_value_of_another_form_stays_as_it_is(spark):
    texts = ["30/02/2022", "9/1/2022", "2022-01-19", "19/01/22", "", "x"]
    rows = spark.createDataFrame([(text,) for text in texts], "day string")
    assert [row[0] for row in rows.select(as_iso(rows.day, "dd/MM/yyyy")).collect()] == texts


@pytest.mark.parametrize("params", [{"formats": {"event_time": "qq"}}, {"encoding": {"products": "klingon"}}])
def test_what_nobody_can_read_by_is_refused_at_once(params):
    with pytest.raises(ValueError, match="qq|klingon"):
        FilesParams(**params)
