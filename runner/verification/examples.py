"""The worked examples of five public articles whose result is printed there, with the numbers as printed.

Keras 2 clipped probabilities and added 1e-7 once more inside the logarithm; Keras 3 only clips. So the older articles'
numbers need `formula="keras2"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

import losses
from runner.verification.formulas import relative_difference

# Printed with seven to nine digits, mostly from float32, whose last digit is another on another machine.
PRINTED = 5e-7


@dataclass(frozen=True)
class Line:
    """One line of the table of examples.

    Attributes:
        number: the example's.
        what: in a few words.
        expected, ours: the two that are compared, as shown; of several numbers the first.
        off: the largest difference of the two: relative, or of what is plotted.
        tolerance: how large it may be.
        figure: the file, of an example that is drawn.
    """

    number: int
    what: str
    expected: str
    ours: str
    off: float
    tolerance: float = PRINTED
    figure: Path | None = None

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance; a NaN is not."""
        return self.off <= self.tolerance


@dataclass(frozen=True)
class Published:
    """An example with a number, or one number an element, in print."""

    number: int
    what: str
    loss: keras.losses.Loss
    labels: Any
    predictions: Any
    printed: Any
    sample_weight: Any = None

    def ours(self) -> np.ndarray:
        """The same, computed here."""
        weights = None if self.sample_weight is None else np.array(self.sample_weight, float)
        value = self.loss(np.array(self.labels, float), np.array(self.predictions, float), sample_weight=weights)
        return np.asarray(keras.ops.convert_to_numpy(value), float)

    def line(self) -> Line:
        """The example as a line of the table."""
        ours, printed = self.ours(), np.array(self.printed, float)
        if ours.shape != printed.shape:
            return Line(self.number, self.what, f"shape {printed.shape}", f"shape {ours.shape}", np.inf)
        more = " ..." if printed.ndim else ""
        return Line(
            self.number,
            self.what,
            f"{printed.flat[0]}{more}",
            f"{ours.flat[0]:#.9g}",
            relative_difference(ours, printed),
        )


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
    Published(1, "raw formula", _custom("keras2"), [[1], [0], [1]], [[0], [0], [1]], 5.14164949),
    Published(2, "by Keras 2", _custom("keras2"), [1, 1, 1], [1, 1, 0], 5.1416497),
    Published(2, "by Keras 3, custom", _custom("clipped"), [1, 1, 1], [1, 1, 0], 5.3726983),
    Published(2, "by Keras 3, built-in", _builtin(), [1, 1, 1], [1, 1, 0], 5.3726983),
    # It clips, and adds nothing. In float64, as NumPy computed it.
    Published(
        3,
        "the asker's sum",
        _custom("clipped", reduction="sum", dtype="float64"),
        [[1], [1], [1]],
        [[1], [1], [0]],
        16.11809585,
    ),
    Published(4, "one row of three", _custom("keras2"), [[1, 1, 1]], [[1, 1, 0]], 5.14164949),
    Published(5, "several outputs, custom", _custom("clipped"), _rain, _forecast, 0.8117073),
    Published(5, "several outputs, on logits", _custom("logits"), _rain, _forecast, 0.8117073),
    Published(5, "several outputs, built-in", _builtin(), _rain, _forecast, 0.8117073),
    Published(6, "from logits, custom", losses.CustomLoss(), _pairs, _logits, 25.934202),
    Published(6, "from logits, built-in", _builtin(from_logits=True), _pairs, _logits, 25.934202),
    Published(7, "sample weights, custom", losses.CustomLoss(), _pairs, _logits, 17.03684, [0.8, 0.2]),
    Published(7, "sample weights, built-in", _builtin(from_logits=True), _pairs, _logits, 17.03684, [0.8, 0.2]),
    Published(8, "element by element", losses.CustomLoss(reduction=None), _eight_y, _eight_z, _eight),
    Published(9, "soft labels as meant", losses.CustomLoss(reduction=None), [0, 1, 1, 0], [0, -1, 1, 0], _soft),
    Published(10, "sparse categorical", _sparse(), [0, 1], [[1, 0.32, 1], [0, 1, 0.23]], 0.5242908),
    Published(11, "saturated, Keras 3", _custom("clipped"), _pairs, [[0.9, 1], [0.3, 1]], 4.3129296),
    Published(11, "saturated, built-in", _builtin(), _pairs, [[0.9, 1], [0.3, 1]], 4.3129296),
    # In float64: float32 has no 1 - 1e-7, and gives 4.160643.
    Published(11, "saturated, Keras 2", _custom("keras2", dtype="float64"), _pairs, [[0.9, 1], [0.3, 1]], 4.1835703),
    Published(12, "step by step", _custom("logits", dtype="float64"), [0, 1, 0, 0], [0.1, 0.95, 0.2, 0.6], 0.32402205),
)


def as_printed() -> Line:
    """Example 9 as the article prints it: 4 labels for 8 logits, which TensorFlow refuses and so do we."""
    try:
        value = losses.CustomLoss()(np.array([0.0, 1.0, 1.0, 0.0]), np.array(_eight_z, float))
    except ValueError as refusal:
        named = "(4,)" in str(refusal) and "(8,)" in str(refusal)
        return Line(9, "4 labels for 8 logits", "refused", "refused", 0.0 if named else np.inf)
    return Line(9, "4 labels for 8 logits", "refused", f"{float(value):#.9g}", np.inf)
