"""A rule's SQL, held against what a rule may do: read the fields of one option, compare, and nothing else.

Parsed by sqlglot, so that no table, file, subquery, function with an effect or draw by chance gets as far as Spark;
then typed by Spark itself on no rows. What it names and nobody has is noted while options are judged.
"""

from collections.abc import Iterable, Iterator, Mapping

import sqlglot
from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType
from sqlglot import exp

from finrec_spark.campaigns.policy.fields import FIELDS, FIELDS_DDL
from finrec_spark.errors import ConfigError

_PLAIN: tuple[type[exp.Expr], ...] = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Bracket, exp.Paren, exp.Interval, exp.Var),
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In),
    *(exp.Between, exp.Like, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod),
    *(exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType),
)  # fmt: skip
_FUNCTIONS: tuple[type[exp.Expr], ...] = (
    *(exp.Coalesce, exp.Nullif, exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Concat, exp.Substring, exp.RegexpLike),
    *(exp.StartsWith, exp.EndsWith, exp.RegexpSplit, exp.ArrayContains, exp.Abs, exp.Round, exp.Greatest, exp.Least),
    *(exp.Year, exp.Month, exp.DateDiff, exp.DateAdd, exp.AddMonths, exp.MonthsBetween, exp.TsOrDsToDate),
)  # fmt: skip
"""Functions of the row alone, as sqlglot knows them by their Spark names."""

_NAMES = frozenset(field.name for field in FIELDS)


def require_sound(spark: SparkSession, conditions: Mapping[str, str]) -> None:
    """Nothing, where each is a condition over the fields of an option.

    Args:
        conditions: SQL, by what an error calls it, such as ``rule owned``.

    Raises:
        ConfigError: one line that names every one that is not, and why.
    """
    faults = [f"{name} {fault}" for name, condition in conditions.items() for fault in _faults(spark, condition)]
    if faults:
        raise ConfigError(f"campaign: {'; '.join(faults)}")


def _faults(spark: SparkSession, condition: str) -> list[str]:
    return list(condition_faults(condition)) or list(_type_faults(spark, condition))


def condition_faults(condition: str) -> Iterator[str]:
    """What in the SQL a rule may not do, a phrase each.

    >>> list(condition_faults("category = 'loan' and touches > 2"))
    []
    >>> list(condition_faults("customer_id = 'C1' or rand() < .1 or reflect('java.lang.System', 'exit')"))
    ['reads customer_id, which is no field of an option', 'RAND is not allowed', 'REFLECT is not allowed']
    """
    try:
        parsed = sqlglot.parse(condition, read="spark")
    except sqlglot.errors.SqlglotError as error:
        yield f"is not SQL ({str(error).splitlines()[0]})"
        return
    if len(parsed) != 1 or parsed[0] is None:
        yield "is not one condition"
        return
    yield from dict.fromkeys(fault for node in parsed[0].walk(bfs=False) for fault in _node_faults(node))


def profile_columns(condition: str) -> tuple[str, ...]:
    """The profile columns that a sound condition names, in order.

    >>> profile_columns("lower(profile['status']) = 'closed' or profile['age'] < attributes['min_age']")
    ('age', 'status')
    """
    read = (node for node in sqlglot.parse_one(condition, read="spark").find_all(exp.Bracket))
    keys = (key for node in read if node.this.name == "profile" for key in node.expressions)
    return tuple(sorted({key.name for key in keys if key.is_string}))


def observing_profile(options: DataFrame, conditions: Iterable[str], seen: Observation) -> DataFrame:
    """The options; ``seen`` notes as they are read whether any has each of the profile columns that is named.

    Args:
        conditions: sound ones.
        seen: holds column → true or false; null where there were no options.
    """
    names = sorted({name for condition in conditions for name in profile_columns(condition)})
    has = [F.max(F.col("profile")[F.lit(name)].isNotNull()).alias(name) for name in names]
    return options.observe(seen, *has) if has else options


def columns_nobody_has(conditions: Mapping[str, str], seen: Observation) -> Iterator[str]:
    """A line for each condition that names profile columns that no option had.

    Args:
        conditions: SQL, by what the line calls it, such as ``rule owned``.
        seen: of ``observing_profile``, whose options were read.
    """
    if not any(map(profile_columns, conditions.values())):
        return
    found = seen.get
    for name, condition in conditions.items():
        missing = [column for column in profile_columns(condition) if found[column] is False]
        if missing:
            yield f"{name} reads {', '.join(missing)}, which no customer has: that part of it has no effect"


def _node_faults(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Column):
        if node.table or node.name not in _NAMES:
            yield f"reads {node.sql(dialect='spark')}, which is no field of an option"
    elif not isinstance(node, (*_PLAIN, *_FUNCTIONS)):
        yield f"{_written(node)} is not allowed"


def _written(node: exp.Expr) -> str:
    return (node.name if isinstance(node, exp.Anonymous) else node.key).upper()


def _type_faults(spark: SparkSession, condition: str) -> Iterator[str]:
    try:
        found = spark.createDataFrame([], FIELDS_DDL).select(F.expr(condition)).schema[0].dataType
    except (AnalysisException, ParseException) as error:
        yield " ".join(str(error.desc if hasattr(error, "desc") else error).split())[:200]
        return
    if found != BooleanType():
        yield f"is a {found.simpleString()} and no condition"
