"""What every trainer takes and gives. Light: whoever needs these types alone loads no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import pandas as pd

from runner.data.splits import Splits
from runner.training.early_stopping import EarlyStopping

if TYPE_CHECKING:  # both load Keras
    import keras

    from runner.models.network import Network

EpochListener = Callable[[int, Mapping[str, float]], bool | None]
"""Called after each epoch with its number, from 1, and its metrics; true ends the training there, pruned."""

Measure = Callable[[np.ndarray, np.ndarray], Mapping[str, Any]]
"""(labels (n,), logits (n,)) of the validation part -> metrics, named without `val/`. A stack calls it once for all its
members, with logits (k, n); each metric is (k,) then."""


@dataclass(frozen=True, kw_only=True)
class TrainerSettings:
    """How to train; the keys of `conf/trainer/*.yaml`.

    Attributes:
        epochs: at most this many.
        batch_size: rows a step; the last batch of an epoch may be smaller.
        stratified_batches: whether every batch gets its share of the positives, at least one.
        positive_share: of positives in every batch; None: as they come.
        early_stopping: when to stop; None trains all epochs and keeps the last.
        device: `auto`, `cpu` or `gpu`.
        precision: `float32`, `mixed_float16` or `mixed_bfloat16`.
        deterministic: same seed, same digits.
    """

    epochs: int
    batch_size: int
    stratified_batches: bool = False
    positive_share: float | None = None
    early_stopping: EarlyStopping | None = None
    device: str = "auto"
    precision: str = "float32"
    deterministic: bool = True

    @classmethod
    def from_config(cls, *, early_stopping: Mapping[str, Any] | None = None, **others: Any) -> Self:
        """The settings of a config's keys, where `early_stopping` is a mapping or None.

        Raises:
            TypeError: a key is unknown or missing; says which.
        """
        return cls(early_stopping=EarlyStopping(**early_stopping) if early_stopping else None, **others)


@dataclass(frozen=True)
class TrainingTask:
    """What is to be trained, on what.

    Attributes:
        network: built inside the trainer's `scope()`.
        loss: on logits or on probabilities, as its `from_logits` says.
        optimizer: fresh.
        splits: train is trained on, validation measured after each epoch, test not touched.
        seed: of the batch order.
        measure: of the validation part after each epoch.
    """

    network: Network
    loss: keras.losses.Loss
    optimizer: keras.optimizers.Optimizer
    splits: Splits
    seed: int
    measure: Measure


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
        pruned: whether a listener ended it.
    """

    history: pd.DataFrame
    best_epoch: int
    stopped: str
    final_weights: list[np.ndarray]
    best_weights: list[np.ndarray]
    seconds: float
    pruned: bool = False


def as_of_epoch(loss: Any, epoch: int) -> None:
    """Brings a loss that changes from epoch to epoch, such as LDAM's re-weighting, to `epoch`, from 1.

    Before each epoch, and after training to the epoch whose weights are kept: evaluated, un-biased and drawn is the
    loss that made them.
    """
    if hasattr(loss, "begin_epoch"):
        loss.begin_epoch(epoch - 1)


def memory_of(loss: Any) -> int:
    """How many rows of each class a loss remembers from step to step, which is a trainer's to carry; 0 of most."""
    return int(getattr(loss, "memory", 0)) if hasattr(loss, "remembering") else 0


class Trainer(Protocol):
    """What trains one run. A config names its class, which is made with the config's other keys as keywords."""

    def start(self, seed: int) -> str:
        """Prepares the framework for one run; returns the device in words: `cpu`, `gpu: 1 x NVIDIA ...`.

        Raises:
            InputError: the device asked for is not there.
        """

    def scope(self) -> AbstractContextManager:
        """Returns the context in which network, loss and optimizer are made: their variables belong to a device."""

    def train(self, task: TrainingTask, on_epoch: EpochListener) -> Training:
        """Trains `task.network` in place, telling `on_epoch` of each epoch; it ends with the best epoch's weights.

        Raises:
            RunFailed: the loss or its gradient became infinite or NaN; the step was not taken.
        """
