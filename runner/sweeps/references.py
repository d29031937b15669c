"""What of scikit-learn the networks of a sweep are measured against: trained once a split, at the sweep's end."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import experiment
from runner.experiment.resources import Resources
from runner.runs.fingerprint import split_fingerprint
from runner.runs.folder import RunFolder
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.tracker import Recording, Tracker
from runner.writing.wording import first_line

log = logging.getLogger("runner")

FOLDER = "references"


@dataclass(frozen=True)
class References:
    """Which references a sweep is to have, and where.

    Attributes:
        wanted: their names.
        parent_id: the sweep's parent run.
        folder: of the sweep; theirs are below it.
        tracker: where they are recorded.
        resources: for datasets and splits.
    """

    wanted: Sequence[str]
    parent_id: str
    folder: Path
    tracker: Tracker
    resources: Resources

    def train(self, runs: Sequence[RecordedRun]) -> list[RecordedRun]:
        """Trains and records what is lacking; returns that alone. One that fails is told and left out.

        Where all runs have one loss there is no report to show them in, and none is trained.

        Args:
            runs: the sweep's finished ones, references of an earlier attempt among them.
        """
        if len({run.tags.get(names.VARIANT) for run in runs if not run.is_reference}) < 2:
            return []
        lacking = list(self._lacking(runs))
        if not lacking:
            return []
        started, found = time.perf_counter(), []
        with self.tracker.recording() as recording:
            for name, of, like in lacking:
                done = self._train(name, of, like, recording)
                found += [done] if done is not None else []
        log.info("references: %d trained in %.1f s", len(found), time.perf_counter() - started)
        return found

    def _lacking(self, runs: Sequence[RecordedRun]) -> Iterator[tuple[str, str, RecordedRun]]:
        """Names, split fingerprint and a run on that split, of each reference that is not there; by split."""
        done = {run.tags[names.FINGERPRINT] for run in runs if run.is_reference}
        by_split: dict[str, RecordedRun] = {}
        for run in runs:
            if not run.is_reference and names.FOLDER in run.tags:
                by_split.setdefault(split_fingerprint(run.params, run.tags[names.DATASET_SHA256]), run)
        for of, run in by_split.items():
            for name in self.wanted:
                if experiment.reference_fingerprint(name, of) not in done:
                    yield name, of, run

    def _train(self, name: str, of: str, run: RecordedRun, recording: Recording) -> RecordedRun | None:
        folder = RunFolder(self.folder / FOLDER / f"{name}-{of[:8]}")
        try:
            like = experiment.load(Path(run.tags[names.FOLDER]), self.resources)
            if like is None or not like.data_unchanged:
                log.warning("no reference %s: the run %s, or its data, are not there any more", name, run.name)
                return None
            spec = experiment.ReferenceSpec(name, like, of, folder, self.parent_id)
            return experiment.run_reference(spec, recording, self.resources.provenance)
        except Exception as problem:  # the sweep ends well nevertheless
            log.warning("no reference %s for %s: %s: %s", name, run.name, type(problem).__name__, first_line(problem))
            return None
