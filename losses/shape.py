"""How a loss treats one example: its value and its pull on the logit, against the prediction."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
from keras import ops
from scipy.optimize import minimize_scalar
from scipy.special import expit


def wants_logits(loss: keras.losses.Loss) -> bool:
    """Whether the loss takes logits; a loss that does not say so takes probabilities, as Keras's own default."""
    inner = getattr(loss, "_fn_kwargs", {})  # where Keras's wrapped losses keep their arguments
    return bool(getattr(loss, "from_logits", inner.get("from_logits", False)))


def loss_shape(loss: keras.losses.Loss, points: int = 401) -> pd.DataFrame:
    """Loss and gradient for both labels over predicted probabilities from 0.0001 to 0.9999.

    The gradient is with respect to the logit, which is what training pulls on, by central differences in float64:
    they need nothing of the loss but its values, so this serves any Keras loss.

    Args:
        loss: per example; of one whose value depends on the whole batch, loss and gradient are NaN.
        points: how many.

    Returns:
        Frame with columns probability, loss_positive, loss_negative, gradient_positive, gradient_negative.
    """
    edge = np.log(0.9999 / 0.0001)
    # Evenly spaced probabilities show the middle, evenly spaced logits the ends.
    logits = np.sort(
        np.concatenate([np.linspace(-edge, edge, points // 2), _logit(np.linspace(1e-4, 1 - 1e-4, points))])
    )
    step = 1e-3  # the error, step^2/6 of the third derivative, is far below a pixel; in float32 (JAX) still quiet
    table = {"probability": expit(logits)}
    for name, label in (("positive", 1.0), ("negative", 0.0)):
        low, middle, high = (_values(loss, label, logits + shift) for shift in (-step, 0.0, step))
        table[f"loss_{name}"] = middle
        table[f"gradient_{name}"] = (high - low) / (2 * step)
    return pd.DataFrame(table)


def minimiser(loss: keras.losses.Loss, eta: float) -> float:
    """The probability that minimises the expected loss where P(y=1|x) = eta, found numerically.

    Args:
        loss: per example.
        eta: in (0, 1).
    """

    def expected(logit: float) -> float:
        positive, negative = (_values(loss, label, np.array([logit]))[0] for label in (1.0, 0.0))
        return eta * positive + (1 - eta) * negative

    found = minimize_scalar(expected, bounds=(-20, 20), method="bounded", options={"xatol": 1e-6})
    return float(expit(found.x))


def _values(loss: keras.losses.Loss, label: float, logits: np.ndarray) -> np.ndarray:
    """The loss of each logit alone, float64."""
    predictions = (logits if wants_logits(loss) else expit(logits))[:, None]
    values = loss.call(ops.full(predictions.shape, label, dtype="float64"), ops.convert_to_tensor(predictions))
    each = np.asarray(ops.convert_to_numpy(values), float).reshape(-1)
    return each if each.size == logits.size else np.full(logits.size, np.nan)


def _logit(probabilities: np.ndarray) -> np.ndarray:
    return np.log(probabilities) - np.log1p(-probabilities)
