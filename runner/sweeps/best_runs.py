"""The best run of each variant on each dataset: its figures and its model, made when the sweep is over."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.experiment.resources import Cache
from runner.metrics import sign
from runner.runs.fingerprint import FINGERPRINT_TAG

if TYPE_CHECKING:
    from mlflow.entities import Run

    from runner.experiment.rebuild import Past
    from runner.tracking.store import Store

FOLDER_TAG = "folder"  # the MLflow tag a run's folder is kept under

log = logging.getLogger("runner")


@dataclass(frozen=True)
class Candidate:
    """A finished run of the sweep.

    Attributes:
        variant: what is compared.
        dataset: its name.
        objective: what it came to.
        folder: where its files were written.
        fingerprint: by which the folder is known to be its own.
        run_id: in MLflow, or empty.
    """

    variant: str
    dataset: str
    objective: float
    folder: Path
    fingerprint: str
    run_id: str = ""


def recorded_candidates(runs: Iterable[Run], objective: str) -> list[Candidate]:
    """Those among the children of a sweep's parent."""
    from runner.tracking.results_table import DATASET_TAG, VARIANT_TAG

    found = []
    for run in runs:
        tags = run.data.tags
        if run.info.status == "FINISHED" and FOLDER_TAG in tags and objective in run.data.metrics:
            value, folder = run.data.metrics[objective], Path(tags[FOLDER_TAG])
            mark = tags[FINGERPRINT_TAG]
            found.append(Candidate(tags[VARIANT_TAG], tags[DATASET_TAG], value, folder, mark, run.info.run_id))
    return found


def candidates_in(sweep_folder: Path, objective: str) -> list[Candidate]:
    """Those whose folders lie in the sweep's, where nothing else is recorded."""
    found = []
    for path in sorted(sweep_folder.rglob("run.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        metrics = path.with_name("metrics.json")
        if metrics.exists():
            value = json.loads(metrics.read_text(encoding="utf-8")).get(objective, math.nan)
            own = about["variant"], about["dataset"], value, path.parent, about[FINGERPRINT_TAG]
            found.append(Candidate(*own))
    return found


def winners(candidates: Iterable[Candidate], objective: str, *, each_variant: bool) -> list[Candidate]:
    """The best of each variant on each dataset; of a search, where each trial is a variant, the best on each dataset.

    Args:
        candidates: all that finished, the oldest first; of two as good the older wins.
        objective: the metric's name.
        each_variant: whether variants compete among themselves only.
    """
    best: dict[tuple[str, str], Candidate] = {}
    for each in candidates:
        if not math.isfinite(each.objective):
            continue
        key = (each.variant if each_variant else "", each.dataset)
        if key not in best or sign(objective) * each.objective > sign(objective) * best[key].objective:
            best[key] = each
    return list(best.values())


def complete(chosen: Sequence[Candidate], store: Store | None, cache: Cache) -> None:
    """Draws the figures and packs the models that their configs leave for the best run; what is there is not redone.

    A run whose folder is gone is passed over.

    Args:
        chosen: the winners.
        store: where they are recorded, or None.
        cache: for datasets and splits.
    """
    from runner.experiment.rebuild import reread

    for each in chosen:
        try:
            past = reread(each.folder, cache)
            if past is None or past.about[FINGERPRINT_TAG] != each.fingerprint:
                continue
            for lacking in (_figures_lacking, _model_lacking):
                make = lacking(past, store, each.run_id)
                if make is not None and past.same_data:
                    make()
        except Exception as problem:  # the sweep ends well nevertheless
            log.warning("no figures or model of %s: %s: %s", each.folder, type(problem).__name__, problem)


def _figures_lacking(past: Past, store: Store | None, run_id: str) -> Callable[[], None] | None:
    """What draws the run's figures and records them; None where that is done, or not asked for."""
    from runner.experiment.outputs import kept
    from runner.experiment.rebuild import draw

    folder = past.folder.path / "figures"
    if kept(past.config.figures, in_sweep=True) != "best":
        return None
    if store is None:
        return None if folder.exists() else lambda: draw(past)
    from runner.tracking import client as parent
    from runner.tracking.results_table import has_file

    if has_file(store, run_id, "figures"):
        return None

    def make() -> None:
        draw(past)
        parent.log_artifacts(store, run_id, str(folder), "figures")

    return make


def _model_lacking(past: Past, store: Store | None, run_id: str) -> Callable[[], None] | None:
    """What packs the run's model and records it; None where that is done, or not asked for."""
    from runner.experiment.outputs import kept
    from runner.experiment.rebuild import packed_model
    from runner.tracking.model_package import has_model, log_model

    if kept(past.config.tracking.models, in_sweep=True) != "best" or not (past.folder.path / "weights.npz").exists():
        return None
    if (past.folder.path / "model").exists() if store is None else has_model(store, run_id):
        return None

    def make() -> None:
        with packed_model(past) as parts:
            if store is not None:
                log_model(store, run_id, parts)

    return make
