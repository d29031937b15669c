"""A job's `.hydra/config.yaml`, `hydra.yaml` and `overrides.yaml`, byte for byte as Hydra writes them, but quickly.

The jobs of a sweep have nearly all lines in common. So each entry is rendered on its own, by OmegaConf, where it
stands, and its text is kept for the next job: in YAML's block style, an entry's text depends on its depth alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from runner.wording import without_password

PLAIN = (str, int, float, bool, bytes, type(None))  # of these, YAML never makes an anchor
SIMPLE_KEY = re.compile(r"[A-Za-z_]\w{0,60}")
WIDTH = 80  # of a line, where YAML begins to break texts
MAX_TEXTS = 20_000  # that are kept, of about 0.1 KB each


class HydraFiles:
    """Writes jobs' files, and keeps the texts that they have in common: keep one for a sweep."""

    def __init__(self) -> None:
        self._texts: dict[tuple[int, str], str] = {}

    def write(self, config: DictConfig, folder: Path) -> None:
        """Writes the three files that `hydra.core.utils.run_job` writes for a job, but for passwords in addresses.

        Args:
            config: the job's, with its `hydra` node, in which `hydra.runtime.output_dir` is set.
            folder: `hydra.runtime.output_dir` / `hydra.output_subdir`; made if it is not there.
        """
        task: Any = OmegaConf.to_container(config, enum_to_str=True)
        hydra = {"hydra": task.pop("hydra")}
        overrides = hydra["hydra"]["overrides"]["task"]
        folder.mkdir(parents=True, exist_ok=True)
        for name, part in (("config", task), ("hydra", hydra), ("overrides", overrides)):
            (folder / f"{name}.yaml").write_text(without_password(self._yaml(part)), encoding="utf-8")

    def _yaml(self, part: Any) -> str:
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
