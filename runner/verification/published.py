"""The worked examples of five public articles whose result is printed there, with the numbers as printed.

Keras 2 clipped probabilities and added 1e-7 once more inside the logarithm; Keras 3 only clips. So the older articles'
numbers need `formula="keras2"`.
"""

from __future__ import annotations

from runner.training.runtime import keras

from dataclasses import dataclass
from typing import Any

import numpy as np

import losses
from runner.verification.differences import relative_difference
from runner.verification.example_check import ExampleCheck

# Printed with seven to nine digits, mostly from float32, whose last digit is another on another machine.
PRINTED = 5e-7


@dataclass(frozen=True)
class PublishedExample:
    """An example with a number, or one number an element, in print.

    Attributes:
        number: the example's.
        what: in a few words.
        loss, labels, predictions, sample_weight: what is computed.
        printed: the result in print.
    """

    number: int
    what: str
    loss: keras.losses.Loss
    labels: Any
    predictions: Any
    printed: Any
    sample_weight: Any = None

    def ours(self) -> np.ndarray:
        """The result as computed here."""
        weights = None if self.sample_weight is None else np.array(self.sample_weight, float)
        value = self.loss(np.array(self.labels, float), np.array(self.predictions, float), sample_weight=weights)
        return np.asarray(keras.ops.convert_to_numpy(value), float)

    def check(self) -> ExampleCheck:
        """Compares what is computed here with what is printed."""
        ours, printed = self.ours(), np.array(self.printed, float)
        if ours.shape != printed.shape:
            return self._checked(f"shape {printed.shape}", f"shape {ours.shape}", np.inf)
        more = " ..." if printed.ndim else ""
        off = relative_difference(ours, printed)
        return self._checked(f"{printed.flat[0]}{more}", f"{ours.flat[0]:#.9g}", off)

    def _checked(self, expected: str, ours: str, off: float) -> ExampleCheck:
        return ExampleCheck(self.number, self.what, expected, ours, off, PRINTED)


def _custom(formula: str, **arguments: Any) -> keras.losses.Loss:
    return losses.CustomLoss(formula, from_logits=False, **arguments)


_builtin = keras.losses.BinaryCrossentropy
_rain = [[1, 0, 1, 1, 0, 0], [1, 1, 0, 1, 0, 0], [1, 0, 1, 1, 0, 0]]
_forecast = [[0.2, 0.1, 0.8, 0.7, 0.1, 0.2], [0.3, 0.4, 0.5, 0.6, 0.7, 0.7], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]
_pairs, _logits = [[1, 0], [1, 1]], [[-23, 56], [1.92, -24.6]]
_eight_y, _eight_z = [1, 1, 1, 0, 0, 1, 0, 1], [0, 0, 1, -1, 0, 1, 1, 0]
_eight = [0.6931472, 0.6931472, 0.3132617, 0.3132617, 0.6931472, 0.3132617, 1.3132617, 0.6931472]
_soft = [0.6931472, 1.3132617, 0.3132617, 0.6931472]
_sparse = keras.losses.SparseCategoricalCrossentropy

PUBLISHED = (
    PublishedExample(1, "raw formula", _custom("keras2"), [[1], [0], [1]], [[0], [0], [1]], 5.14164949),
    PublishedExample(2, "by Keras 2", _custom("keras2"), [1, 1, 1], [1, 1, 0], 5.1416497),
    PublishedExample(2, "by Keras 3, custom", _custom("clipped"), [1, 1, 1], [1, 1, 0], 5.3726983),
    PublishedExample(2, "by Keras 3, built-in", _builtin(), [1, 1, 1], [1, 1, 0], 5.3726983),
    # It clips, and adds nothing. In float64, as NumPy computed it.
    PublishedExample(
        3,
        "the asker's sum",
        _custom("clipped", reduction="sum", dtype="float64"),
        [[1], [1], [1]],
        [[1], [1], [0]],
        16.11809585,
    ),
    PublishedExample(4, "one row of three", _custom("keras2"), [[1, 1, 1]], [[1, 1, 0]], 5.14164949),
    PublishedExample(5, "several outputs, custom", _custom("clipped"), _rain, _forecast, 0.8117073),
    PublishedExample(5, "several outputs, on logits", _custom("logits"), _rain, _forecast, 0.8117073),
    PublishedExample(5, "several outputs, built-in", _builtin(), _rain, _forecast, 0.8117073),
    PublishedExample(6, "from logits, custom", losses.CustomLoss(), _pairs, _logits, 25.934202),
    PublishedExample(6, "from logits, built-in", _builtin(from_logits=True), _pairs, _logits, 25.934202),
    PublishedExample(7, "sample weights, custom", losses.CustomLoss(), _pairs, _logits, 17.03684, [0.8, 0.2]),
    PublishedExample(7, "sample weights, built-in", _builtin(from_logits=True), _pairs, _logits, 17.03684, [0.8, 0.2]),
    PublishedExample(8, "element by element", losses.CustomLoss(reduction=None), _eight_y, _eight_z, _eight),
    PublishedExample(9, "soft labels as meant", losses.CustomLoss(reduction=None), [0, 1, 1, 0], [0, -1, 1, 0], _soft),
    PublishedExample(10, "sparse categorical", _sparse(), [0, 1], [[1, 0.32, 1], [0, 1, 0.23]], 0.5242908),
    PublishedExample(11, "saturated, Keras 3", _custom("clipped"), _pairs, [[0.9, 1], [0.3, 1]], 4.3129296),
    PublishedExample(11, "saturated, built-in", _builtin(), _pairs, [[0.9, 1], [0.3, 1]], 4.3129296),
    # In float64: float32 has no 1 - 1e-7, and gives 4.160643.
    PublishedExample(
        11, "saturated, Keras 2", _custom("keras2", dtype="float64"), _pairs, [[0.9, 1], [0.3, 1]], 4.1835703
    ),
    PublishedExample(
        12, "step by step", _custom("logits", dtype="float64"), [0, 1, 0, 0], [0.1, 0.95, 0.2, 0.6], 0.32402205
    ),
)


def check_labels_of_another_shape() -> ExampleCheck:
    """Example 9 as the article prints it: 4 labels for 8 logits, which TensorFlow refuses and so do we."""
    try:
        value = losses.CustomLoss()(np.array([0.0, 1.0, 1.0, 0.0]), np.array(_eight_z, float))
    except ValueError as problem:
        both_named = "(4,)" in str(problem) and "(8,)" in str(problem)
        ours, off = "refused", 0.0 if both_named else np.inf
    else:
        ours, off = f"{float(value):#.9g}", np.inf
    return ExampleCheck(9, "4 labels for 8 logits", "refused", ours, off, PRINTED)
