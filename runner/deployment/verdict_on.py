"""Whether the best loss of a sweep is better than what is used now, on splits that both were measured on."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from runner.comparison import BETTER, TIED, Compared, leaderboard, one_dataset, pair
from runner.errors import InputError
from runner.metrics import metric_name, name_at_budget, sign
from runner.reports.conditions import differences
from runner.reports.settings import ComparisonSettings
from runner.runs.naming import plain_variant
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.results_table import results_table

BASELINE = "baseline"
"""The word where the best loss is the baseline itself, so that nothing is to be compared."""


@dataclass(frozen=True)
class Decision:
    """What a comparison says of a candidate.

    Attributes:
        word: better, worse, tied, cannot tell, or `BASELINE`.
        sentence: the numbers behind it.
    """

    word: str
    sentence: str

    def promotes(self, *, if_tied: bool) -> bool:
        """Whether the candidate takes the place of what it was compared with."""
        return self.word in (BETTER, BASELINE) or (if_tied and self.word == TIED)


@dataclass(frozen=True)
class Winner:
    """The best loss of a sweep.

    Attributes:
        variant: the loss with its settings.
        dataset: its name.
        run: of its runs the one that is best on validation.
        settings: by which losses were compared.
        baseline: the variant that they were compared with.
    """

    variant: str
    dataset: str
    run: RecordedRun
    settings: ComparisonSettings
    baseline: str


def winner_of(runs: Sequence[RecordedRun]) -> Winner:
    """The loss with the best mean of the metric that the sweep compares by.

    Args:
        runs: of a sweep, the finished ones.

    Raises:
        InputError: there is no finished run, several datasets, or no baseline.
    """
    table = results_table(runs)
    if table.empty:
        raise InputError("the sweep has no finished run")
    datasets = list(table["dataset"].unique())
    if len(datasets) > 1:
        raise InputError(f"the sweep is on {len(datasets)} datasets, and a model is for one: sweep {datasets[0]} alone")
    settings = _settings(runs)
    if settings.metric not in table:
        raise InputError(f"no verdict: the runs have no metric {settings.metric}, their comparison.metric")
    several = table["loss"].nunique() > 1
    baseline = _baseline(table, settings.baseline) if several else str(table["loss"].iloc[0])
    means = table.groupby("loss", sort=False)[settings.metric].mean()
    if several:
        compared = one_dataset(pair(table, settings.metric, baseline), datasets[0])
        means = leaderboard(table, compared)["mean"]
    variant = str((sign(settings.metric) * means).idxmax())
    ids = set(table.loc[table["loss"] == variant, "run_id"])
    return Winner(variant, datasets[0], _best([run for run in runs if run.run_id in ids]), settings, baseline)


def against_baseline(winner: Winner, runs: Sequence[RecordedRun]) -> Decision:
    """The verdict of the sweep itself.

    Args:
        winner: of the sweep.
        runs: of the sweep, the finished ones.

    Raises:
        InputError: there is no verdict: the sweep has one loss alone.
    """
    table = results_table(runs)
    if table["loss"].nunique() < 2:
        raise InputError(
            f"no verdict: all runs of the sweep have the loss {winner.variant}, and there is no champion to compare it "
            "with; --force makes it the champion"
        )
    if winner.variant == winner.baseline:
        return Decision(
            BASELINE, f"{winner.variant} is the baseline, and the best mean of its sweep on {winner.dataset}"
        )
    return _decision(table, winner, winner.baseline, winner.baseline)


def against_champion(
    winner: Winner, runs: Sequence[RecordedRun], champion: RecordedRun, its_runs: Sequence[RecordedRun]
) -> Decision:
    """The verdict on the splits that the champion's sweep and this one share.

    Args:
        winner: of this sweep.
        runs: of this sweep, the finished ones.
        champion: the run that made the champion.
        its_runs: finished runs of the champion's sweep, or the champion's run alone.

    Raises:
        InputError: the two cannot be compared: other rows, or other settings.
    """
    variant = champion.tags.get(names.VARIANT, "")
    ours = [run for run in runs if run.tags.get(names.VARIANT) == winner.variant]
    theirs = [run for run in its_runs if run.tags.get(names.VARIANT) == variant]
    seen = {run.tags.get(names.FINGERPRINT) for run in ours}
    if seen == {run.tags.get(names.FINGERPRINT) for run in theirs}:
        return Decision(TIED, "its runs compute what the champion's do")
    tables = [results_table(theirs), results_table(ours)]
    by_id = {run.run_id: run for run in (*theirs, *ours)}
    differences(pd.concat(tables), by_id, winner.settings.allow, winner.settings.metric)
    label = f"{variant} (champion)"
    tables[0]["loss"] = label
    return _decision(pd.concat(tables, ignore_index=True), winner, label, f"the champion, {variant},")


def _decision(table: pd.DataFrame, winner: Winner, baseline: str, called: str) -> Decision:
    settings = winner.settings
    try:
        paired = pair(table, settings.metric, baseline)
        dataset = paired.datasets[0]
        found = one_dataset(paired, dataset, rope=settings.rope, alpha=settings.alpha)
    except ValueError as problem:
        raise InputError(f"no verdict: {problem}") from problem
    (compared,) = [each for each in found.compared if each.loss == winner.variant]
    return Decision(compared.verdict, _sentence(compared, winner, called))


def _sentence(compared: Compared, winner: Winner, called: str) -> str:
    splits = f"{compared.n} shared split{'' if compared.n == 1 else 's'}"
    what = f"{winner.variant} against {called} on {splits} of {winner.dataset}: {compared.verdict}"
    if math.isnan(compared.gain):
        return f"{what}, for there is {compared.reason}"
    gain = f"{compared.gain:+.4f} {_metric(winner)} on test"
    low, high = compared.adjusted_interval
    if math.isnan(low):
        return f"{what}; {gain}; {compared.reason}"
    level = f"{100 * (1 - winner.settings.alpha):g}%"
    return f"{what}; {gain} ({level} interval {low:+.4f} to {high:+.4f}, p {compared.p_holm:.3g})"


def _metric(winner: Winner) -> str:
    """What is compared, with the budget of a metric at one: `precision at k = 5%`."""
    params = winner.run.params
    budget = [params.get(f"evaluation.{key}") for key in ("top_k", "max_fpr")]
    if None in budget:  # of an older version
        return metric_name(winner.settings.metric)
    top_k, max_fpr = map(float, filter(None, budget))
    return name_at_budget(winner.settings.metric, top_k, max_fpr)


def _baseline(table: pd.DataFrame, wanted: str) -> str:
    """The label of the declared baseline: its own, or that of the variant of its option that others add to."""
    if wanted in set(table["loss"]):
        return wanted
    plain = plain_variant(list(dict.fromkeys(table.loc[table["option"] == wanted, "loss"])))
    if plain is None:
        raise InputError(f"no verdict: the sweep has no one loss {wanted}, which is its comparison.baseline")
    return plain


def _settings(runs: Sequence[RecordedRun]) -> ComparisonSettings:
    """What the sweep declared, as its runs have it."""
    usual = ComparisonSettings()
    said = {key: value for key, value in runs[0].params.items() if value != "None"}  # as comparison=none has them
    return ComparisonSettings(
        baseline=said.get("comparison.baseline", usual.baseline),
        metric=said.get("comparison.metric", usual.metric),
        rope=float(said.get("comparison.rope", usual.rope)),
        alpha=float(said.get("comparison.alpha", usual.alpha)),
    )


def _best(runs: Sequence[RecordedRun]) -> RecordedRun:
    """The run with the best value of its first objective, which is of validation; of equal ones the oldest."""
    objective = json.loads(runs[0].tags[names.OBJECTIVES])[0]
    return max(runs, key=lambda run: sign(objective) * run.metrics.get(objective, -math.inf))
