"""The way back from a trained logit to P(y=1|x), for our losses and Keras's own."""

from __future__ import annotations

import keras
import numpy as np

from losses.crossentropy import SmoothedLoss


def inverse_map(loss: keras.losses.Loss, logits: np.ndarray) -> np.ndarray | None:
    """P(y=1|x) behind logits that minimise `loss`, or None where no closed form is known.

    Args:
        loss: ours, which knows its own `debias`, or Keras's binary cross-entropy.
        logits: any shape.
    """
    if isinstance(loss, keras.losses.BinaryCrossentropy):
        return SmoothedLoss(loss.get_config()["label_smoothing"]).debias(logits)
    return loss.debias(logits) if hasattr(loss, "debias") else None
