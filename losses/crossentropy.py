"""Binary cross-entropy and its nearest relatives: from scratch, weighted, smoothed.

Notation: z logit, p = sigmoid(z), y label in [0, 1], softplus(z) = log(1 + exp(z)).
"""

from __future__ import annotations

from typing import Any, Unpack

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import expit

from losses.base import Hyperparameter, LossArguments, SigmoidLoss, Tensor


def folded(labels: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """The logit folded at 0: its distance |z|, and |y - d|, the share of the label against the decision d = [z >= 0].

    softplus and sigmoid of z and of -z are all made of one exp(-|z|), which a compiler computes once. |z| has slope 1
    at 0, and not 0 as in `ops.abs`: with it the slopes of the formulas here are right at 0 too.

    Args:
        labels: in [0, 1]; 1 or 0 for all positive, all negative.
        logits: tensor.

    Returns:
        Two tensors of the broadcast shape.
    """
    decision = ops.cast(logits >= 0, logits.dtype)
    return (2 * decision - 1) * logits, ops.abs(labels - decision)


def crossentropy(labels: Tensor, logits: Tensor) -> Tensor:
    """-y log p - (1-y) log(1-p) = y softplus(-z) + (1-y) softplus(z) = |y - d| |z| + log(1 + exp(-|z|)).

    No term is negative, so that no digits cancel: exact at any logit. `crossentropy(0, z)` is softplus(z).

    Args:
        labels, logits: see `folded`.

    Returns:
        Tensor of the broadcast shape.
    """
    distance, against = folded(labels, logits)
    return against * distance + ops.log1p(ops.exp(-distance))


def miss(labels: Tensor, logits: Tensor) -> Tensor:
    """1-q = y sigmoid(-z) + (1-y) sigmoid(z), the probability kept from the true class.

    All digits of small ones are there, where 1 - q would have none. `miss(0, z)` is p, `miss(1, z)` is 1-p.

    Args:
        labels, logits: see `folded`.

    Returns:
        Tensor of the broadcast shape.
    """
    distance, against = folded(labels, logits)
    fading = ops.exp(-distance)
    return (against + (1 - against) * fading) / (1 + fading)


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

    def debias(self, logits: ArrayLike) -> np.ndarray:
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
        return positive * labels * crossentropy(1, logits) + negative * (1 - labels) * crossentropy(0, logits)

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """sigmoid(z - log(w1/w0)) (Elkan 2001, theorem 2)."""
        positive, negative = self.weights
        return expit(np.asarray(logits, float) - np.log(positive) + np.log(negative))


@keras.saving.register_keras_serializable("losses")
class SmoothedLoss(SigmoidLoss):
    """Cross-entropy against labels pulled inwards: 1 becomes 1 - a, 0 becomes b (Szegedy et al. 2016, section 7, with
    a = b = s/2).

    s = 0.1 makes 0.95 and 0.05 of 1 and 0. One-sided smoothing sets a or b alone: `smooth_negative=0` where negatives
    are certain. It keeps logits finite and forgives some wrong labels; with few positives the pull of b is strong
    against their prevalence, so un-bias probabilities before you use them.
    Minimiser: p = P(y=1|x) (1-a-b) + b. Per example.

    Args:
        label_smoothing: s in [0, 1).
        smooth_positive: a in [0, 1); None takes s/2.
        smooth_negative: b in [0, 1); None takes s/2.
        **arguments: see `losses.base.LossArguments`.

    Raises:
        ValueError: a + b of 1 or more, which would swap the classes; or a value out of range.

    Example:
        >>> import losses
        >>> print(f"{float(losses.SmoothedLoss(0.1)([1.0, 0.0], [2.0, -2.0])):.6f}")
        0.226928
    """

    label_smoothing: Hyperparameter
    smooth_positive: Hyperparameter | None
    smooth_negative: Hyperparameter | None

    def __init__(
        self,
        label_smoothing: Hyperparameter = 0.1,
        smooth_positive: Hyperparameter | None = None,
        smooth_negative: Hyperparameter | None = None,
        **arguments: Unpack[LossArguments],
    ) -> None:
        super().__init__(
            label_smoothing=label_smoothing,
            smooth_positive=smooth_positive,
            smooth_negative=smooth_negative,
            **arguments,
        )
        if np.any(sum(self.pulls) >= 1):
            raise ValueError(
                "`smooth_positive` and `smooth_negative` must add up to less than 1. "
                f"Received: smooth_positive={self.pulls[0]}, smooth_negative={self.pulls[1]}"
            )

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        if self.smooth_positive is None and self.smooth_negative is None:
            return {"label_smoothing": self.label_smoothing}
        return {"smooth_positive": self.pulls[0], "smooth_negative": self.pulls[1]}

    @property
    def pulls(self) -> tuple[Any, Any]:
        """(a, b): by how much labels 1 and 0 are pulled inwards."""
        given = (self.smooth_positive, self.smooth_negative)
        half = np.asarray(self.label_smoothing) / 2
        positive, negative = (half if pull is None else np.asarray(pull) for pull in given)
        return positive, negative

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        positive, negative = (ops.convert_to_tensor(pull, logits.dtype) for pull in self.pulls)
        return crossentropy(labels * (1 - positive) + (1 - labels) * negative, logits)

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """(p - b) / (1-a-b), kept within [0, 1]: a network may overshoot what smoothed labels allow."""
        positive, negative = self.pulls
        return np.clip((expit(np.asarray(logits, float)) - negative) / (1 - positive - negative), 0, 1)


@keras.saving.register_keras_serializable("losses")
class SparseCategoricalLoss(SigmoidLoss):
    """The sigmoid's two probabilities [1-p, p] given to Keras's own sparse categorical cross-entropy.

    On paper and in value it is binary cross-entropy; it is here because articles train two-class problems with it.
    Labels must be 0 or 1: they are class numbers, and anything between is rounded. Per example.

    Args:
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.SparseCategoricalLoss()([1.0, 0.0], [2.0, -2.0])):.6f}")
        0.126928
    """

    def __init__(self, **arguments: Unpack[LossArguments]) -> None:
        super().__init__(**arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        two = ops.stack([ops.zeros_like(logits), logits], axis=-1)
        classes = ops.broadcast_to(ops.cast(ops.round(labels), "int32"), ops.shape(logits))
        return ops.sparse_categorical_crossentropy(classes, two, from_logits=True)

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """sigmoid(z): cross-entropy is a proper score."""
        return expit(np.asarray(logits, float))
