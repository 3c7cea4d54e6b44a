"""Records of files whose values hold line breaks, without Spark."""

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.sources.csv_layout import csv_layout
from finrec_spark.sources.csv_records import records, whole_line

TEXT = st.text(st.sampled_from(list('ab 7"\\,;\n|é银')), max_size=12)
SEPARATORS = [",", ";", "\t", "|"]


def written(rows, separator, quoting, doubled=True):
    out = io.StringIO()
    escape = {} if doubled else {"doublequote": False, "escapechar": "\\"}
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\n", **escape).writerows(rows)
    return out.getvalue()


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6),
    separator=st.sampled_from(SEPARATORS),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_a_writer_wrote_is_cut_into_as_many_records(rows, separator, quoting):
    numbered = [(f"{place}#", *row) for place, row in enumerate(rows)]
    lines = written(numbered, separator, quoting).removesuffix("\n").split("\n")
    found = list(records(lines, separator, 4))
    assert [record.strip('"').split("#")[0] for record in found] == [str(place) for place in range(len(rows))]
    assert "\n".join(found) == "\n".join(lines)


# A backslash and a quote at the end of a line may as well be a value that ends in a backslash: nobody can tell.
CLEAR = TEXT.filter(lambda text: "\\" not in text and '"\n' not in text)


@settings(deadline=None)
@given(rows=st.lists(CLEAR, min_size=1, max_size=6))
def test_backslashes_before_quotes_are_understood(rows):
    written_rows = [f'{place}#,"{text.replace(chr(34), chr(92) + chr(34))}"' for place, text in enumerate(rows)]
    found = list(records("\n".join(written_rows).split("\n"), ",", 2))
    assert found == written_rows


@settings(deadline=None)
@given(
    width=st.integers(2, 6),
    stray=st.integers(0, 29),
    column=st.integers(1, 5),
    quoted=st.booleans(),
    second=st.booleans(),
)
def test_a_stray_quote_costs_its_own_row_alone(width, stray, column, quoted, second):
    """Whatever column it opens, with quoted values and a second stray quote later on or without."""
    rows = [[f"P{place}", *(f"w{place}-{n}" for n in range(1, width))] for place in range(30)]
    if quoted:
        rows = [[row[0], *(f'"{cell}"' if n == 1 else cell for n, cell in enumerate(row[1:], 1))] for row in rows]
    rows[stray][min(column, width - 1)] = '"open'
    if second:
        rows[(stray + 11) % 30][width - 1] = 'closed"'
    lines = [",".join(row) for row in rows]
    assert list(records(lines, ",", width)) == lines


def test_a_line_of_text_with_as_many_commas_is_no_row():
    lines = ['P1,"Terms', 'safe, simple"', 'P2,"Also', "quick, cheap", 'good"']
    assert list(records(lines, ",", 2)) == ['P1,"Terms\nsafe, simple"', 'P2,"Also\nquick, cheap\ngood"']


def test_a_quote_that_is_never_closed_does_not_take_a_long_file_along():
    lines = ['P0,"open', *(f"P{n},text" for n in range(1, 5000))]
    assert list(records(lines, ",", 2)) == lines


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        ('1,"a ""b"" c",x', True),
        (r'1,"a \"b\", c",x', True),
        (r'1,"C:\dir\",x', True),
        ('1,"open,x', False),
        ('1,"a"b,x', False),
        ('1, "blank before",x', False),
        ('1,5" screen,x', True),
        ("1,2,3,4", False),
    ],
)
def test_a_line_fits_where_its_quotes_are_closed(line, fits):
    assert any(re.fullmatch(pattern, line) for pattern in whole_line(",", 3)) == fits


@settings(deadline=None)
@given(separator=st.sampled_from(SEPARATORS), names=st.permutations(["customer_id", "a, b", "c; d", "e|f", "g\th"]))
def test_the_separator_is_the_one_that_gives_the_needed_column(separator, names):
    head = written([names, ["1"] * 5], separator, csv.QUOTE_MINIMAL)
    found = csv_layout(head, "in.csv", {"customer_id"}, {"customer_id"})
    assert (found.separator, found.header) == (separator, tuple(names))
