"""Whether a classifier tells test rows from training rows: then they are not of one distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import ks_2samp
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from runner.data.threads import half_of_the_cores

MOST_SETS = 3000
"""Independent rows of each side that are looked at; more would take longer and find what is too small to matter."""
FEWEST_SETS = 30  # of each side; of fewer nothing can be said
FOLDS = 3
LEAST_AUC = 0.6
"""A smaller AUC means that the sides overlap nearly whole."""
MOST_CHANCE = 0.001
"""Probability of a finding where both sides are of one distribution."""


@dataclass(frozen=True)
class Shift:
    """How well a classifier tells two sides apart.

    Attributes:
        auc: cross-validated; one half where it cannot.
        p: probability of as large an AUC where both sides are of one distribution.
        columns: indices of the inputs that differ most, the most different first.
        sampled: whether only a sample of the rows was looked at.
    """

    auc: float
    p: float
    columns: np.ndarray
    sampled: bool

    @property
    def found(self) -> bool:
        """Whether the sides differ, by more than chance and by enough to matter."""
        return self.p < MOST_CHANCE and self.auc >= LEAST_AUC


def distribution_shift(first: np.ndarray, second: np.ndarray, sets: tuple[np.ndarray, np.ndarray]) -> Shift | None:
    """Compares two sides; None where one has too few independent rows.

    One row of each set is taken, so that rows are independent: rows that repeat each other, or belong to one group,
    would be recognised as what they are, and not by their distribution. The classifier is trained on two thirds of
    the rows of both sides and ranks the others, in turn. Which side a row that is held out is on does not depend on
    how it is ranked, if both sides are of one distribution: then a fold's AUC is Mann and Whitney's statistic, with
    mean 1/2 and variance (n + m + 1) / (12 n m), and at most that where scores are tied.

    Args:
        first, second: (n, width) and (m, width) inputs.
        sets: (n,) and (m,) numbers of the sets that the rows belong to.
    """
    sides = [_independent(inputs, numbers) for inputs, numbers in zip((first, second), sets, strict=True)]
    if min(map(len, sides)) < FEWEST_SETS:
        return None
    sampled = any(len(side) > MOST_SETS for side in sides)
    rng = np.random.default_rng(0)
    some = [side[rng.choice(len(side), min(len(side), MOST_SETS), replace=False)] for side in sides]
    inputs = np.concatenate(some)
    second_side = np.repeat([0, 1], [len(side) for side in some])
    scores, variances = [], []
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    weights = (len(second_side) / np.array([len(side) for side in some]))[second_side]
    for trained, held_out in folds.split(inputs, second_side):
        model = HistGradientBoostingClassifier(max_iter=30, early_stopping=False, random_state=0)
        with half_of_the_cores():
            model.fit(inputs[trained], second_side[trained], sample_weight=weights[trained])
            said = model.decision_function(inputs[held_out])
        sides_there = second_side[held_out]
        scores.append(roc_auc_score(sides_there, said))
        n, m = np.bincount(sides_there)
        variances.append((n + m + 1) / (12 * n * m))
    auc = float(np.mean(scores))
    z = (auc - 0.5) / (np.sqrt(np.sum(variances)) / FOLDS)
    distances = [ks_2samp(some[0][:, column], some[1][:, column]).statistic for column in range(inputs.shape[1])]
    return Shift(auc, float(ndtr(-z)), np.argsort(distances)[::-1], sampled)


def _independent(inputs: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The inputs of the first row of each set."""
    return inputs[np.sort(np.unique(pd.factorize(numbers)[0], return_index=True)[1])]
