"""Relatives of the focal loss: asymmetric focusing, and one more term of cross-entropy's series.

Notation: z logit, p = sigmoid(z), y label in [0, 1], q = y p + (1-y)(1-p) the probability of the true class.
"""

from __future__ import annotations

from typing import Any, Unpack

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit

from losses.base import Hyperparameter, LossArguments, SigmoidLoss, Tensor
from losses.crossentropy import crossentropy, miss
from losses.focal import log_share, power


@keras.saving.register_keras_serializable("losses")
class AsymmetricLoss(SigmoidLoss):
    """Focusing for positives and negatives apart, and easy negatives dropped (Ridnik et al. 2021, equations 4 to 7):
    -y (1-p)^gamma_pos log p - (1-y) m^gamma_neg log(1-m), m = max(p - margin, 0).

    Negatives with p below the margin cost nothing at all: mislabelled or trivially easy ones stop pulling.

    Use it where negatives are plenty and easy. No inverse map: below the margin probabilities have no meaning, and
    evaluation calibrates on validation instead. Per example.

    Args:
        gamma_neg: focusing of negatives, >= 0.
        gamma_pos: focusing of positives, >= 0.
        margin: probability shift of negatives, in [0, 1).
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.AsymmetricLoss()([1.0, 0.0], [0.0, 0.0])):.6f}")
        0.185544
    """

    gamma_neg: Hyperparameter
    gamma_pos: Hyperparameter
    margin: Hyperparameter

    def __init__(
        self,
        gamma_neg: Hyperparameter = 4.0,
        gamma_pos: Hyperparameter = 1.0,
        margin: Hyperparameter = 0.05,
        **arguments: Unpack[LossArguments],
    ) -> None:
        super().__init__(gamma_neg=gamma_neg, gamma_pos=gamma_pos, margin=margin, **arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        gamma_neg, gamma_pos, margin = (self.constant(name, logits) for name in ("gamma_neg", "gamma_pos", "margin"))
        log_p, log_not_p = -crossentropy(1, logits), -crossentropy(0, logits)
        positive = ops.exp(gamma_pos * log_not_p) * -log_p
        with np.errstate(divide="ignore"):
            log_of_margin = np.maximum(np.log(self.margin), -1e30)  # margin 0: far below any logit, but finite
        log_margin = ops.convert_to_tensor(log_of_margin, logits.dtype)
        # 1-m = (1-p) + margin, at most 1. Far right 1-p vanishes, its logarithm does not: the sum is of logarithms,
        # written out because ops.logaddexp computes in float32 under JAX whatever it is given.
        log_rest = ops.maximum(log_not_p, log_margin) + ops.log1p(ops.exp(-ops.abs(log_not_p - log_margin)))
        # Not `power`, which is slow for exponents such as 4.
        negative = ops.exp(gamma_neg * log_share(miss(0, logits) - margin)) * ops.relu(-log_rest)
        return labels * positive + (1 - labels) * negative


@keras.saving.register_keras_serializable("losses")
class Poly1Loss(SigmoidLoss):
    """Cross-entropy or focal loss with its leading polynomial term enlarged (Leng et al. 2022, equations 5, 6):
    focal(gamma) + epsilon (1-q)^(gamma+1).

    Cross-entropy is the series sum of (1-q)^j / j; epsilon changes the weight of its first term. epsilon > 0 pushes
    confidence, epsilon in (-1, 0) restrains it.

    Use it as a cheap one-number search around cross-entropy. Minimiser: closed form, see `debias`. Per example.

    Args:
        epsilon: > -1 (at and below -1 the leading term has the wrong sign).
        gamma: focusing, >= 0.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.Poly1Loss(epsilon=1.0)([1.0, 0.0], [0.0, 0.0])):.6f}")
        1.193147
    """

    epsilon: Hyperparameter
    gamma: Hyperparameter

    def __init__(
        self, epsilon: Hyperparameter = 1.0, gamma: Hyperparameter = 0.0, **arguments: Unpack[LossArguments]
    ) -> None:
        super().__init__(epsilon=epsilon, gamma=gamma, **arguments)

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        return {"epsilon": self.epsilon, **({"gamma": self.gamma} if np.any(self.gamma) else {})}

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        gamma = self.constant("gamma", logits)
        missed = miss(labels, logits)
        return power(missed, gamma) * (crossentropy(labels, logits) + self.constant("epsilon", logits) * missed)

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """eta with odds l0'(z) / -l1'(z), both slopes in closed form.

        -l1'(z) = t^gamma (t + gamma p softplus(-z) + epsilon (gamma+1) t p), t = 1-p; l0'(z) is the same at -z.
        """
        z = np.asarray(logits, float)
        gamma, epsilon = np.asarray(self.gamma, float), np.asarray(self.epsilon, float)

        def log_slope(z: np.ndarray) -> np.ndarray:  # log -l1', with t^(gamma+1) taken out
            ratio = np.where(z > 40, 1.0, np.logaddexp(0, -z) / expit(-np.minimum(z, 40)))  # softplus(-z) / t
            return (gamma + 1) * log_expit(-z) + np.log1p(expit(z) * (gamma * ratio + epsilon * (gamma + 1)))

        return expit(log_slope(-z) - log_slope(z))
