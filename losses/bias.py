"""The way back from a trained logit to P(y=1|x), for our losses and Keras's own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from scipy.special import expit, logit

from losses.crossentropy import SmoothedLoss


def inverse_map(
    loss: keras.losses.Loss,
    logits: np.ndarray,
    *,
    class_weights: tuple[float, float] = (1.0, 1.0),
    rows: int | None = None,
) -> np.ndarray | None:
    """P(y=1|x) behind logits that minimise `loss`, or None where no closed form is known.

    Args:
        loss: ours, which knows its own `debias`, or Keras's binary cross-entropy. One that changes from epoch to epoch
            is undone as it is now: tell it the epoch whose weights made the logits first (`begin_epoch`).
        logits: any shape.
        class_weights: mean sample weight of the positives and of the negatives in training, which multiply the odds
            that the loss has seen.
        rows: how many the network was trained on. The minimiser of a smoothed loss lies within the smoothed labels, and
            networks overshoot it: its inverse would be exactly 0 or 1 there. With `rows` it stays within
            [1 / (rows + 2), 1 - 1 / (rows + 2)], what so many rows of one class would say (Laplace's rule).
    """
    if isinstance(loss, keras.losses.BinaryCrossentropy) and _calls(loss) == _calls(keras.losses.BinaryCrossentropy()):
        loss = SmoothedLoss(loss.get_config()["label_smoothing"])
    undone: np.ndarray | None = loss.debias(logits) if hasattr(loss, "debias") else None
    if undone is None:
        return None
    positive, negative = class_weights
    if positive != negative:
        with np.errstate(divide="ignore"):  # a probability of 0 or 1 stays one
            undone = expit(logit(undone) - np.log(positive / negative))
    if rows is not None and _overshoots(loss):
        least = 1 / (rows + 2)
        undone = np.clip(undone, least, 1 - least)
    return undone


def _calls(loss: keras.losses.Loss) -> tuple[Any, Any]:
    """The methods that compute it; a subclass with its own is another loss."""
    return type(loss).call, type(loss).__call__


def _overshoots(loss: Any) -> bool:
    """Whether finite logits lie beyond every minimiser of the loss, where its map is cut off."""
    return isinstance(loss, SmoothedLoss) and bool(np.any(np.asarray(loss.pulls) > 0))
