"""The YAML configuration as plain values, and its ``spark`` section as spark-submit's properties.

Kept apart from ``config``: the submit script reads it before each start, so it imports little.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from finrec_spark.errors import ConfigError, FinrecError

Values = dict[str, Any]


def read_values(path: Path) -> Values:
    """A configuration file laid over the ``base.yaml`` beside it, mappings merged key by key.

    Raises:
        ConfigError: the file is missing, is not YAML, or is not a mapping.
    """
    base = path.with_name("base.yaml")
    values = _read_yaml(path)
    return values if path == base or not base.exists() else merged(_read_yaml(base), values)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Values:
    """``over`` laid on ``under``; only mappings are merged, all else is replaced.

    >>> merged({"als": {"rank": 32, "alpha": 40}, "models": ["als"]}, {"als": {"rank": 16}})
    {'als': {'rank': 16, 'alpha': 40}, 'models': ['als']}
    """
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return result


def spark_properties(values: Mapping[str, Any]) -> dict[str, str]:
    """The ``spark`` section, values as Spark writes them (true, not True)."""
    section = values.get("spark") or {}
    if not isinstance(section, Mapping):
        raise ConfigError("spark: expected a mapping of Spark properties")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in section.items()}


def _read_yaml(path: Path) -> Values:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give --conf an existing YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected a mapping at the top, found {type(values).__name__}")
    return values


def main(argv: list[str]) -> int:
    """Print the Spark properties of the file in ``argv``, one ``name value`` a line."""
    try:
        properties = spark_properties(read_values(Path(argv[0])))
    except FinrecError as error:
        print(f"finrec_spark: {error}", file=sys.stderr)
        return error.exit_code
    for name, value in properties.items():
        print(name, value)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
