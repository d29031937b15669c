"""What is not as promised in a store and in the folders of its runs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import mlflow
import numpy as np
import yaml
from mlflow.entities import LoggedModelStatus, Run
from pyarrow import parquet

SWEEP_KEY, PARENT, FINGERPRINT = "sweep.key", "mlflow.parentRunId", "fingerprint"
PNG_END = b"IEND\xaeB`\x82"


def store_of(folder: Path) -> str:
    """The address of the store of commands that were started in a folder."""
    return f"sqlite:///{folder / 'outputs' / 'mlflow.db'}"


def runs_of(folder: Path, uri: str | None = None) -> list[Run]:
    """All runs and parents; none where there is no store yet."""
    if uri is None and not (folder / "outputs" / "mlflow.db").exists():
        return []
    client = mlflow.MlflowClient(uri or store_of(folder))
    found = client.search_experiments(filter_string="name = 'imbalance-runner'")
    return [run for each in found for run in client.search_runs([each.experiment_id], max_results=1000)]


def parents(folder: Path) -> list[Run]:
    """The sweeps that have a parent run."""
    return [run for run in runs_of(folder) if SWEEP_KEY in run.data.tags]


def metrics_of(folder: Path) -> dict[str, dict[str, float]]:
    """The final metrics of each finished run, by fingerprint; no times."""
    return {
        run.data.tags[FINGERPRINT]: {
            name: value for name, value in run.data.metrics.items() if not name.startswith(("wall_seconds", "system"))
        }
        for run in runs_of(folder)
        if FINGERPRINT in run.data.tags and run.info.status == "FINISHED"
    }


def differences(expected: Mapping[str, Mapping[str, float]], found: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Runs whose metrics are other than expected, in any digit."""
    odd = [mark for mark, metrics in expected.items() if str(sorted(metrics.items())) != _text(found.get(mark))]
    return [f"metrics of {len(odd)} of {len(expected)} runs differ"] if odd else []


def _text(metrics: Mapping[str, float] | None) -> str:
    return str(sorted((metrics or {}).items()))


def open_runs(folder: Path) -> list[str]:
    """Runs that are RUNNING though nothing runs."""
    found = [f"{run.info.run_name} is RUNNING" for run in runs_of(folder) if run.info.status == "RUNNING"]
    return [f"{len(found)} RUNNING"] if found else []


def wrong(folder: Path, runs: int, uri: str | None = None, sweeps: int = 1) -> list[str]:
    """All that is not as promised once a command has ended well.

    Args:
        folder: it was started in.
        runs: that there should be.
        uri: of the store, if it is not the folder's own.
        sweeps: that were started.
    """
    found = runs_of(folder, uri)
    children = [run for run in found if SWEEP_KEY not in run.data.tags]
    done = [run for run in children if run.info.status == "FINISHED"]
    problems = open_runs(folder) if uri is None else []
    marks = Counter((run.data.tags.get(PARENT), run.data.tags.get(FINGERPRINT)) for run in done)
    if len(done) != runs:
        problems.append(f"{len(done)} FINISHED, not {runs}")
    if twice := [mark for mark, count in marks.items() if count > 1]:
        problems.append(f"{len(twice)} runs FINISHED twice")
    over = [run for run in found if SWEEP_KEY in run.data.tags]
    problems += [f"a parent is {run.info.status}" for run in over if run.info.status != "FINISHED"]
    if over and len(over) != sweeps:
        problems.append(f"{len(over)} parents, not {sweeps}")
    client = mlflow.MlflowClient(uri or store_of(folder))
    for parent in over:
        problems += _models(client, [run for run in done if run.data.tags.get(PARENT) == parent.info.run_id])
    problems += _unready(client, found)
    return problems + torn_files(folder, unfinished(folder, uri))


def unfinished(folder: Path, uri: str | None = None) -> set[str]:
    """The ids of runs that did not end well, whose artifacts may be incomplete."""
    return {run.info.run_id for run in runs_of(folder, uri) if run.info.status != "FINISHED"}


def _models(client: mlflow.MlflowClient, runs: list[Run]) -> list[str]:
    """A sweep keeps a model and figures of some runs: those that have one have all of it."""
    with_model = [run for run in runs if run.outputs and run.outputs.model_outputs]
    with_figures = {run.info.run_id: client.list_artifacts(run.info.run_id, "figures") for run in runs}
    counts = {len(found) for found in with_figures.values() if found}
    problems = [] if with_model or not runs else ["no model of any run"]
    problems += [] if counts or not runs else ["no figures of any run"]
    return problems + ([f"figures of runs are {sorted(counts)} in number"] if len(counts) > 1 else [])


def _unready(client: mlflow.MlflowClient, runs: list[Run]) -> list[str]:
    experiments = list({run.info.experiment_id for run in runs})
    models = client.search_logged_models(experiments) if experiments else []
    unready = [model for model in models if model.status != LoggedModelStatus.READY]
    return [f"{len(unready)} models are not READY"] if unready else []


def torn_files(folder: Path, incomplete: Set[str]) -> list[str]:
    """Files that cannot be read to their end, in folders of runs and among the artifacts of finished ones."""
    torn = [
        str(path.relative_to(folder))
        for path in _files(folder)
        if not incomplete & set(path.parts) and not _whole(path)
    ]
    return [f"torn: {', '.join(torn[:3])}{f' and {len(torn) - 3} more' if len(torn) > 3 else ''}"] if torn else []


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in (folder / "outputs").rglob("*") if path.is_file())


def _whole(path: Path) -> bool:
    """Whether a file of a kind that is known is complete."""
    try:
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".png":
            return path.read_bytes().endswith(PNG_END)
        elif path.suffix == ".html":
            return path.read_text().rstrip().endswith("</html>")
        elif path.suffix in (".yaml", ".yml") or path.name == "MLmodel":
            return yaml.safe_load(path.read_text()) is not None
        elif path.suffix == ".npz":
            with np.load(path) as arrays:
                return all(arrays[name] is not None for name in arrays.files)
        elif path.suffix == ".parquet":
            parquet.read_table(path)
        elif path.suffix in (".keras", ".joblib", ".md", ".csv"):
            return path.stat().st_size > 0
    except Exception:  # every reader fails in its own words
        return False
    return True


def tracebacks(said: str) -> list[str]:
    """Tracebacks among what was said."""
    count = len(re.findall("^Traceback", said, re.MULTILINE))
    return [f"{count} tracebacks: {_last_error(said)}"] if count else []


def _last_error(said: str) -> str:
    lines = re.findall(r"^\w[\w.]*(?:Error|Exception|Interrupt)\b.*", said, re.MULTILINE)
    return lines[-1][:150] if lines else ""


def says_disk(said: str) -> list[str]:
    """Whether the user was told that the disk is full."""
    told = re.search(r"^error: .*(No space left on device|disk is full|disk I/O)", said, re.MULTILINE)
    return [] if told else [f"no line names the disk: {said[-200:]}"]
