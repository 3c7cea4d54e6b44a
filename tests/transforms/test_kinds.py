"""Kinds of delivered columns: what stands for nothing, and what is said of it."""

import logging
from datetime import date

import pytest

from finrec_spark.transforms.profiles.customer_profiles import ProfileParams
from finrec_spark.transforms.profiles.delivered import delivered_categories, delivered_numbers
from finrec_spark.transforms.profiles.kinds import collect_columns
from finrec_spark.transforms.profiles.missing import SURE, UNSURE

JUNE, EVER = date(2022, 6, 1), date(1900, 1, 1)
WORDS = ["NA", " NA", "n/a", "NULL", "\\N", "#N/A", "-", "NaN", "None", "?"]


@pytest.fixture
def columns(spark, caplog):
    """Kinds, words for nothing and what was said, of columns that are lists of values."""

    def infer(params=None, **values):
        rows = [
            (f"c{n}", EVER, {name: column[n] for name, column in values.items() if n < len(column)})
            for n in range(max(map(len, values.values())))
        ]
        customers = spark.createDataFrame(rows, "customer_id string, valid_from date, profile map<string,string>")
        with caplog.at_level(logging.INFO, logger="finrec_spark"):
            found = collect_columns(customers, JUNE, params or ProfileParams())
        return customers, found, caplog.text

    return infer


def test_numbers_and_dates_stay_such_whatever_word_stands_for_nothing(columns):
    ages = [str(n) for n in range(20, 60)]
    days = [f"2001-02-{n:02}" for n in range(1, 29)]
    timed = [
        f"{day}{time}" for day, time in zip(days, [" 00:00:00", "T10:00:00.000000Z", " 10:00+02", ""] * 7, strict=True)
    ]
    _, found, said = columns(age=[*ages, *WORDS], born=[*days, *WORDS], seen=timed)
    assert found.kinds == {"age": "number", "born": "date", "seen": "date"}
    assert "profile column age: #n/a (1), - (1), ? (1), \\n (1), n/a (1), na (2)" in said
    assert set(found.missing["age"]) <= {*SURE, *UNSURE}


@pytest.mark.parametrize("placeholder", ["-999999", "-999999.00", "999999", "-1000000", "2147483647", "99999999"])
def test_a_placeholder_far_from_all_numbers_that_repeats_is_missing_and_said(columns, placeholder):
    incomes = [str(13000 + 131 * n) for n in range(60)]
    customers, found, said = columns(income=[*incomes, placeholder, placeholder, placeholder])
    assert found.kinds["income"] == "number"
    assert f"{placeholder.removesuffix('.00')} (3) taken as missing" in said
    numbers = customers.select(delivered_numbers(found.kinds, JUNE, found.missing).alias("n")).collect()
    assert sum("income" in row.n for row in numbers) == 60


def test_values_that_lie_near_or_stand_alone_are_no_placeholders(columns):
    ages = [str(n) for n in range(18, 95)]
    _, found, said = columns(age=[*ages, "99", "99", "99"], income=[str(100 * n) for n in range(1, 80)] + ["999999"])
    assert found.missing == {} and "taken as missing" not in said


def test_a_negative_that_may_stand_for_nothing_is_named_with_the_key_that_settles_it(columns):
    ages = [*(str(n) for n in range(18, 95)), "-1", "-1"]
    _, found, said = columns(age=ages)
    assert found.missing == {} and "-1 (2) is taken as a value; profile.missing: {age: ['-1']} makes it missing" in said
    customers, found, _ = columns(ProfileParams(missing={"age": ("-1",)}), age=ages)
    numbers = customers.select(delivered_numbers(found.kinds, JUNE, found.missing).alias("n")).collect()
    assert sum("age" in row.n for row in numbers) == 77


def test_a_category_loses_what_nobody_means_and_the_rest_is_named(columns):
    customers, found, said = columns(country=["DE", "NA", "NULL", "\\N", "GR", "NA"])
    assert "profile column country: NULL" not in said and "null (1)" in said
    assert "na (2) is taken as a value; profile.missing: {country: ['na']} makes it missing" in said
    values = [row.c for row in customers.select(delivered_categories(found.kinds, found.missing).alias("c")).collect()]
    assert values == [{"country": "DE"}, {"country": "NA"}, {}, {}, {"country": "GR"}, {"country": "NA"}]


def test_numbers_and_dates_in_another_form_are_named_with_the_key_that_reads_them(columns):
    days = [f"{n:02}/01/1990" for n in range(1, 29)]
    _, found, said = columns(
        income=[f"{n}.000,5" for n in range(1, 20)],
        fee=["12", *(f"{n},000.5" for n in range(1, 20))],
        born=days,
        country=["DE", "GR", "1,5"],
    )
    assert set(found.kinds.values()) == {"category"}
    like = "values look like numbers; files.formats:"
    assert f"column income: no number, though 19 of 19 {like} {{income: decimal_comma}} reads them" in said
    assert f"column fee: no number, though 19 of 20 {like} {{fee: decimal_point}} reads them" in said
    assert "column born: no date, though its values look like 99/99/9999; files.formats: {born: dd/MM/yyyy}" in said
    assert "column country" not in said


@pytest.mark.parametrize("placeholder", ["9999-12-31", "9999-12-31 00:00:00", "1900-01-01T00:00:00.000000Z"])
def test_days_that_stand_for_nothing_are_missing_among_dates_and_said(columns, placeholder):
    customers, found, said = columns(left=[*(f"2001-02-{n:02}" for n in range(1, 29)), placeholder])
    assert found.kinds["left"] == "date" and f"{placeholder[:10]} (1) taken as missing" in said
    numbers = customers.select(delivered_numbers(found.kinds, JUNE, found.missing).alias("n")).collect()
    assert sum("left" in row.n for row in numbers) == 28


def test_values_that_a_number_column_cannot_hold_are_counted(columns):
    _, found, said = columns(age=[*(str(n % 70) for n in range(99)), "unbekannt"])
    assert found.kinds["age"] == "number"
    assert "column age: 1 of 100 values are no number and count as missing" in said


def test_no_column_becomes_a_category_or_is_ignored_without_a_word(columns):
    mixed = [*(str(n) for n in range(40)), *["P"] * 10]
    _, found, said = columns(ProfileParams(most_values=60), mixed=mixed, name=[f"name {n}" for n in range(200)])
    assert found.kinds == {"mixed": "category", "name": "ignore"}
    assert "profile column mixed: a category, though 40 of 50 values are numbers or dates" in said
    assert "profile column name: ignored, about" in said
