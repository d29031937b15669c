"""Losses that forgive wrong labels.

Notation: z logit, p = sigmoid(z), y label in [0, 1], sp(z) = softplus(z) = log(1 + exp(z)).
"""

from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import expit

from losses.base import Hyperparameter, LossArguments, SigmoidLoss, Tensor
from losses.crossentropy import crossentropy, miss


@keras.saving.register_keras_serializable("losses")
class GeneralizedCrossEntropyLoss(SigmoidLoss):
    """(1 - p_y^q) / q, between cross-entropy (q to 0) and absolute error (q = 1) (Zhang and Sabuncu 2018, equation 6).

    An example the network strongly disbelieves pulls less and less: with wrong labels that is right, with rare
    positives it may be the positives that are disbelieved. Minimiser: z = logit P(y=1|x) / (1-q) for q < 1.
    Soft labels weigh the two classes' losses. Per example.

    Args:
        q: in (0, 1]; the paper's 0.7.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.GeneralizedCrossEntropyLoss(q=0.7)([1.0, 0.0], [0.0, 0.0])):.6f}")
        0.549183
    """

    q: Hyperparameter

    def __init__(self, q: Hyperparameter = 0.7, **arguments: Unpack[LossArguments]) -> None:
        super().__init__(q=q, **arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        q = self.constant("q", logits)
        positive, negative = (-ops.expm1(-q * crossentropy(label, logits)) / q for label in (1, 0))
        return labels * positive + (1 - labels) * negative

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """sigmoid((1-q) z); at q = 1 every probability is one half: absolute error only tells the larger class."""
        return expit((1 - np.asarray(self.q)) * np.asarray(logits, float))


@keras.saving.register_keras_serializable("losses")
class SymmetricCrossEntropyLoss(SigmoidLoss):
    """alpha BCE + beta reverse BCE, -p log y - (1-p) log(1-y) with A for log 0 (Wang et al. 2019, equations 5, 6).

    The reverse part, -A |y - p| for hard labels, is absolute error, which wrong labels move little; cross-entropy keeps
    it learning. Minimiser: closed form, see `debias`. Per example.

    Args:
        alpha: > 0; the paper's 0.1 (for ten classes).
        beta: >= 0.
        log_zero: A < 0; the paper's -4.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.SymmetricCrossEntropyLoss(alpha=0.1)([1.0, 0.0], [0.0, 0.0])):.6f}")
        2.069315
    """

    alpha: Hyperparameter
    beta: Hyperparameter
    log_zero: Hyperparameter

    def __init__(
        self,
        alpha: Hyperparameter = 0.1,
        beta: Hyperparameter = 1.0,
        log_zero: Hyperparameter = -4.0,
        **arguments: Unpack[LossArguments],
    ) -> None:
        super().__init__(alpha=alpha, beta=beta, log_zero=log_zero, **arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        log_zero = self.constant("log_zero", logits)
        log_label, log_other = (ops.maximum(ops.log(share), log_zero) for share in (labels, 1 - labels))
        reverse = -miss(0, logits) * log_label - miss(1, logits) * log_other
        return self.constant("alpha", logits) * crossentropy(labels, logits) + self.constant("beta", logits) * reverse

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """eta with odds l0'(z) / -l1'(z) = p (alpha - beta A (1-p)) / ((1-p) (alpha - beta A p))."""
        z = np.asarray(logits, float)
        alpha, reverse = np.asarray(self.alpha), -np.asarray(self.beta) * np.asarray(self.log_zero)
        return expit(z + np.log(alpha + reverse * expit(-z)) - np.log(alpha + reverse * expit(z)))


@keras.saving.register_keras_serializable("losses")
class BootstrapLoss(SigmoidLoss):
    """Cross-entropy against a mixture of the label and the network's own opinion (Reed et al. 2015, equations 6, 7):
    beta y + (1-beta) p if `soft`, and the decision p >= 1/2 for p if `hard`.

    Where label and network disagree, the label counts less. With rare positives the network's first opinion is
    "negative": start it from trained weights, or expect harm.

    No inverse map is known; evaluation calibrates on validation instead. Per example.

    Args:
        beta: share of the label, in (0, 1]; 1 is cross-entropy. The paper's 0.95 for soft, 0.8 for hard.
        mode: `soft` or `hard`.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.BootstrapLoss()([1.0, 0.0], [2.0, -2.0])):.6f}")
        0.138848
    """

    beta: Hyperparameter
    mode: str

    def __init__(self, beta: Hyperparameter = 0.95, mode: str = "soft", **arguments: Unpack[LossArguments]) -> None:
        super().__init__(beta=beta, mode=mode, **arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        beta = self.constant("beta", logits)
        if self.mode == "soft":
            positive, negative = miss(0, logits), miss(1, logits)
        else:
            positive, negative = (ops.cast(side, logits.dtype) for side in (logits >= 0, logits < 0))
        # Both shares are added up, not one subtracted from 1, which would lose the digits of a confident opinion.
        return (beta * labels + (1 - beta) * positive) * crossentropy(1, logits) + (
            beta * (1 - labels) + (1 - beta) * negative
        ) * crossentropy(0, logits)
