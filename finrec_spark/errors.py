"""What can go wrong, each with the exit code that a job ends with.

A message is one line that says what is wrong, where, and what to do.
"""


class FinrecError(Exception):
    """Anything that a job reports to its user in one line."""

    exit_code = 1


class ConfigError(FinrecError):
    """A wrong option or configuration file."""

    exit_code = 2


class InputMissing(FinrecError):
    """A file, table or month that a job reads is not there."""

    exit_code = 3


class ModelNotFound(InputMissing):
    """A model was not trained for the month that a job scores."""


class SchemaError(FinrecError):
    """A table's columns are not those that it was declared with."""


class DataQualityError(FinrecError):
    """A quality gate said no: nothing was published."""

    exit_code = 4


class FeedError(FinrecError):
    """Training data cannot be written or read whole: rows are missing, doubled, unreadable or out of range."""


class TrainingError(FinrecError):
    """A training ended without weights: a loss that is no number, or a process that died."""
