"""The importance of a run's columns, from its network and the test rows as they were read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from runner import models
from runner.data import Dataset, Splits
from runner.evaluation.importance import permutation_importance


def run_importance(network: models.Network, dataset: Dataset, splits: Splits, seed: int) -> pd.DataFrame:
    """See `permutation_importance`; columns are shuffled before the preprocessing.

    Of a table that is streamed, it is that of the test rows in its sample.

    Args:
        network: trained.
        dataset: whose columns it takes.
        splits: has the test rows, and the preprocessing.
        seed: of the shuffles.
    """
    rows, features = dataset.at_hand(splits.test.rows), dataset.features_of(splits.test.rows)
    columns = list(splits.preprocessing.feature_names_in_)

    def predict(frame: pd.DataFrame) -> np.ndarray:
        return network.predict(splits.preprocessing.transform(frame).astype(np.float32))

    groups = None if dataset.groups is None else dataset.groups[rows]
    features = features[columns].reset_index(drop=True)
    return permutation_importance(predict, features, dataset.labels[rows], groups=groups, seed=seed)
