"""Test metrics of each group of rows, the worst group first: `evaluation.groups`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from runner.evaluation.confusion import Confusion
from runner.evaluation.intervals import intervals
from runner.evaluation.metrics import brier, decision_metrics, log_loss
from runner.evaluation.ranking import ranking_metrics
from runner.evaluation.units import FEWEST, Units
from runner.metrics import RANKED_BY, SUBGROUP_METRICS, sign
from runner.terms.subgroups import Subgroups

ENDS = ("low", "high")
OF_BOTH = ("average_precision", "roc_auc", "f1", "mcc", "g_mean", "balanced_accuracy", "precision", "iba")
"""Metrics that mean nothing of rows of one class; `recall` needs positives, `specificity` negatives."""


@dataclass(frozen=True, eq=False)
class ByGroup:
    """The metrics of each group of a part.

    Attributes:
        column: whose values the groups are.
        table: of `subgroup_table`.
    """

    column: str
    table: pd.DataFrame


def subgroup_table(
    labels: np.ndarray,
    logits: np.ndarray,
    threshold: float,
    subgroups: Subgroups,
    *,
    draws: int,
    units: np.ndarray | None = None,
) -> pd.DataFrame:
    """The metrics of each group that has rows, with 95% intervals, worst first.

    Groups are ordered by ROC AUC: it does not depend on a group's prevalence, as average precision does, nor on its
    scale of probabilities. Each interval is one group's alone: of twenty equal groups one lies outside of its own by
    chance.

    Args:
        labels: (n,) 0 or 1.
        logits: (n,) finite.
        threshold: probability from which a row is called positive, the same in all groups.
        subgroups: of the same rows.
        draws: behind the intervals of the decisions; 0 for no intervals.
        units: (n,) which rows are not independent of each other, see `intervals`; or None.

    Returns:
        Columns group, rows, positives, prevalence, reason, and for each of `SUBGROUP_METRICS` its value and the ends
        of its interval, as `roc_auc`, `roc_auc.low`, `roc_auc.high`. A group of fewer than 5 positives or negatives
        is not ranked: it has no intervals, `reason` says why, and it stands behind all others, with the values that
        its rows have.
    """
    rows = []
    for code, name in enumerate(subgroups.names):
        own = subgroups.codes == code
        if own.any():
            of_group = None if units is None else units[own]
            rows.append({"group": name, **_measured(labels[own], logits[own], threshold, draws, of_group)})
    ends = [key for metric in SUBGROUP_METRICS for key in (metric, f"{metric}.low", f"{metric}.high")]
    table = pd.DataFrame(rows, columns=["group", "rows", "positives", "prevalence", "reason", *ends])
    small = (table["reason"] != "").to_numpy()
    worst = np.where(small, 0.0, sign(RANKED_BY) * table[RANKED_BY].to_numpy(float))
    return table.iloc[np.lexsort((-table["rows"].to_numpy(), worst, small))].reset_index(drop=True)


def worst_of_groups(table: pd.DataFrame) -> dict[str, float]:
    """Each metric in the ranked group where it is worst, with that group's interval; nothing where none is ranked.

    Worst-group performance as of Sagawa et al. (2020), "Distributionally robust neural networks"; the worst group of
    one metric need not be that of another.

    Args:
        table: of `subgroup_table`.
    """
    ranked = table[table["reason"] == ""]
    found: dict[str, float] = {}
    for metric in SUBGROUP_METRICS if len(ranked) else ():
        place = int(np.argmin(sign(metric) * ranked[metric].to_numpy(float)))
        worst = {key: float(ranked[key].iloc[place]) for key in (metric, f"{metric}.low", f"{metric}.high")}
        found |= {key: value for key, value in worst.items() if np.isfinite(value)}
    return found


def _measured(
    labels: np.ndarray, logits: np.ndarray, threshold: float, draws: int, units: np.ndarray | None
) -> dict[str, object]:
    positive, probabilities = labels == 1, expit(logits)
    counts = Units.of(positive, units)
    confusion = Confusion.at(labels, probabilities, threshold)
    values = {
        "log_loss": float(log_loss(labels, logits[None])[0]),
        "brier": brier(labels, probabilities),
        **decision_metrics(confusion),
    }
    if positive.any() and not positive.all():
        values |= {name: float(value[0]) for name, value in ranking_metrics(positive, logits[None]).items()}
    else:
        values |= dict.fromkeys((*OF_BOTH, "specificity" if positive.all() else "recall"), np.nan)
    reason = _too_small(counts, grouped=units is not None)
    found = {} if reason or not draws else intervals(labels, logits, threshold, draws=draws, groups=units)
    ends = {f"{name}.{end}": value for name, pair in found.items() for end, value in zip(ENDS, pair, strict=True)}
    told = {"rows": len(labels), "positives": int(positive.sum()), "prevalence": float(positive.mean())}
    return {**told, "reason": reason, **values, **ends}


def _too_small(counts: Units, *, grouped: bool) -> str:
    """Why no method gives an interval of the group that covers what it promises; empty where one does."""
    of = "groups with " if grouped else ""
    for count, called in ((counts.positives, "positives"), (counts.negatives, "negatives")):
        if count == 0:
            return f"no {called}"
        if count < FEWEST:
            return f"too few {of}{called} ({count})"
    return ""
