"""Binary cross-entropy and its nearest relatives: from scratch, weighted, smoothed.

Notation: z logit, p = sigmoid(z), y label in [0, 1], softplus(z) = log(1 + exp(z)).
"""

from __future__ import annotations

from typing import Any, Unpack

import keras
import numpy as np
from keras import ops
from scipy.special import expit

from losses.base import Hyperparameter, LossArguments, SigmoidLoss, Tensor


def crossentropy(labels: Tensor, logits: Tensor) -> Tensor:
    """-y log p - (1-y) log(1-p) as y softplus(-z) + (1-y) softplus(z): exact at any logit.

    Args:
        labels, logits: tensors of one shape.

    Returns:
        Tensor of that shape.
    """
    return labels * ops.softplus(-logits) + (1 - labels) * ops.softplus(logits)


def clipped_crossentropy(labels: Tensor, logits: Tensor, *, added: float = 0.0) -> Tensor:
    """The textbook formula on probabilities clipped to [epsilon, 1 - epsilon].

    Away from saturation it equals `crossentropy`; beyond the clip the gradient is zero, so a confidently wrong
    example is never corrected.

    Args:
        labels, logits: tensors of one shape.
        added: added to the probability inside the logarithm: 0 in Keras 3, epsilon in Keras 2.

    Returns:
        Tensor of that shape.
    """
    epsilon = keras.config.epsilon()
    probabilities = ops.clip(ops.sigmoid(logits), epsilon, 1 - epsilon)
    return -labels * ops.log(probabilities + added) - (1 - labels) * ops.log(1 - probabilities + added)


@keras.saving.register_keras_serializable("losses")
class CustomLoss(SigmoidLoss):
    """Binary cross-entropy written from scratch, in the three forms that articles use.

    - `logits`: y softplus(-z) + (1-y) softplus(z), exact everywhere. Equal to Keras's built-in on logits.
    - `clipped`: -y log(c) - (1-y) log(1-c) with c = p clipped to [1e-7, 1-1e-7]: Keras 3 on probabilities.
    - `keras2`: the same with another 1e-7 added inside the logarithm, as Keras 2 did; older articles' numbers.

    The minimiser is P(y=1|x) itself: nothing to undo. Per example.

    Args:
        formula: `logits`, `clipped` or `keras2`.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import keras, losses
        >>> labels, probabilities = [1.0, 1.0, 1.0], [1.0, 1.0, 0.0]
        >>> print(f"{float(losses.CustomLoss('clipped', from_logits=False)(labels, probabilities)):.5f}")
        5.37270
        >>> print(f"{float(losses.CustomLoss('keras2', from_logits=False)(labels, probabilities)):.5f}")
        5.14165
    """

    formula: str

    def __init__(self, formula: str = "logits", **arguments: Unpack[LossArguments]) -> None:
        super().__init__(formula=formula, **arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        if self.formula == "logits":
            return crossentropy(labels, logits)
        return clipped_crossentropy(labels, logits, added=keras.config.epsilon() if self.formula == "keras2" else 0.0)

    def debias(self, logits: np.ndarray) -> np.ndarray:
        """sigmoid(z): cross-entropy is a proper score."""
        return expit(np.asarray(logits, float))


@keras.saving.register_keras_serializable("losses")
class WeightedLoss(SigmoidLoss):
    """Cross-entropy with class weights: w1 y softplus(-z) + w0 (1-y) softplus(z).

    `balanced=True` takes w1 = 1/(2 pi) and w0 = 1/(2 (1-pi)) instead (King and Zeng 2001; scikit-learn's
    `class_weight="balanced"`), so that both classes weigh the same in total. The same numbers as Keras's
    `class_weight`, but in the validation loss too, so that the two curves can be compared.

    Use it to move the operating point when a missed positive costs more than a false alarm, or to speed up the first
    epochs; it changes the ranking of examples little. Minimiser: z = logit P(y=1|x) + log(w1/w0). Per example.

    Args:
        positive_weight: w1 > 0.
        negative_weight: w0 > 0.
        balanced: weights from `pi`; the two weights above are then not used.
        pi: share of positives in the training data, in (0, 1); needed if `balanced`.
        **arguments: see `losses.base.LossArguments`.

    Raises:
        ValueError: `balanced` without `pi`, or a value out of range.

    Example:
        >>> import losses
        >>> print(f"{float(losses.WeightedLoss(positive_weight=2.0)([1.0, 0.0], [0.0, 0.0])):.6f}")
        1.039721
    """

    positive_weight: Hyperparameter
    negative_weight: Hyperparameter
    balanced: bool
    pi: Hyperparameter | None

    def __init__(
        self,
        positive_weight: Hyperparameter = 2.0,
        negative_weight: Hyperparameter = 1.0,
        balanced: bool = False,
        pi: Hyperparameter | None = None,
        **arguments: Unpack[LossArguments],
    ) -> None:
        if balanced and pi is None:
            raise ValueError("balanced=True needs `pi`, the share of positives in the training data. Received: pi=None")
        super().__init__(
            positive_weight=positive_weight,
            negative_weight=negative_weight,
            balanced=balanced,
            pi=pi,
            **arguments,
        )

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        if self.balanced:
            return {"balanced": True}
        return {"positive_weight": self.positive_weight, "negative_weight": self.negative_weight}

    @property
    def weights(self) -> tuple[Hyperparameter, Hyperparameter]:
        """(w1, w0), the weights in force."""
        if not self.balanced or self.pi is None:
            return self.positive_weight, self.negative_weight
        return 0.5 / self.pi, 0.5 / (1 - self.pi)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        positive, negative = (ops.convert_to_tensor(weight, logits.dtype) for weight in self.weights)
        return positive * labels * ops.softplus(-logits) + negative * (1 - labels) * ops.softplus(logits)

    def debias(self, logits: np.ndarray) -> np.ndarray:
        """sigmoid(z - log(w1/w0)) (Elkan 2001, theorem 2)."""
        positive, negative = self.weights
        return expit(np.asarray(logits, float) - np.log(positive) + np.log(negative))


@keras.saving.register_keras_serializable("losses")
class SmoothedLoss(SigmoidLoss):
    """Cross-entropy against smoothed labels y (1-s) + s/2 (Szegedy 2016, section 7; binary: two classes).

    s = 0.1 makes 0.95 and 0.05 of 1 and 0. It keeps logits finite and forgives some wrong labels; with few positives
    the pull towards one half is strong against their prevalence, so un-bias probabilities before you use them.
    Minimiser: p = P(y=1|x) (1-s) + s/2. Per example.

    Args:
        label_smoothing: s in [0, 1).
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.SmoothedLoss(0.1)([1.0, 0.0], [2.0, -2.0])):.6f}")
        0.226928
    """

    label_smoothing: Hyperparameter

    def __init__(self, label_smoothing: Hyperparameter = 0.1, **arguments: Unpack[LossArguments]) -> None:
        super().__init__(label_smoothing=label_smoothing, **arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        smoothing = self.constant("label_smoothing", logits)
        return crossentropy(labels * (1 - smoothing) + smoothing / 2, logits)

    def debias(self, logits: np.ndarray) -> np.ndarray:
        """(p - s/2) / (1-s), kept within [0, 1]: a network may overshoot what smoothed labels allow."""
        return np.clip((expit(np.asarray(logits, float)) - self.label_smoothing / 2) / (1 - self.label_smoothing), 0, 1)
