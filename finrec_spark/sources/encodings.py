"""Bytes that are no UTF-8: noticed, named, never replaced."""

import codecs
import re
from collections.abc import Iterable

from charset_normalizer import from_bytes
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.sources.delivery import plain_reader

UTF_8 = "UTF-8"
UNDECODABLE = "undecodable line in "
"""What the error of a text that cannot be decoded says before the file."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_WIDE = ("utf-16", "utf-32")
_JAVA = {
    "utf-8": UTF_8,
    "utf-8-sig": UTF_8,
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32-le": "UTF-32LE",
    "utf-32-be": "UTF-32BE",
    "cp874": "x-windows-874",
    "cp932": "windows-31j",
    "cp949": "x-windows-949",
    "cp950": "x-windows-950",
    "mac-latin2": "x-MacCentralEurope",
    "mac-roman": "x-MacRoman",
}
"""Python's name → Java's, where Java has none of that name or means another encoding by it."""
_SAME = frozenset(
    "ascii big5 big5hkscs cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp437 cp775 cp850 cp852 cp855"
    " cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 euc_jp euc_kr gb18030 gb2312 gbk iso8859-1 iso8859-13"
    " iso8859-15 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 koi8-r shift_jis"
    " utf-16 utf-32".split()
)
"""Names by which Python and Java mean the same encoding."""
_WESTERN = "cp1252"
_USUAL = ("gb18030", "big5", "cp932", "euc_jp", "cp949", _WESTERN, "cp1250", "cp1251", "cp1253", "cp1254")
"""Encodings that a bank's tools write, as Python names them; rarer ones fit short texts by chance."""
_PREFERRED = ("gb18030", _WESTERN)
_SAMPLE = 200


def java_charset(name: str) -> str:
    """The encoding as Java knows it.

    Raises:
        LookupError: there is no such encoding, or not both know it.

    >>> java_charset("latin-1"), java_charset("utf8"), java_charset("UTF-16LE"), java_charset("cp932")
    ('iso8859-1', 'UTF-8', 'UTF-16LE', 'windows-31j')
    """
    known = codecs.lookup(name).name
    if known in _SAME:
        return known
    if known not in _JAVA:
        raise LookupError(f"Java has no encoding {name}")
    return _JAVA[known]


def is_wide(encoding: str) -> bool:
    """Whether an encoding writes a line end in more than one byte, so that its bytes cannot be cut into lines."""
    return codecs.lookup(encoding).name.startswith(_WIDE)


def head_text(head: bytes, file: str, table: str, encoding: str | None) -> str:
    """The beginning of a text file, without its byte order mark.

    Args:
        head: its first bytes; the last sign may be cut.
        file: where it lies, and ``table``, what it holds, for the error.
        encoding: as it was named; None: UTF-8.

    Raises:
        InputMissing: it is in another encoding, or in one that needs a byte order mark and has none.
    """
    wide = None if encoding else _wide_encoding(head)
    if wide:
        raise InputMissing(_told(file, table, UTF_8, 1, wide))
    named = encoding or UTF_8
    if codecs.lookup(named).name in _WIDE and not head.startswith(tuple(mark for mark, _ in _MARKS)):
        remedy = f"say which of both it is, files.encoding: {{{table}: {named}LE}} or {{{table}: {named}BE}}"
        raise InputMissing(f"{file} is {named} without a byte order mark: {remedy}")
    try:
        return codecs.getincrementaldecoder(named)("strict").decode(head).lstrip("\ufeff")
    except UnicodeError:
        lines = _LINE_END.split(head)
        bad = next(place for place, line in enumerate(lines, start=1) if not _can_decode(line, named))
        raise InputMissing(_told(file, table, named, bad, likely_encoding(lines))) from None


def decoded(raw: Column, encoding: str, file: Column) -> Column:
    """The text of bytes; the query fails with ``UNDECODABLE`` and the file where they are not in the encoding.

    Args:
        raw: a binary column, or a text one as Spark reads lines: their bytes, unseen.
    """
    text, is_whole = _text(raw.cast("binary"), encoding)
    failed = F.raise_error(F.concat(F.lit(UNDECODABLE), file)).cast("string")
    return F.when(is_whole, text).otherwise(failed)


def collect_undecodable(spark: SparkSession, file: str, table: str, encoding: str) -> str:
    """The line that tells of a file whose bytes are not in the encoding; some of its bad lines are looked at."""
    lines = plain_reader(spark).text(file).select(F.col("value").cast("binary"), F.monotonically_increasing_id())
    lines = lines.toDF("raw", "place")
    bad = lines.where(~_text(F.col("raw"), java_charset(encoding))[1]).orderBy("place").limit(_SAMPLE).collect()
    first = lines.where(F.col("place") < bad[0]["place"]).count() + 1 if bad else 1
    return _told(file, table, encoding, first, likely_encoding([bytes(row["raw"]) for row in bad]))


def likely_encoding(lines: Iterable[bytes]) -> str | None:
    """The encoding that the lines with other signs than ASCII's are most likely in; None where it cannot be told.

    Of those that fit as well, GB18030 comes first, and the one of Western Windows before others that read the same.

    >>> likely_encoding(["存款1号,安心稳健，随时可取".encode("gbk")])
    'GB18030'
    >>> likely_encoding(["P1,Sparbuch für Schüler".encode("latin-1")])
    'cp1252'
    """
    telling = b"\n".join(line for line in lines if not line.isascii())
    matches = list(from_bytes(telling, cp_isolation=list(_USUAL)))
    if not matches:
        return None
    best = max(match.coherence for match in matches)
    fitting = [match.encoding for match in matches if match.coherence == best]
    chosen = next((name for name in _PREFERRED if name in fitting), fitting[0])
    western = telling.decode(_WESTERN, "replace") == telling.decode(chosen, "replace")
    return "GB18030" if chosen == "gb18030" else _WESTERN if western else chosen


def _text(raw: Column, encoding: str) -> tuple[Column, Column]:
    """The bytes as text, and whether no sign was lost on the way."""
    if encoding == UTF_8:
        text = raw.cast("string")
        return text, F.encode(text, UTF_8) == raw
    text = F.decode(raw, encoding)
    return text, ~F.contains(text, F.lit("\ufffd"))


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 by its mark, or by as many zero bytes as ASCII's signs have there."""
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if marked or 4 * head.count(0) < len(head):
        return marked
    return "UTF-16LE" if head[1::2].count(0) > head[::2].count(0) else "UTF-16BE"


def _can_decode(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeError:
        return False
    return True


def _told(file: str, table: str, encoding: str, line: int, likely: str | None) -> str:
    remedy = f"say files.encoding: {{{table}: {likely or 'its encoding'}}}, or deliver {UTF_8}"
    looks = f"it looks like {likely}" if likely else "which one it is cannot be told"
    return f"{file} is not {encoding}, first at line {line}; {looks}: {remedy}"
