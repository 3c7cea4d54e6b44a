"""The YAML configuration as plain values, and what spark-submit.sh needs of it: Spark's properties, Python's extras.

Some models and jobs need more than the others, such as Spark NLP's jar: ``needs`` names it, and it counts where the
model is among ``models`` or the job is the one that runs.

Kept apart from ``config``: the submit script reads it before each start, so it imports little.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from finrec_spark.errors import ConfigError, FinrecError
from finrec_spark.strict_yaml import parse_yaml

Values = dict[str, Any]

_JOINED = ("spark.jars.packages", "spark.jars.excludes", "spark.jars.repositories", "spark.jars")


def read_values(path: Path) -> Values:
    """A configuration file laid over the ``base.yaml`` beside it, mappings merged key by key.

    Raises:
        ConfigError: the file is missing, is not YAML, or is not a mapping.
    """
    base = path.with_name("base.yaml")
    values = read_yaml(path)
    return values if path == base or not base.exists() else merged(read_yaml(base), values)


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
    """The ``spark`` section and what its models need, values as Spark writes them (true, not True).

    Lists of packages are joined; of other properties the ``spark`` section has the last word. Null sets nothing, so it
    drops what ``base.yaml`` sets.

    >>> needs = {"gru": {"spark": {"spark.jars.packages": "b:b:1", "spark.x": 1}}}
    >>> values = {"spark": {"spark.jars.packages": "a:a:1", "spark.y": True}, "needs": needs}
    >>> spark_properties({**values, "models": ["als"]})
    {'spark.jars.packages': 'a:a:1', 'spark.y': 'true'}
    >>> spark_properties({**values, "models": ["als", "gru"]})
    {'spark.jars.packages': 'a:a:1,b:b:1', 'spark.y': 'true', 'spark.x': '1'}
    >>> spark_properties({"spark": {"spark.jars.packages": None, "spark.y": True}})
    {'spark.y': 'true'}
    """
    properties = _section_properties(values)
    for need in _needs(values):
        for name, value in _section_properties(need).items():
            both = name in properties and name in _JOINED
            properties.setdefault(name, value)
            if both:
                properties[name] += f",{value}"
    return properties


def _section_properties(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _as_text(value) for name, value in _mapping(values, "spark").items() if value is not None}


def extras(values: Mapping[str, Any], job: str = "") -> list[str]:
    """Extras of setup.py that the models and the job need.

    >>> needs = {"gru": {"extras": ["training", "nlp"]}}
    >>> extras({"models": ["als"], "needs": needs}), extras({"models": ["gru"], "needs": needs})
    ([], ['nlp', 'training'])
    >>> extras({"models": ["als"], "needs": {"tune": {"extras": ["tuning"]}}}, "tune")
    ['tuning']
    """
    return sorted({str(extra) for need in _needs(values, job) for extra in need.get("extras") or ()})


def _needs(values: Mapping[str, Any], job: str = "") -> list[Mapping[str, Any]]:
    needs, models = _mapping(values, "needs"), values.get("models") or ()
    return [_mapping(needs, name) for name in needs if name in models or name == job]


def _mapping(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name) or {}
    if not isinstance(section, Mapping):
        raise ConfigError(f"{name}: expected a mapping, found {type(section).__name__}")
    return section


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_yaml(path: Path) -> Values:
    """The mapping that a YAML file holds; an empty file is an empty one.

    Raises:
        ConfigError: it is missing, is not YAML, has a key twice, or is not a mapping.
    """
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give --conf an existing YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected a mapping at the top, found {type(values).__name__}")
    return values


def _require_base(path: Path) -> None:
    """A job that is submitted needs Delta, the session's time zone and what else holds everywhere."""
    if not path.with_name("base.yaml").exists():
        raise ConfigError(f"{path}: there is no base.yaml beside it; copy conf/base.yaml there, or use conf/")


def main(argv: list[str]) -> int:
    """Print the extras (a comment) and Spark properties of the file in ``argv``, one ``name value`` a line.

    The job's name may follow the file.
    """
    try:
        values = read_values(Path(argv[0]))
        _require_base(Path(argv[0]))
        properties, needed = spark_properties(values), extras(values, *argv[1:2])
    except FinrecError as error:
        print(f"finrec_spark: {error}", file=sys.stderr)
        return error.exit_code
    if needed:
        print("# extras:", *needed)
    for name, value in properties.items():
        print(name, value)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
