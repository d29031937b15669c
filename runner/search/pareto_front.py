"""What a search for several objectives has found: the Pareto front, the trials that no other beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from runner import figures
from runner.search.results import (
    RESULTS_FOLDER,
    SearchResults,
    save_objective_figures,
    trial_overrides,
    trial_table,
)
from runner.search.trials import RUN_NAME
from runner.tracking import names
from runner.writing import console
from runner.writing.whole_files import whole_file

MOST_ROWS = 20  # of the parent's note; best_trials.csv has all


@dataclass(frozen=True)
class ParetoFrontReport:
    """See `SearchReport`."""

    results: SearchResults

    def has_results(self) -> bool:
        """See `SearchReport`."""
        return bool(self._front())

    def details(self) -> str:
        """The Pareto front as a table."""
        return pareto_front_note(self._front(), self.results.objectives, self._number_of_trials())

    def tags(self) -> Mapping[str, str]:
        """The numbers of the trials on the Pareto front."""
        return {names.BEST_TRIALS: " ".join(str(trial.number) for trial in self._front())}

    def best_values(self) -> Mapping[str, float]:
        """See `SearchReport`."""
        front = self._front()  # has every objective's best trial
        return {
            objective: (max if maximize else min)(trial.values[index] for trial in front)
            for index, (objective, maximize) in enumerate(
                zip(self.results.objectives, self.results.maximized, strict=True)
            )
        }

    def save(self, folder: Path) -> Sequence[str]:
        """Writes `trials.csv`, `best_trials.csv` with commands, `front.png`, and each objective's figures."""
        results, front = self.results, self._front()
        trials = trial_table(results.study, results.objectives)
        with whole_file(folder / "trials.csv") as beside:
            trials.to_csv(beside, index=False)
        numbers = [trial.number for trial in front]
        chosen = trials.set_index("trial").loc[numbers].reset_index()
        commands = [results.command_of(trial) for trial in front]
        with whole_file(folder / "best_trials.csv") as beside:
            chosen.assign(command=commands).to_csv(beside, index=False)
        figure = figures.pareto_front(
            trials,
            numbers,
            objectives=results.objectives,
            maximize=results.maximized,
            subtitle=results.sweep_name,
        )
        figures.save(figure, folder / "front.png")
        suffixes = [f"_{objective.rpartition('/')[2]}" for objective in results.objectives]
        missing = [save_objective_figures(results, index, folder, suffix) for index, suffix in enumerate(suffixes)]
        return [sentence for sentence in missing if sentence]

    def print_summary(self, folder: Path, missing: str) -> None:
        """See `SearchReport`."""
        objectives, front = self.results.objectives, self._front()
        lines = [
            f"  trial {trial.number}: {', '.join(map('{} {:.4f}'.format, objectives, trial.values))}"
            f"  {trial_overrides(trial)}"
            for trial in front
        ]
        console.show_pareto_front(
            lines,
            trials=self._number_of_trials(),
            command=self.results.command_of(front[0]),
            folder=folder,
            missing=missing,
        )

    def _front(self) -> list[FrozenTrial]:
        return pareto_front(self.results.study)

    def _number_of_trials(self) -> int:
        return len(trial_table(self.results.study, self.results.objectives))


def pareto_front(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that no other beats (as good in every objective, better in one), the best in the first one first."""
    sign = -1 if study.directions[0] == StudyDirection.MAXIMIZE else 1
    return sorted(study.best_trials, key=lambda trial: (sign * trial.values[0], trial.number))


def pareto_front_note(front: Sequence[FrozenTrial], objectives: Sequence[str], trials: int) -> str:
    """The Pareto front in Markdown, as the parent's note has it.

    Args:
        front: see `pareto_front`.
        objectives: their names.
        trials: how many there are in all.
    """
    rows = [["trial", *objectives, "run", "overrides"], ["---"] * (len(objectives) + 3)]
    for trial in front[:MOST_ROWS]:
        values = [f"{value:.4f}" for value in trial.values]
        words = [trial.user_attrs.get(RUN_NAME, ""), trial_overrides(trial)]
        rows.append([str(trial.number), *values, *(word.replace("|", "\\|") for word in words)])
    more = f"\n\nand {len(front) - MOST_ROWS} more" if len(front) > MOST_ROWS else ""
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return (
        f"Pareto front, {len(front)} of {trials} trials: no other is as good in every objective and better in one."
        f"\n\n{body}{more}\n\nThe commands that run them again are in `{RESULTS_FOLDER}/best_trials.csv` among the "
        "artifacts, once the search has ended."
    )
