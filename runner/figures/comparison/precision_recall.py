"""Precision-recall curves of all losses over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, precision_recall_curve

from runner.figures.colours import GREY
from runner.figures.comparison.layout import sentence
from runner.figures.comparison.overlay import (
    BAND_ALPHA,
    Run,
    band,
    line_style,
    overlay,
    reference,
    usable_runs,
    without_runs,
)

_STEPS = 200
_RECALLS = np.arange(1, _STEPS + 1) / _STEPS
_MARKERS = 5


def precision_recall_overlay(
    scores: Mapping[str, Sequence[Run]],
    *,
    baseline: str = "",
    highlight: Sequence[str] | None = None,
    subtitle: str = "",
) -> Figure:
    """The mean precision of each loss's runs at every recall, and one standard deviation of the runs to either side.

    Look where you would work: a loss may lead at recall 0.3 and trail at 0.9. The area under a line is the mean
    average precision of the runs. Bands that overlap say little, since all losses share the luck of a split.

    Args:
        scores: a loss to the (labels, probabilities) of its runs on one dataset. Runs without both classes, or with
            a probability that is not finite, are left out.
        baseline: in colour whatever its average precision, or "".
        highlight: the losses in colour, at most six; None: all of up to six, else the best five and the baseline.
        subtitle: of what.
    """
    title = "Precision and recall by loss"
    runs = usable_runs(scores)
    if not runs:
        return sentence(title, subtitle, "No run has both classes and finite probabilities.")
    prevalence = float(np.mean([np.mean(labels) for each in runs.values() for labels, _ in each]))
    several = any(len(each) > 1 for each in runs.values())
    figure, axes, looks = overlay(
        title,
        subtitle,
        {loss: float(np.mean([average_precision_score(*run) for run in each])) for loss, each in runs.items()},
        measure="mean AP",
        higher_is_better=True,
        baseline=baseline,
        highlight=highlight,
        others=[reference(f"prevalence {prevalence:.2g}"), *([band("± 1 sd of the runs")] if several else [])],
        foot=without_runs([loss for loss in scores if loss not in runs]),
    )
    axes.axhline(prevalence, color=GREY, ls="--", lw=1.4, zorder=2)
    for i, (loss, look) in enumerate(looks.items()):
        precisions = np.array([_precision_at(*run) for run in runs[loss]])
        mean = precisions.mean(axis=0)
        # markers of different losses at different recalls
        every = (int((i + 0.5) / len(looks) * _STEPS / _MARKERS), _STEPS // _MARKERS) if look else None
        axes.plot(*_from_zero(mean), drawstyle="steps-pre", markevery=every, label=loss, **line_style(look))
        if look and len(precisions) > 1:
            spread = precisions.std(axis=0, ddof=1)
            recall, low = _from_zero(np.maximum(mean - spread, 0))
            high = _from_zero(np.minimum(mean + spread, 1))[1]
            axes.fill_between(recall, low, high, step="pre", color=look.colour, alpha=BAND_ALPHA, lw=0, zorder=2)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall (share of positives found)")
    axes.set_ylabel("precision (share of alarms that are right)")
    return figure


def _precision_at(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Precision at each recall of the grid: that of the strictest threshold which finds as much. No straight lines."""
    precision, recall, _ = precision_recall_curve(labels, probabilities)
    # the last point, recall 0 at precision 1, is a convention and no threshold's
    precision, recall = precision[-2::-1], recall[-2::-1]
    return precision[np.searchsorted(recall, _RECALLS - 1e-9, side="left")]


def _from_zero(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps that begin at recall 0."""
    return np.append(0.0, _RECALLS), np.append(values[0], values)
