"""Whether the best of the values tried for a setting is the first or the last of them: a better one may lie beyond."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from runner.comparison.corrected_t import CorrectedT
from runner.metrics import metric_name, sign
from runner.terms.findings import Finding

PARAMETERS = ("loss.", "model.", "optimizer.", "sampling.")
FEWEST_VALUES = 3
FEWEST_OF_ONE_SPLIT = 4  # in order by chance in 2 of 24 cases at one of the two ends
MOST_CHANCE = 0.1  # two-sided: of an end that only seems better than its neighbour, 5%


def edge_findings(table: pd.DataFrame, metric: str) -> list[Finding]:
    """A finding for each number that was swept and is best at the end of its values, by validation.

    The end has to be better than its neighbour by the corrected test over splits, because of three values that do
    not matter the best is at an end twice of three times. On a single split, which shows no variance, all of at least
    four values have to be in order. Zero is no end: most settings end there by themselves.

    Args:
        table: of the runs, as `runner.tracking.results_table` has it.
        metric: what is compared on test; its like on validation is looked at here.
    """
    looked_at = f"val/{metric.rpartition('/')[2]}"
    if looked_at not in table:
        return []
    found: list[Finding] = []
    for option, runs in table.groupby("option", sort=False):
        for key in (str(name) for name in table.columns if str(name).startswith(PARAMETERS)):
            values = pd.to_numeric(runs[key], errors="coerce")
            if values.notna().all() and values.nunique() >= FEWEST_VALUES:
                found += _edges(str(option), key, runs.assign(tried=values), looked_at)
    return found


def _edges(option: str, key: str, runs: pd.DataFrame, metric: str) -> Iterator[Finding]:
    """The finding of one setting of one loss, if there is one: on all datasets together."""
    scores = (sign(metric) * runs[metric]).groupby([runs["dataset"], runs["split"], runs["tried"]]).mean().unstack()
    scores = scores.dropna()
    if not len(scores):
        return
    tried = scores.columns.to_numpy(float)
    best = float(tried[scores.mean().to_numpy().argmax()])
    if best not in (tried[0], tried[-1]) or best == 0:
        return
    inwards = scores if best == tried[0] else scores[scores.columns[::-1]]
    ratio = float((runs["n_test"] / runs["n_train"]).mean())
    if _is_better(inwards, ratio):
        way = "lower" if best == tried[0] else "higher"
        yield Finding(
            "EDGE01",
            f"of {key} for {option}, the {'smallest' if best == tried[0] else 'largest'} value tried, {best:g}, is the "
            f"best by {metric_name(metric)} on validation: try {way} ones too",
        )


def _is_better(inwards: pd.DataFrame, ratio: float) -> bool:
    """Whether the first column is better than the second by more than chance."""
    if len(inwards) < 2:
        steps = np.diff(inwards.to_numpy()[0])
        return len(steps) + 1 >= FEWEST_OF_ONE_SPLIT and bool((steps < 0).all())
    gains = (inwards.iloc[:, 0] - inwards.iloc[:, 1]).to_numpy()
    gain = CorrectedT.of(np.round(gains, 12), ratio)
    return gain.mean > 0 and (gain.scale == 0 or gain.p_value() < MOST_CHANCE)
