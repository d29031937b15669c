"""A user's own configs, `--config-dir` and `hydra.searchpath`: those that Hydra would pass over without a word.

Hydra reads the first file of a name: ours, then those of `--config-dir`, then those of `hydra.searchpath` in its order.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from runner.config.options import CONF
from runner.errors import InputError
from runner.writing.wording import hydra_value, typed

CONFIG_DIR = ("--config-dir", "-cd")
CONFIG_PATH = ("--config-path", "-cp")
SEARCH_PATH = "hydra.searchpath"


def check_config_dir(arguments: Sequence[str]) -> list[str]:
    """Refuses a file of the user's that has the place of another one and says something else.

    Args:
        arguments: of the command line.

    Returns:
        A sentence for each file that has the place of one of ours but for the folder that it is in.

    Raises:
        InputError: names the file, or a folder that is not there, and what to do.
    """
    folders = [*_config_dirs(arguments), *_search_path(arguments)]
    ours = {} if _values_of(arguments, CONFIG_PATH) else {_place(path, CONF): path for path in CONF.rglob("*.yaml")}
    first = dict(ours)
    misplaced = []
    for folder in folders:
        files = _configs(folder)
        for own in files:
            place = _place(own, folder)
            if place in ours and (own.suffix == ".yml" or own.read_bytes() != ours[place].read_bytes()):
                raise InputError(_in_the_place_of_ours(own, folder, place))
            if own.suffix == ".yml":  # Hydra has no such option, and says so where it is chosen
                continue
            there = first.setdefault(place, own)
            if there.read_bytes() != own.read_bytes():
                raise InputError(f"{own} would be passed over, as {there} is read first: give one another name")
        misplaced += _misplaced(folder, files, ours)
    return misplaced


def _in_the_place_of_ours(own: Path, folder: Path, place: Path) -> str:
    if own.suffix == ".yml":
        return f"{own} would be passed over, as the names of configs end in .yaml: rename it, and not to {place}"
    if len(place.parts) == 1:
        return (
            f"{own} would be passed over, as the runner has a {place} of its own: make it "
            f"{folder / 'experiment' / 'NAME.yaml'}, begin it with `# @package _global_`, and choose it by "
            "experiment=NAME"
        )
    return (
        f"{own} would be passed over, as the runner has an option {'/'.join(place.parts[:-1])}={place.stem} of its "
        "own: give yours another name"
    )


def _configs(folder: Path) -> list[Path]:
    """The configs in a folder and below it, but for hidden folders."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith(".")]
        found += [Path(place, name) for name in names if name.endswith((".yaml", ".yml"))]
    return sorted(found)


def _misplaced(folder: Path, files: Iterable[Path], ours: Mapping[Path, Path]) -> list[str]:
    """Files such as `conf/loss/focal.yaml`, which would have the place of one of ours in a folder further down.

    Whether they are meant cannot be known: the folder may be a whole project's.
    """
    groups = {place.parts[0] for place in ours if len(place.parts) > 1}
    found = []
    for own in files:
        parts = own.relative_to(folder).parts
        if parts[0] in groups:
            continue
        for start in range(1, len(parts) - 1):
            there = ours.get(Path(*parts[start:]))
            if there is not None and there.read_bytes() != own.read_bytes():
                found.append(
                    f"{own} is not read, as it is too deep in {folder}: if it is meant, give it another name, and "
                    f"{typed('--config-dir', str(folder.joinpath(*parts[:start])))}"
                )
    return found


def _place(path: Path, folder: Path) -> Path:
    return path.relative_to(folder).with_suffix(".yaml")


def _config_dirs(arguments: Sequence[str]) -> list[Path]:
    given = _values_of(arguments, CONFIG_DIR)
    if len(given) > 1:
        rest = f"{SEARCH_PATH}=[{','.join(hydra_value(str(Path(each).absolute())) for each in given[:-1])}]"
        raise InputError(f"{CONFIG_DIR[0]} is given more than once, and one is read: for others write {typed(rest)}")
    return [Path(each) for each in given if each]


def _search_path(arguments: Sequence[str]) -> list[Path]:
    """The folders of `hydra.searchpath`, as the command line has it.

    Raises:
        InputError: one is not there.
    """
    given = [word for word in arguments if word.lstrip("+").startswith(f"{SEARCH_PATH}=")]
    try:
        values = OverridesParser.create().parse_override(given[-1]).value() if given else []
    except HydraException:  # which says so itself
        return []
    found = []
    for each in values if isinstance(values, list) else []:
        folder = _folder_of(str(each))
        if folder is None or not folder.is_dir():
            raise InputError(f"{SEARCH_PATH}: {each} is not there, from {Path.cwd()}")
        found.append(folder)
    return found


def _folder_of(entry: str) -> Path | None:
    """The folder of `file://PATH`, `pkg://MODULE` or a path; None for a module that is not there."""
    scheme, separator, name = entry.rpartition("://")
    if not separator or scheme == "file":
        return Path(name)
    if scheme != "pkg":
        return None
    try:
        spec = importlib.util.find_spec(name.replace("/", "."))
    except ImportError:
        return None
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _values_of(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """The values that the command line gives an option, whose long name it may cut short."""
    found = []
    for word, following in zip_longest(arguments, arguments[1:], fillvalue=""):
        name, equals, value = word.partition("=")
        cut_short = len(name) > len("--config-") and options[0].startswith(name)
        if name in options or cut_short:
            found.append(value if equals else following)
    return found
