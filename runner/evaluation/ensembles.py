"""Several networks as one: the mean of their logits, and which of them to take by validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runner.evaluation.metrics import epoch_metrics
from runner.metrics import sign

ROUNDS = 50
"""Members that are chosen, with repetition; beyond, a further one moves the mean by less than a fiftieth."""


def greedy_selection(labels: np.ndarray, logits: np.ndarray, metric: str, rounds: int = ROUNDS) -> np.ndarray:
    """How often each member is taken into an ensemble whose mean logit is best on the rows given.

    Forward selection with replacement (Caruana, Niculescu-Mizil, Crew and Ksikes 2004, sections 2.1 and 2.2): begun
    with the best member, the one is added that makes the mean best, also where it is worse than before; of all rounds
    the best is kept. Whoever is first in the order wins a tie.

    Args:
        labels: (n,) of 0 and 1.
        logits: (k, n) of the members.
        metric: one of `runner.evaluation.epoch_metrics`.
        rounds: members in the ensemble at most.

    Returns:
        (k,) how often; their sum is the size of the ensemble.
    """
    counts = np.zeros(len(logits), int)
    total = np.zeros(logits.shape[1])
    best, chosen = -np.inf, counts
    for size in range(1, rounds + 1):
        scores = sign(metric) * np.asarray(epoch_metrics(labels, (total + logits) / size)[metric], float)
        added = int(np.argmax(scores))
        total += logits[added]
        counts = counts + np.eye(len(logits), dtype=int)[added]
        if scores[added] > best:
            best, chosen = scores[added], counts
    return chosen


def mean_logits(logits: Sequence[np.ndarray], counts: np.ndarray | None = None) -> np.ndarray:
    """(n,) the mean of the members' logits, each as often as `counts` says; once by default."""
    return np.average(np.stack(logits), axis=0, weights=counts)
