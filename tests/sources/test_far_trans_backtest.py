from datetime import date

import pytest

from finrec_spark.errors import InputMissing
from finrec_spark.sources.far_trans_backtest import read_backtest_files

FILES = {
    "backtest_splits.csv": "split,time_point,test_end\n0,2019-08-01,2020-01-14\n1,soon,2020-01-27\n",
    "backtest_test_pairs.csv": "split,customerID,ISIN\n0,ann,A1\n",
    "approximate_first_buys.csv": "customerID,ISIN,first_buy_before_or_on\nbob,B2,2019-08-14\n",
}


def write(directory, files):
    for name, content in files.items():
        (directory / name).write_text(content)
    return str(directory)


def test_the_files_are_read_by_name_and_typed(spark, tmp_path):
    files = read_backtest_files(spark, write(tmp_path, FILES))
    assert [tuple(row) for row in files.dates.collect()] == [(0, date(2019, 8, 1)), (1, None)]
    assert [tuple(row) for row in files.test_pairs.collect()] == [(0, "ann", "A1")]
    assert [tuple(row) for row in files.approximate.collect()] == [("bob", "B2")]


def test_a_missing_file_is_named(spark, tmp_path):
    without = {name: content for name, content in FILES.items() if "approximate" not in name}
    with pytest.raises(InputMissing, match=r"lacks approximate_first_buys\.csv"):
        read_backtest_files(spark, write(tmp_path, without))
