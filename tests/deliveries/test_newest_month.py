"""Which month is the last real one, without Spark."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.months import last_real_month, months_before

MAY = date(2022, 5, 1)


@pytest.mark.parametrize(
    ("later", "rows"),
    [
        (date(2099, 1, 1), 1),
        (date(2099, 1, 1), 30),
        (date(2022, 6, 1), 2),
        (date(2022, 9, 1), 30),
        (date(2024, 1, 1), 200),
    ],
)
def test_a_slip_does_not_decide_the_month(later, rows):
    usual = {months_before(MAY, n): 300 + n for n in range(10)}
    assert last_real_month(usual | {later: rows}) == MAY


def test_several_slips_are_passed_over():
    usual = {months_before(MAY, n): 300 for n in range(10)}
    assert last_real_month(usual | {date(2031, 1, 1): 2, date(2099, 12, 1): 1}) == MAY


@settings(deadline=None)
@given(st.lists(st.integers(5, 400), min_size=1, max_size=14))
def test_a_month_that_follows_and_holds_a_part_is_real(counts):
    months = {months_before(MAY, n): rows for n, rows in enumerate(reversed(counts))}
    assert last_real_month(months) == MAY


def test_a_small_bank_with_gaps_keeps_its_newest_month():
    assert last_real_month({date(2021, 1, 1): 1, date(2021, 6, 1): 1, MAY: 1}) == MAY
