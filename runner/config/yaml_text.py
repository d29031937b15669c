"""Configurations as YAML, byte for byte as OmegaConf writes them, but quickly.

The configurations of a sweep have nearly all lines in common. So each entry is rendered on its own, by OmegaConf, where
it stands, and its text is kept for the next one: in YAML's block style, an entry's text depends on its depth alone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf

PLAIN = (str, int, float, bool, bytes, type(None))  # of these, YAML never makes an anchor
SIMPLE_KEY = re.compile(r"[A-Za-z_]\w{0,60}")
WIDTH = 80  # of a line, where YAML begins to break texts
MAX_TEXTS = 20_000  # that are kept, of about 0.1 KB each


@functools.cache
def yaml_texts() -> YamlTexts:
    """The writer of this process; all that it keeps is what any other would write."""
    return YamlTexts()


class YamlTexts:
    """Writes YAML, and keeps the texts of entries."""

    def __init__(self) -> None:
        self._texts: dict[tuple[int, str], str] = {}

    def of(self, part: Any) -> str:
        """`OmegaConf.to_yaml(part)`, of a dictionary or a list."""
        if not part or not _is_plain(part):  # what is not plain may be rendered by its relation to other entries
            return OmegaConf.to_yaml(part)
        return self._block(part, 0) if isinstance(part, dict) else self._items(part, 0)

    def _block(self, entries: Mapping[Any, Any], depth: int) -> str:
        return "".join([self._entry(key, value, depth) for key, value in entries.items()])

    def _entry(self, key: Any, value: Any, depth: int) -> str:
        if type(value) in (dict, list) and value and type(key) is str and SIMPLE_KEY.fullmatch(key):
            own = self._text({key: None}, depth).removesuffix(" null\n") + "\n"
            return own + (self._block(value, depth + 1) if type(value) is dict else self._items(value, depth))
        return self._text({key: value}, depth)

    def _items(self, values: Sequence[Any], depth: int) -> str:
        """The items of a list that stands inside `depth` mappings and under a key: YAML does not indent it further."""
        return "".join([self._text([value], depth) for value in values])

    def _text(self, part: dict[Any, Any] | list[Any], depth: int) -> str:
        """A dictionary's only entry, or a list's only item, as OmegaConf writes it inside `depth` mappings."""
        known = depth, repr(part)
        text = self._texts.get(known)
        if text is None:
            if len(self._texts) >= MAX_TEXTS:
                self._texts.clear()
            text = self._texts[known] = _render(part, depth)
        return text


def _render(part: dict[Any, Any] | list[Any], depth: int) -> str:
    text = OmegaConf.to_yaml(part)
    if text.count("\n") == 1 and 2 * depth + len(text) <= WIDTH:  # inside mappings, it is broken no sooner than that
        return "  " * depth + text
    around: Any = part
    levels = depth + isinstance(part, list)
    for _ in range(levels):
        around = {"_": around}
    above = [f"{'  ' * level}_:\n" for level in range(levels)]
    return OmegaConf.to_yaml(around).removeprefix("".join(above))


def _is_plain(value: Any) -> bool:
    """Whether a value consists of nothing but dictionaries, lists and what `PLAIN` names."""
    if type(value) is dict:
        return all(type(key) in PLAIN and _is_plain(child) for key, child in value.items())
    if type(value) is list:
        return all(_is_plain(child) for child in value)
    return type(value) in PLAIN
