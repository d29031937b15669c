"""Sweeps of many runs: the fused launcher and the compiled trainer against what people use today, on one machine.

    python benchmarks/sweeps.py --save sweeps.json     # everything: about a quarter of an hour on two cores
    python benchmarks/sweeps.py training one           # some sections
    python benchmarks/sweeps.py --quick                # tiny, to see whether it runs at all; its numbers say nothing
    python benchmarks/sweeps.py --render sweeps.json   # the tables of a saved run as Markdown, for the README

Sections: `sweep` (whole sweeps, ours and the peers), `outside` (what a run of it costs beside training), `training`
(stacks alone, against JAX), `one` (one run), `rows` (one run on a million rows), `memory` (500 runs), `figure`.
`outside` and `figure` take their sweep from `sweep`, or from the file given by `--save` if it has one.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

# This tree's packages; `losses` is one, and not the benchmark in this file's folder, where Python looks first.
sys.path.insert(0, str(Path(__file__).parents[1]))

from rich.console import Console
from sweep_sides import drawing, memory, million, single, stacks, whole
from sweep_sides.processes import ROOT
from sweep_sides.tables import Texts, markdown, show
from sweep_sides.work import FULL, QUICK, Size

Numbers = dict[str, Any]

TABLES: dict[str, Callable[[Numbers], list[Texts]]] = {
    "sweep": whole.tables,
    "outside": whole.outside,
    "training": stacks.tables,
    "one": single.tables,
    "rows": million.tables,
    "memory": memory.tables,
    "figure": drawing.tables,
}


def measure(section: str, size: Size, arguments: argparse.Namespace, found: Numbers) -> Iterator[Numbers]:
    """A section's numbers so far, again and again; what other sections have found is at hand."""
    cores = len(os.sched_getaffinity(0))
    no_autolog = "what autolog does by hand, for it needs tensorboard, which is not installed"
    logged = no_autolog if importlib.util.find_spec("tensorboard") is None else "autolog"
    if section in ("outside", "figure") and "ours" not in found.get("sweep", {}):
        raise SystemExit(f"error: {section} needs the numbers of sweep: run `sweep {section}`, or --save with its file")
    sections: dict[str, Callable[[], Iterator[Numbers]]] = {
        "sweep": lambda: whole.measure(size, arguments.launcher, arguments.override, cores, logged),
        "outside": lambda: iter([found["sweep"]]),
        "training": lambda: stacks.measure(size),
        "one": lambda: single.measure(size),
        "rows": lambda: million.measure(size),
        "memory": lambda: memory.measure(size, arguments.launcher, arguments.override),
        "figure": lambda: drawing.measure(size, arguments.launcher, arguments.override, found["sweep"]),
    }
    return sections[section]()


def machine(size: Size) -> Numbers:
    """Where and with what these numbers were measured."""
    packages = ("tensorflow", "keras", "mlflow", "hydra-core")
    versions = {name: version(name) for name in packages}
    if importlib.util.find_spec("jax"):
        versions["jax"] = version("jax")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": platform.machine(),
        "date": time.strftime("%Y-%m-%d"),
        "versions": versions,
        "size": json.loads(json.dumps(asdict(size))),  # as it is read back
    }


def rendered(saved: Numbers) -> str:
    """Markdown of all that was saved."""
    where = saved["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    lines = [f"{where['cores']} {where['processor']} cores, {versions}, {where['date']}:", ""]
    return "\n".join(
        [*lines, *(markdown(each) for name in TABLES if name in saved for each in TABLES[name](saved[name]))]
    )


def keep(path: Path | None, found: Numbers) -> None:
    """Writes the numbers, and beside them the tables, whole or not at all."""
    if path is None:
        return
    for target, text in ((path, json.dumps(found, indent=1)), (path.with_suffix(".md"), rendered(found))):
        unfinished = target.with_name(target.name + ".part")
        unfinished.write_text(text)
        unfinished.replace(target)


def main(words: Sequence[str] | None = None) -> None:
    """Measures the sections that are asked for, prints and keeps each as it comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="section", help=f"of {', '.join(TABLES)}; none: all")
    parser.add_argument("--quick", action="store_true", help="tiny sizes")
    parser.add_argument("--launcher", default="fused", help="of our sweeps")
    parser.add_argument("--override", action="append", default=[], help="one more override of our sweeps; repeatable")
    parser.add_argument("--save", type=Path, metavar="FILE.json", help="keep numbers here, and tables in FILE.md")
    parser.add_argument("--render", type=Path, metavar="FILE.json", help="print saved numbers as Markdown, no more")
    parser.add_argument("--figure", type=Path, help="where it is drawn; docs/images/sweeps.png, with --quick nowhere")
    arguments = parser.parse_args(words)
    if arguments.render:
        print(rendered(json.loads(arguments.render.read_text())))
        return
    for section in arguments.sections:
        if section not in TABLES:
            parser.error(f"{section} is no section; there are {', '.join(TABLES)}")
    size = QUICK if arguments.quick else FULL
    picture = arguments.figure or (None if arguments.quick else ROOT / "docs" / "images" / "sweeps.png")
    save = arguments.save
    found: Numbers = json.loads(save.read_text()) if save and save.exists() else {}
    where = machine(size)
    if found and found["machine"]["size"] != where["size"]:
        parser.error(f"{save} holds numbers of another size (--quick?): choose another file")
    found["machine"] = where
    for section in arguments.sections or TABLES:
        begun = time.perf_counter()
        for numbers in measure(section, size, arguments, found):
            found[section] = numbers
            keep(save, found)
        for texts in TABLES[section](found[section]):
            show(texts)
        if section == "figure" and picture:
            drawing.draw(found[section], picture)
        Console().print(f"{section}: {time.perf_counter() - begun:.0f} s", style="dim")


if __name__ == "__main__":
    main()
