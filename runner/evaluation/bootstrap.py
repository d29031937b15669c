"""95% intervals of the test metrics by the stratified bootstrap, all resamples of a metric in one NumPy pass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from runner.evaluation.confusion import Confusion
from runner.schemas import DECISION_METRICS

CELLS = 4_000_000  # resamples times rows held at once: 32 MB an array


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
    order = np.argsort(-logits, kind="stable")
    positive, scores = labels[order] == 1, logits[order]
    # Units are drawn as the dataset orders them, so that runs with the same seed draw the same rows.
    unit = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    with_positive = np.bincount(unit, labels) > 0
    strata = np.flatnonzero(with_positive), np.flatnonzero(~with_positive)
    ends = np.flatnonzero(np.append(np.diff(scores) != 0, True))  # last row of each group of equal scores
    called = expit(scores) >= threshold
    row_losses = {
        "log_loss": np.logaddexp(0, np.where(positive, -scores, scores)),
        "brier": (expit(scores) - positive) ** 2,
    }
    samples: dict[str, list[np.ndarray]] = {}
    for unit_counts in _resampled_counts(strata, len(labels), resamples, np.random.default_rng(seed)):
        counts = unit_counts[:, unit[order]]
        confusion = Confusion(
            tp=counts[:, called & positive].sum(1),
            fp=counts[:, called & ~positive].sum(1),
            fn=counts[:, ~called & positive].sum(1),
            tn=counts[:, ~called & ~positive].sum(1),
        )
        values = {name: getattr(confusion, name) for name in DECISION_METRICS}
        values |= {name: counts @ losses / counts.sum(1) for name, losses in row_losses.items()}
        values |= _ranking(counts, positive, ends)
        for name, value in values.items():
            samples.setdefault(name, []).append(value)
    limits = {name: np.nanquantile(np.concatenate(parts), [0.025, 0.975]) for name, parts in samples.items()}
    return {name: (float(low), float(high)) for name, (low, high) in limits.items()}


def _resampled_counts(
    strata: tuple[np.ndarray, np.ndarray], rows: int, resamples: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """How often each unit is drawn, within its stratum: (some, units) float64 arrays, `resamples` rows in all."""
    size = sum(len(members) for members in strata)
    step = max(1, CELLS // rows)
    for start in range(0, resamples, step):
        some = min(step, resamples - start)
        drawn = np.concatenate(
            [members[rng.integers(len(members), size=(some, len(members)))] for members in strata if len(members)], 1
        )
        cells = drawn + size * np.arange(some)[:, None]
        yield np.bincount(cells.ravel(), minlength=some * size).reshape(some, size).astype(float)


def _ranking(counts: np.ndarray, positive: np.ndarray, ends: np.ndarray) -> dict[str, np.ndarray]:
    """Average precision and ROC AUC of each resample; rows sorted by descending score, ties ending at `ends`."""
    tp = np.cumsum(counts * positive, 1)[:, ends]
    fp = np.cumsum(counts * ~positive, 1)[:, ends]
    positives, negatives = tp[:, -1:], fp[:, -1:]
    gained_tp = np.diff(tp, axis=1, prepend=0)
    gained_fp = np.diff(fp, axis=1, prepend=0)
    precision = np.divide(tp, tp + fp, out=np.zeros_like(tp), where=tp + fp > 0)
    return {
        "average_precision": (gained_tp * precision).sum(1) / positives[:, 0],
        # each negative counts the positives above it, and half of those tied with it
        "roc_auc": (gained_fp * (tp - gained_tp / 2)).sum(1)
        / np.where(negatives > 0, positives * negatives, np.nan)[:, 0],
    }
