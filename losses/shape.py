"""How a loss treats one example: its value and its pull on the logit, against the prediction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import keras
import numpy as np
import pandas as pd
from keras import ops
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import norm


def wants_logits(loss: keras.losses.Loss) -> bool:
    """Whether the loss takes logits; a loss that does not say so takes probabilities, as Keras's own default."""
    if hasattr(loss, "from_logits"):
        return bool(loss.from_logits)
    try:
        config = loss.get_config()
    except Exception:  # a user's loss trains, though Keras could not save it
        return False
    return bool(config.get("from_logits", False))


def loss_shape(loss: keras.losses.Loss, points: int = 401) -> pd.DataFrame:
    """Loss and gradient for both labels over predicted probabilities from 0.0001 to 0.9999.

    The gradient is with respect to the logit, which is what training pulls on, by central differences in float64:
    they need nothing of the loss but its values, so this serves any Keras loss.

    Of our losses of a whole batch, one row of `example_batch` moves and the others stay; loss and gradient are the
    batch's times its rows, the loss counted from that of a sure and right prediction. Both then compare with a loss
    per example, whose mean over the batch is what trains.

    Args:
        loss: any; of another's that is not per example, loss and gradient are NaN.
        points: how many. Where the loss jumps, the gradient is NaN.

    Returns:
        Frame with columns probability, loss_positive, loss_negative, gradient_positive, gradient_negative.
    """
    edge = np.log(0.9999 / 0.0001)
    # Evenly spaced probabilities show the middle, evenly spaced logits the ends.
    logits = np.sort(
        np.concatenate([np.linspace(-edge, edge, points // 2), _logit(np.linspace(1e-4, 1 - 1e-4, points))])
    )
    values = _values_in_batch if getattr(loss, "whole_batch", False) else _values
    # The error, step^2/6 of the third derivative, is far below a pixel. So is the noise of Keras's own losses under
    # JAX, which average in float32.
    step = 1e-3
    table = {"probability": expit(logits)}
    for name, label in (("positive", 1.0), ("negative", 0.0)):
        low, middle, high = (values(loss, label, logits + shift) for shift in (-step, 0.0, step))
        table[f"loss_{name}"] = middle
        jump = np.abs(high - 2 * middle + low) > 2 * step  # no kink: the loss itself jumps there
        table[f"gradient_{name}"] = np.where(jump, np.nan, (high - low) / (2 * step))
    return pd.DataFrame(table)


def example_batch() -> tuple[np.ndarray, np.ndarray]:
    """Labels and logits of 100 rows of a network half trained: 10 positives spread about 0, 90 negatives about -3."""
    spread = [1.5 * norm.ppf((np.arange(rows) + 0.5) / rows) for rows in (10, 90)]
    return np.repeat([1.0, 0.0], [10, 90]), np.concatenate([spread[0], spread[1] - 3])


def minimiser(loss: keras.losses.Loss, eta: float) -> float:
    """The probability that minimises the expected loss where P(y=1|x) = eta, found numerically.

    Args:
        loss: per example.
        eta: in (0, 1).

    Raises:
        ValueError: the loss is of a whole batch: where it is least depends on the other rows.
    """
    if getattr(loss, "whole_batch", False):
        raise ValueError(f"{type(loss).__name__} belongs to a whole batch: one row alone does not minimise it")

    def expected(logits: np.ndarray) -> np.ndarray:
        positive, negative = (_values(loss, label, logits) for label in (1.0, 0.0))
        return eta * positive + (1 - eta) * negative

    # Far from where it is least a loss may be flat to the last digit, and a search there finds no way out.
    grid = np.linspace(-20, 20, 161)
    least = int(np.argmin(expected(grid)))
    found = minimize_scalar(
        lambda logit: float(expected(np.array([logit]))[0]),
        bounds=(grid[max(least - 1, 0)], grid[min(least + 1, len(grid) - 1)]),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(expit(found.x))


@contextmanager
def _float64() -> Iterator[None]:
    """JAX computes in float32 unless told otherwise; other backends take float64 as it comes."""
    if keras.config.backend() != "jax":
        yield
        return
    with import_module("jax").enable_x64(True):  # late, because the package is optional
        yield


@_float64()
def _values(loss: keras.losses.Loss, label: float, logits: np.ndarray) -> np.ndarray:
    """The loss of each logit alone, float64."""
    predictions = (logits if wants_logits(loss) else expit(logits))[:, None]
    values = loss.call(ops.full(predictions.shape, label, dtype="float64"), ops.convert_to_tensor(predictions))
    each = np.asarray(ops.convert_to_numpy(values), float).reshape(-1)
    return each if each.size == logits.size else np.full(logits.size, np.nan)


@_float64()
def _values_in_batch(loss: keras.losses.Loss, label: float, logits: np.ndarray) -> np.ndarray:
    """A batch's rows times its loss, one row at each of `logits`, less the same with that row sure and right."""
    labels, others = example_batch()
    row = int(np.flatnonzero(labels == label)[len(labels[labels == label]) // 2])
    batches = np.tile(others, (len(logits) + 1, 1))
    batches[:, row] = np.append(logits, 40.0 if label else -40.0)
    values = loss.compute(ops.convert_to_tensor(labels), ops.convert_to_tensor(batches))
    each = len(labels) * np.asarray(ops.convert_to_numpy(values), float)[:, 0]
    return each[:-1] - each[-1]


def _logit(probabilities: np.ndarray) -> np.ndarray:
    return np.log(probabilities) - np.log1p(-probabilities)
