"""YAML as people write it by hand: a key that stands twice is a fault, not an override."""

from typing import Any

import yaml


def parse_yaml(text: str) -> Any:
    """What the text holds: mappings, lists and plain values.

    Raises:
        yaml.YAMLError: it is not YAML, or a key stands twice in one mapping: the first would be lost without a word.
    """
    return yaml.load(text, Loader=_Loader)


class _Loader(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """The mapping, whose keys are all different."""
        node = super().compose_mapping_node(anchor)
        known: set[tuple[str, str]] = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in known:
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: key {key.value} stands twice; keep one")
            known.add(name)
        return node
