"""95% intervals of the test metrics by the stratified bootstrap, all resamples of a metric in one matrix product."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from runner.evaluation.confusion import Confusion
from runner.evaluation.ranking import RankedUnits
from runner.evaluation.resampling import RESAMPLES
from runner.metrics import DECISION_METRICS


def bootstrap_intervals(
    labels: np.ndarray,
    logits: np.ndarray,
    threshold: float,
    *,
    resamples: int,
    seed: int,
    groups: np.ndarray | None = None,
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of every test metric but `ece`, whose bias under resampling exceeds its spread.

    Positives are drawn among positives and negatives among negatives, so that no resample lacks the rare class. The
    interval tells the noise of this test part; it does not contain the noise of training (another seed, another
    split). With groups, whole groups are drawn, those with a positive among themselves: rows of one customer are not
    independent, and intervals that took them for it would be far too narrow.

    Args:
        labels: (n,) 0 or 1, both present.
        logits: (n,).
        threshold: probability from which a row is called positive; held fixed.
        resamples: how many.
        seed: of the resampling; the same for every run of a dataset pairs the intervals.
        groups: (n,) group of each row, or None where every row is its own.

    Returns:
        (2.5%, 97.5%) quantiles by metric name.
    """
    positive, probabilities = labels == 1, expit(logits)
    # Units are numbered as the dataset orders them, so that runs with the same seed draw the same rows.
    unit = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    with_positive = np.bincount(unit, positive) > 0
    called = probabilities >= threshold
    weights_of_rows = (
        called & positive,
        called & ~positive,
        ~called & positive,
        ~called & ~positive,
        np.logaddexp(0, np.where(positive, -logits, logits)),
        (probabilities - positive) ** 2,
    )
    weights = np.stack([np.bincount(unit, weight) for weight in weights_of_rows])
    ranked = RankedUnits(positive, logits, unit, len(with_positive))
    samples: dict[str, list[np.ndarray]] = {}
    for draws in RESAMPLES.counts(with_positive, rows=len(labels), resamples=resamples, seed=seed):
        counts = draws.astype(float)
        tp, fp, fn, tn, log_loss, brier = weights @ counts
        confusion = Confusion(tp=tp, fp=fp, fn=fn, tn=tn)
        drawn = tp + fp + fn + tn
        values = {name: getattr(confusion, name) for name in DECISION_METRICS}
        values |= {"log_loss": log_loss / drawn, "brier": brier / drawn, **ranked.metrics(counts)}
        for name, value in values.items():
            samples.setdefault(name, []).append(value)
    table = np.stack([np.concatenate(pieces) for pieces in samples.values()])
    quantile = np.nanquantile if np.isnan(table).any() else np.quantile  # a resample of groups may lack negatives
    low, high = quantile(table, [0.025, 0.975], axis=1).tolist()
    return dict(zip(samples, zip(low, high, strict=True), strict=True))
