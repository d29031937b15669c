"""`runner monitor`: whether rows of today are as those of training, and what the model promised still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from runner import experiment, tracking
from runner.deployment.find_model import trained_run
from runner.deployment.monitor_checks import Check, ColumnDrift, checks, columns_drift
from runner.deployment.watched_rows import MonitorOptions, Seen, profile_of_model, seen_in
from runner.errors import InputError
from runner.experiment.resources import Resources
from runner.runs.folder import RunFolder
from runner.tracking import names
from runner.tracking.loaded_model import LoadedModel
from runner.writing.pages import page
from runner.writing.whole_files import write_text


@dataclass(frozen=True)
class Monitored:
    """What came of a file.

    Attributes:
        checks: what was asked.
        rows: of the file, in words.
        run_id: of the record; empty where there is none.
    """

    checks: Sequence[Check]
    rows: str
    run_id: str

    @property
    def holds(self) -> bool:
        """Whether the model may be used as before, as far as can be told."""
        return all(check.holds is not False for check in self.checks)


def check_monitoring(path: Path, report: Path, options: MonitorOptions) -> None:
    """Refuses what can be refused before a model is loaded.

    Raises:
        InputError: there is no such file, the report cannot be written there, or an option makes no sense.
    """
    options.check()
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if report.suffix.lower() not in (".html", ".htm") or not report.absolute().parent.is_dir() or report.is_dir():
        raise InputError(f"-o {report}: the report is an .html file in a folder that is there")


def monitor(model: LoadedModel, path: Path, report: Path, options: MonitorOptions, uri: str) -> Monitored:
    """Holds a file against what a model was trained on; writes a report, and a run under the one that made the model.

    Args:
        model: loaded.
        path: of a CSV or Parquet file with the model's columns.
        report: of an HTML file.
        options: what is looked at.
        uri: of the MLflow store.

    Raises:
        InputError: the model keeps no profile, or the file cannot be read; nothing is written.
        RunFailed: the record failed; the report is there.
    """
    profile = profile_of_model(model)
    seen = seen_in(model, path, options)
    columns = columns_drift(profile, seen, options)
    calibrated_at = profile.prevalence if model.prevalence is None else model.prevalence
    found = checks(profile, seen, columns, options, _training_rows(model, uri), calibrated_at)
    done = Monitored(found, _rows(seen), "")
    write_text(report, _html(model, path, done, columns))
    if not model.run_id:
        return done
    metrics = {key: value for check in found for key, value in check.metrics.items()}
    metrics |= {"monitor/rows": float(seen.rows), "monitor/holds": float(done.holds)}
    run_id = tracking.record_monitoring(uri, model, path, metrics, report, holds=done.holds)
    return Monitored(found, done.rows, run_id)


def _training_rows(model: LoadedModel, uri: str) -> pd.DataFrame | None:
    """The data that the model was trained on, if they are still there and what they were."""
    folder = Path(model.name)
    if model.run_id:
        run = trained_run(tracking.run_in_store(uri, model.run_id)[0], model.run_id)
        folder = Path("" if run is None else run.tags.get(names.FOLDER, ""))
    elif not (folder / RunFolder.FACTS).is_file():
        folder = folder.absolute().parent  # of a model's folder
    try:
        recorded = experiment.load(folder, Resources())
        if recorded is None or not recorded.data_unchanged:
            return None
        return recorded.dataset.features[list(model.columns)]
    except (InputError, OSError):
        return None


def _rows(seen: Seen) -> str:
    bad = f", {seen.bad:,} that could not be read" if seen.bad else ""
    labels = f", {seen.labelled:,} with labels" if seen.labelled else ", no labels"
    return f"{seen.rows:,} rows{labels}{bad}; the model calls {seen.called:,} positive"


def _html(model: LoadedModel, path: Path, done: Monitored, columns: Sequence[ColumnDrift]) -> str:
    return page(
        "runner.deployment",
        "monitor.html.j2",
        title=f"{model.name} on {path.name}",
        headline=headline(done),
        file=str(path),
        rows=done.rows,
        when=f"{datetime.now():%Y-%m-%d %H:%M}",
        checks=done.checks,
        columns=columns,
    )


def headline(done: Monitored) -> str:
    """The result in one sentence."""
    moved = [check.title for check in done.checks if check.holds is False]
    unknown = [check.title for check in done.checks if check.holds is None]
    not_known = f"; not known: {', '.join(unknown)}" if unknown else ""
    if moved:
        return f"Moved: {', '.join(moved)}{not_known}"
    return f"All that could be looked at is as it was in training{not_known}"
