"""What a search for one objective has found: its best trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from runner.search.edges import edges
from runner.search.pruning import epochs_in_words
from runner.search.results import SearchResults, save_objective_figures, trial_overrides, trial_table
from runner.search.trials import RUN_ID, RUN_NAME
from runner.tracking import names
from runner.writing import console
from runner.writing.whole_files import whole_file


@dataclass(frozen=True)
class BestTrialReport:
    """See `SearchReport`."""

    results: SearchResults

    def has_results(self) -> bool:
        """See `SearchReport`."""
        return best_trial(self.results.study) is not None

    def details(self) -> str:
        """What pruning saved, and what there is to look at; the progress names the best run already."""
        return "\n".join(f"- {each}" for each in self._told())

    def tags(self) -> Mapping[str, str]:
        """The best trial's number, overrides and run."""
        best = self._best()
        return {
            names.BEST_TRIAL: str(best.number),
            names.BEST_OVERRIDES: trial_overrides(best),
            names.BEST_RUN_ID: best.user_attrs.get(RUN_ID, ""),
        }

    def best_values(self) -> Mapping[str, float]:
        """See `SearchReport`."""
        return {self.results.objectives[0]: self._best_value()}

    def save(self, folder: Path) -> Sequence[str]:
        """Writes `trials.csv`, `history.png` and `importance.png`."""
        with whole_file(folder / "trials.csv") as beside:
            trial_table(self.results.study).to_csv(beside, index=False)
        missing = save_objective_figures(self.results, 0, folder)
        return [*([missing] if missing else []), *self._told()]

    def print_summary(self, folder: Path, missing: str) -> None:
        """See `SearchReport`."""
        best = self._best()
        console.show_best_trial(
            f"{self.results.objectives[0]} {self._best_value():.4f}",
            best.user_attrs.get(RUN_NAME, ""),
            trials=len(trial_table(self.results.study)),
            command=self.results.command_of(best),
            folder=folder,
            missing=missing,
        )

    def _told(self) -> list[str]:
        saved = epochs_in_words(self.results.study)
        return [*([saved] if saved else []), *self._edges()]

    def _edges(self) -> list[str]:
        return [str(each) for each in edges(self.results.study) if each.code not in self.results.ignored]

    def _best(self) -> FrozenTrial:
        best = best_trial(self.results.study)
        assert best is not None
        return best

    def _best_value(self) -> float:
        value = self._best().value
        assert value is not None
        return value


def best_trial(study: optuna.Study) -> FrozenTrial | None:
    """The best trial that ended well, if any did."""
    return study.best_trial if study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) else None
