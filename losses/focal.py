"""Focal loss: cross-entropy that fades for examples already classified well."""

from __future__ import annotations

from typing import Any, Unpack

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import expit

from losses.base import Hyperparameter, LossArguments, SigmoidLoss, Tensor
from losses.crossentropy import crossentropy, miss

# Below this the power is flat. float32's smallest normal number is 1.2e-38: what is smaller may be flushed to 0,
# and 0 ** gamma has an infinite slope for gamma < 1 (Keras's own focal loss gives NaN there).
_SMALLEST = 1e-37


def focal_crossentropy(labels: Tensor, logits: Tensor, gamma: Tensor) -> Tensor:
    """(1-q)^gamma times the cross-entropy, q = y p + (1-y)(1-p) (Lin et al. 2017, equation 4).

    Value and gradient are finite for every gamma >= 0 at any logit.

    Args:
        labels, logits: tensors of one shape.
        gamma: >= 0, broadcast against them.

    Returns:
        Tensor of the broadcast shape.
    """
    return power(miss(labels, logits), gamma) * crossentropy(labels, logits)


def power(base: Tensor, exponent: Tensor) -> Tensor:
    """base^exponent for base in [0, 1] and exponent >= 0, with a finite gradient at 0 as well.

    Compilers multiply constant exponents of 0, 1, 2 and 3 out; others make a focal loss two to three
    times as expensive.
    """
    return ops.power(ops.maximum(base, _SMALLEST), exponent)


def log_share(share: Tensor) -> Tensor:
    """log of a number in [0, 1], with a finite value and gradient at 0 as well."""
    return ops.log(ops.maximum(share, _SMALLEST))


def focal_log_odds(logits: ArrayLike, gamma: Hyperparameter) -> np.ndarray:
    """Log odds of P(y=1|x) behind logits that minimise the focal loss (Charoenphakdee et al. 2021).

    The odds are phi'(1-p) / phi'(p), phi(p) = (1-p)^gamma log p; in logarithms, so that they keep their digits:
    (gamma-1) z + log(exp(z) + gamma softplus(z)) - log(exp(-z) + gamma softplus(-z)).

    Args:
        logits: any shape.
        gamma: >= 0.

    Returns:
        float64 array.
    """
    z = np.asarray(logits, float)
    with np.errstate(divide="ignore"):  # gamma = 0 means log 0 = -inf, and that is right
        log_gamma = np.log(gamma)
    rising = np.logaddexp(z, log_gamma + log_softplus(z))
    falling = np.logaddexp(-z, log_gamma + log_softplus(-z))
    return (np.asarray(gamma) - 1) * z + rising - falling


@keras.saving.register_keras_serializable("losses")
class FocalLoss(SigmoidLoss):
    """Focal loss of Lin et al. 2017: a (1-q)^gamma BCE, q the probability given to the true class.

    Articles mean different things by alpha, so it must be named:

    - `balanced`: positives get alpha, negatives 1-alpha (the paper's alpha_t; torchvision; Keras with
      `apply_class_balancing=True`).
    - `positives`: positives get alpha, negatives 1.
    - `uniform`: every term is multiplied by alpha: a learning rate in disguise.
    - `none`: alpha is not used (Keras's default).

    Use it where easy negatives swamp the loss. gamma = 0 is cross-entropy, gamma > 0 under-confident: probabilities
    move towards one half (gamma 2 turns 0.01 into 0.15), so tune the threshold or un-bias. Per example.

    Args:
        gamma: focusing, >= 0; the paper's best was 2.
        alpha: in [0, 1].
        alpha_mode: `balanced`, `positives`, `uniform` or `none`.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.FocalLoss(gamma=2.0)([1.0, 0.0], [0.0, 0.0])):.6f}")
        0.173287
    """

    gamma: Hyperparameter
    alpha: Hyperparameter
    alpha_mode: str

    def __init__(
        self,
        gamma: Hyperparameter = 2.0,
        alpha: Hyperparameter = 0.25,
        alpha_mode: str = "none",
        **arguments: Unpack[LossArguments],
    ) -> None:
        super().__init__(gamma=gamma, alpha=alpha, alpha_mode=alpha_mode, **arguments)

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        return {"gamma": self.gamma} if self.alpha_mode == "none" else super().in_force

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        losses = focal_crossentropy(labels, logits, self.constant("gamma", logits))
        if self.alpha_mode == "none":
            return losses
        alpha = self.constant("alpha", logits)
        if self.alpha_mode == "uniform":
            return alpha * losses
        of_negatives = 1 - alpha if self.alpha_mode == "balanced" else 1
        return (labels * alpha + (1 - labels) * of_negatives) * losses

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """P(y=1|x): `focal_log_odds` less the log of alpha over the negatives' factor, as a probability."""
        log_odds = focal_log_odds(logits, self.gamma)
        with np.errstate(divide="ignore"):  # alpha in {0, 1}: one class is not learnt, and its probability is 0
            if self.alpha_mode in ("balanced", "positives"):
                log_odds = log_odds - np.log(self.alpha)
            if self.alpha_mode == "balanced":
                log_odds = log_odds + np.log1p(-np.asarray(self.alpha))
        return expit(log_odds)


def log_softplus(z: np.ndarray) -> np.ndarray:
    """log(log(1 + exp(z))); far left softplus(z) is exp(z) to the last digit, and would round to 0."""
    return np.where(z < -40, z, np.log(np.logaddexp(0, np.maximum(z, -40))))
