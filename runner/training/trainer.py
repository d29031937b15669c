"""What every trainer takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

EpochListener = Callable[[int, Mapping[str, float]], None]
"""Called after each epoch with its number, from 1, and its metrics."""


@dataclass(frozen=True)
class Training:
    """A finished training.

    Attributes:
        history: one row an epoch: epoch (from 1), train/loss, val/loss, val/log_loss, val/average_precision,
            val/roc_auc.
        best_epoch: the epoch whose weights the network now has.
        stopped: why training ended, in words.
        final_weights: the weights after the last epoch.
        best_weights: the weights after `best_epoch`.
        seconds: wall time of the training loop; of a run in a stack, its share.
    """

    history: pd.DataFrame
    best_epoch: int
    stopped: str
    final_weights: list[np.ndarray]
    best_weights: list[np.ndarray]
    seconds: float
