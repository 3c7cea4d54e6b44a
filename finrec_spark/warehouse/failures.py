"""What goes wrong in the lake → one line that says what to do."""

import re

from finrec_spark.errors import ConfigError, FinrecError

_UNWRITABLE = "the lake's folder cannot be written; give --lake one that can"
_A_FILE = "the lake's path is a file; give --lake a folder"
_OTHER_RUN = "another run wrote it at the same time; run again when that one has ended"
_REASONS: tuple[tuple[str, type[FinrecError], str], ...] = (
    ("Mkdirs failed", ConfigError, _UNWRITABLE),
    ("AccessControlException", ConfigError, _UNWRITABLE),
    ("Permission denied", ConfigError, _UNWRITABLE),
    ("ParentNotDirectoryException", ConfigError, _A_FILE),
    ("Not a directory", ConfigError, _A_FILE),
    ("Could not create local directory", ConfigError, _UNWRITABLE),
    ("No space left on device", FinrecError, "the disk is full; free some space and run again"),
    ("a concurrent transaction", FinrecError, _OTHER_RUN),
    ("Failed to commit transaction: 0", FinrecError, _OTHER_RUN),  # the version that was to be written is there
    ("table already exists", FinrecError, _OTHER_RUN),
)
_UNREACHABLE = re.compile(r"Generic \w+ error|operation lacked (?:the necessary privileges|valid authentication)")
_ARROW = re.compile(r"\x1b\[\d+m|↳")
_ADDRESS = re.compile(r"\S+://\S+")


def known_failure(text: str, place: str) -> FinrecError | None:
    """The error that a user is told; None where it is none that is known.

    Args:
        text: what the store, Spark or delta-rs said; it may quote rows and addresses, and neither is told.
        place: the table and where it lies.
    """
    for sign, kind, remedy in _REASONS:
        if sign in text:
            return kind(f"{place}: {remedy}")
    if _UNREACHABLE.search(text):
        remedy = "check the lake's address, credentials and endpoint"
        return ConfigError(f"{place} cannot be reached: {remedy} ({_cause(text)})")
    return None


def _cause(text: str) -> str:
    """What the store says first and last, in between of which it tells how often it tried.

    >>> _cause("Generic S3 error\\n  Error performing GET http://a/b?sig=s\\n  Connection refused (os error 111)")
    'Generic S3 error … Connection refused (os error 111)'
    >>> _cause("Generic S3 error: GET http://a/b?sig=s failed")
    'Generic S3 error: GET … failed'
    """
    lines = [_ADDRESS.sub("…", line).strip() for line in _ARROW.sub("", text).strip().splitlines()]
    return " … ".join(dict.fromkeys((lines[0], lines[-1])))
