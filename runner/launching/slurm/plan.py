"""Which jobs each task of a Slurm array runs: one file in the sweep's folder, written before anything is submitted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from runner.launching.jobs import Jobs
from runner.writing.whole_files import write_text
from runner.writing.wording import without_password

FILE = "plan.json"


def write_plan(folder: Path, tasks: Sequence[Jobs]) -> None:
    """Writes the plan into a folder, which is made; the place of a task is its number in the array."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"task": place, "jobs": dict(jobs)}) for place, jobs in enumerate(tasks)]
    write_text(folder / FILE, "[" + ",\n ".join(lines) + "]\n")


def hide_passwords(folder: Path) -> None:
    """Masks the passwords of addresses in a plan that no task needs any more."""
    text = (folder / FILE).read_text(encoding="utf-8")
    write_text(folder / FILE, without_password(text))


def planned_jobs(folder: Path, task: int) -> Jobs:
    """The jobs of a task: each one's number and overrides."""
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return [(int(number), overrides) for number, overrides in content[task]["jobs"].items()]
