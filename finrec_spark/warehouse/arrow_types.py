"""Column types as ``tables`` declares them → Arrow's, as Spark would make them, without Spark."""

import re
from collections.abc import Iterator

import pyarrow as pa

_SIMPLE = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_NESTED = re.compile(r"(array|map|struct)<(.*)>")


def arrow_type(declared: str) -> pa.DataType:
    """The type.

    Raises:
        ValueError: no table declares such a one.

    >>> arrow_type("array<struct<code:string,weight:double>>")
    ListType(list<element: struct<code: string, weight: double>>)
    >>> arrow_type("map<string,decimal(18,2)>")
    MapType(map<string, decimal128(18, 2)>)
    """
    if declared in _SIMPLE:
        return _SIMPLE[declared]
    if decimal := _DECIMAL.fullmatch(declared):
        return pa.decimal128(*map(int, decimal.groups()))
    nested = _NESTED.fullmatch(declared)
    if nested is None:
        raise ValueError(f"{declared} is no type that a table may declare")
    kind, parts = nested[1], list(_parts(nested[2]))
    if kind == "array":
        return pa.list_(pa.field("element", arrow_type(parts[0])))
    if kind == "map":
        return pa.map_(*map(arrow_type, parts))
    return pa.struct([(name, arrow_type(of)) for name, _, of in (part.partition(":") for part in parts)])


def _parts(listed: str) -> Iterator[str]:
    """What commas part, those within brackets aside.

    >>> list(_parts("a:map<string,int>,b:decimal(18,2)"))
    ['a:map<string,int>', 'b:decimal(18,2)']
    """
    depth, start = 0, 0
    for place, sign in enumerate(listed):
        depth += (sign in "<(") - (sign in ">)")
        if sign == "," and depth == 0:
            yield listed[start:place]
            start = place + 1
    yield listed[start:]
