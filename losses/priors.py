"""Losses that correct for how rare positives are in the training data.

The priors are constructor arguments: pi, the share of positives, or n1 and n0, the counts of positives and negatives,
all of the training data. The runner hands them over; no author of a config could know them.

Notation: z logit, p = sigmoid(z), y label in [0, 1], sp(z) = softplus(z) = log(1 + exp(z)).
"""

from __future__ import annotations

import warnings
from typing import Any, Unpack

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit

from losses.base import Hyperparameter, LossArguments, SigmoidLoss, Tensor
from losses.crossentropy import crossentropy
from losses.focal import focal_crossentropy, focal_log_odds


def effective_number_weights(beta: Hyperparameter, n1: Hyperparameter, n0: Hyperparameter) -> tuple[Any, Any]:
    """(w1, w0) proportional to (1-beta)/(1-beta^n_c), normalised to sum 2 (Cui et al. 2019, equation 2).

    Args:
        beta: in [0, 1); 0 weighs both classes alike, near 1 by inverse frequency.
        n1, n0: counts of positives and negatives.
    """
    with np.errstate(divide="ignore"):  # beta = 0: log 0 = -inf, and 1 - exp(-inf) = 1 is right
        inverse = [-1 / np.expm1(np.asarray(n, float) * np.log(beta)) for n in (n1, n0)]
    total = inverse[0] + inverse[1]
    return 2 * inverse[0] / total, 2 * inverse[1] / total


class CountsLoss(SigmoidLoss):
    """A loss that is told how many positives and negatives the training data have.

    To write one, list `n1` and `n0` before the other hyper-parameters of the constructor, and pass all on.

    Args:
        n1, n0: counts of positives and negatives in the training data, at least 1.
        **arguments: the loss's other hyper-parameters, and those of `losses.base.LossArguments`.
    """

    n1: Hyperparameter
    n0: Hyperparameter

    def __init__(self, n1: Hyperparameter, n0: Hyperparameter, **arguments: Any) -> None:
        super().__init__(n1=n1, n0=n0, **arguments)

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`; the counts are the data's, and no setting."""
        return {name: value for name, value in super().in_force.items() if name not in ("n1", "n0")}

    @property
    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """(n1, n0), float64."""
        return np.asarray(self.n1, float), np.asarray(self.n0, float)


@keras.saving.register_keras_serializable("losses")
class ClassBalancedLoss(CountsLoss):
    """Cross-entropy, or focal loss, weighted by the effective number of examples (Cui et al. 2019, equations 2, 10):
    w_c = (1-beta)/(1-beta^n_c), normalised to sum 2.

    beta interpolates between no weights (0) and inverse frequency (towards 1): n near-identical examples are worth less
    than n times one. With gamma > 0 it weighs the focal loss.

    Use it instead of inverse-frequency weights where those make training unstable. Minimiser: that of cross-entropy
    (or focal loss), its log odds moved by log(w1/w0). Per example.

    Args:
        n1, n0: counts of positives and negatives in the training data, at least 1.
        beta: in [0, 1); the paper tries 0.9 to 0.9999.
        gamma: focusing, >= 0.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.ClassBalancedLoss(n1=10, n0=990, beta=0.99)([1.0, 0.0], [0.0, 0.0])):.6f}")
        0.693147
    """

    beta: Hyperparameter
    gamma: Hyperparameter

    def __init__(
        self,
        n1: Hyperparameter,
        n0: Hyperparameter,
        beta: Hyperparameter = 0.999,
        gamma: Hyperparameter = 0.0,
        **arguments: Unpack[LossArguments],
    ) -> None:
        super().__init__(n1=n1, n0=n0, beta=beta, gamma=gamma, **arguments)

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        return {name: value for name, value in super().in_force.items() if name != "gamma" or np.any(value)}

    @property
    def weights(self) -> tuple[Hyperparameter, Hyperparameter]:
        """(w1, w0)."""
        return effective_number_weights(self.beta, *self.counts)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        positive, negative = (ops.convert_to_tensor(weight, logits.dtype) for weight in self.weights)
        weights = labels * positive + (1 - labels) * negative
        return weights * focal_crossentropy(labels, logits, self.constant("gamma", logits))

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """The focal loss's map, and log(w1/w0) taken off."""
        positive, negative = self.weights
        return expit(focal_log_odds(logits, self.gamma) - np.log(positive) + np.log(negative))


@keras.saving.register_keras_serializable("losses")
class LogitAdjustedLoss(SigmoidLoss):
    """Cross-entropy at z + tau log(pi/(1-pi)) (Menon et al. 2021, equation 10); the raw z is what is served.

    The network is told the prior, so its own logit need not learn it: at tau = 1, z = 0 is the threshold of least
    balanced error, and 0.5 becomes a sensible one. Minimiser: z = logit P(y=1|x) - tau log(pi/(1-pi)). Per example.

    Args:
        pi: share of positives in the training data, in (0, 1).
        tau: >= 0; 0 is cross-entropy.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.LogitAdjustedLoss(pi=0.1)([1.0, 0.0], [0.0, 0.0])):.6f}")
        1.203973
    """

    pi: Hyperparameter
    tau: Hyperparameter

    def __init__(self, pi: Hyperparameter, tau: Hyperparameter = 1.0, **arguments: Unpack[LossArguments]) -> None:
        super().__init__(pi=pi, tau=tau, **arguments)

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        return {"tau": self.tau}

    @property
    def adjustment(self) -> Hyperparameter:
        """tau log(pi/(1-pi)), added to the logit in training."""
        pi = np.asarray(self.pi, float)
        return np.asarray(self.tau) * (np.log(pi) - np.log1p(-pi))

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        return crossentropy(labels, logits + ops.convert_to_tensor(self.adjustment, logits.dtype))

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """sigmoid(z + tau log(pi/(1-pi))): what training saw."""
        return expit(np.asarray(logits, float) + self.adjustment)


@keras.saving.register_keras_serializable("losses")
class VectorScalingLoss(CountsLoss):
    """Label-wise scale and shift of the logit (Kini et al. 2021, the binary VS-loss):
    y sp(i1 - d1 z) + (1-y) sp(i0 + d0 z), with d_c = (n_c / max(n1, n0))^gamma and i1 = tau log(n0/n1) = -i0.

    d scales, i shifts. gamma = 0 is logit adjustment, both 0 cross-entropy. The shift rules the first epochs, the scale
    the end of a training that separates the classes.

    Use it with networks that fit their training data perfectly, where weights alone have no effect any more.
    Minimiser: closed form, see `debias`. Per example.

    Args:
        n1, n0: counts of positives and negatives in the training data, at least 1.
        gamma: >= 0; the paper's experiments use 0.05 to 0.3.
        tau: >= 0.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.VectorScalingLoss(n1=10, n0=90, gamma=0.0)([1.0, 0.0], [0.0, 0.0])):.6f}")
        1.203973
    """

    gamma: Hyperparameter
    tau: Hyperparameter

    def __init__(
        self,
        n1: Hyperparameter,
        n0: Hyperparameter,
        gamma: Hyperparameter = 0.15,
        tau: Hyperparameter = 1.0,
        **arguments: Unpack[LossArguments],
    ) -> None:
        super().__init__(n1=n1, n0=n0, gamma=gamma, tau=tau, **arguments)

    @property
    def _scales_and_shift(self) -> tuple[Any, Any, Any]:
        """d1, d0, i1."""
        n1, n0 = self.counts
        largest = np.maximum(n1, n0)
        gamma, tau = np.asarray(self.gamma, float), np.asarray(self.tau, float)
        return (n1 / largest) ** gamma, (n0 / largest) ** gamma, tau * (np.log(n0) - np.log(n1))

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        d1, d0, i1 = (ops.convert_to_tensor(value, logits.dtype) for value in self._scales_and_shift)
        return labels * crossentropy(1, d1 * logits - i1) + (1 - labels) * crossentropy(0, d0 * logits - i1)

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """eta with odds l0'(z) / -l1'(z) = d0 sigmoid(d0 z - i1) / (d1 sigmoid(i1 - d1 z))."""
        z, (d1, d0, i1) = np.asarray(logits, float), self._scales_and_shift
        return expit(np.log(d0) + log_expit(d0 * z - i1) - np.log(d1) - log_expit(i1 - d1 * z))


@keras.saving.register_keras_serializable("losses")
class LDAMLoss(CountsLoss):
    """Label-distribution-aware margins (Cao et al. 2019, equation 13, for two classes):
    y sp(-s (z - m1)) + (1-y) sp(s (z + m0)), with m_c proportional to n_c^(-1/4) and the larger one `max_margin`.

    The rarer class must be right by more. The paper uses s = 30 with normalised features; on a plain logit s = 1 keeps
    the usual scale. With `drw_epoch` (deferred re-weighting, the paper's DRW) the classes are weighted by their
    effective numbers (beta = 0.9999) from that epoch on; a trainer tells the epoch by calling `begin_epoch`. Under JAX
    a compiled training step keeps the weights it was compiled with, and `begin_epoch` can only warn. Train up to that
    epoch, then `model.compile(model.optimizer, LDAMLoss(n1, n0, drw_epoch=0))`, and train on.

    Use it when few positives are over-fitted. Minimiser: closed form, see `debias`. Per example.

    Args:
        n1, n0: counts of positives and negatives in the training data, at least 1.
        max_margin: > 0.
        s: scale, > 0.
        drw_epoch: first epoch, from 0, that is weighted; None never.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.LDAMLoss(n1=1, n0=16)([1.0, 0.0], [0.0, 0.0])):.6f}")
        0.900008
    """

    max_margin: Hyperparameter
    s: Hyperparameter
    drw_epoch: int | None

    def __init__(
        self,
        n1: Hyperparameter,
        n0: Hyperparameter,
        max_margin: Hyperparameter = 0.5,
        s: Hyperparameter = 1.0,
        drw_epoch: int | None = None,
        **arguments: Unpack[LossArguments],
    ) -> None:
        super().__init__(n1=n1, n0=n0, max_margin=max_margin, s=s, drw_epoch=drw_epoch, **arguments)
        # A variable, because training has compiled the formula by the time the epoch comes.
        self._reweighted = keras.Variable(float(drw_epoch == 0), trainable=False, dtype="float32", name="reweighted")

    def begin_epoch(self, epoch: int) -> None:
        """Told by the trainer before each epoch; epochs count from 0.

        Warns:
            UserWarning: the weights change under JAX, where no compiled training step will see it.
        """
        reweighted = float(self.drw_epoch is not None and epoch >= self.drw_epoch)
        if keras.config.backend() == "jax" and reweighted != float(self._reweighted.value):
            warnings.warn(
                "Under JAX a compiled training step keeps the class weights LDAMLoss had when it was compiled: "
                f"from epoch {epoch} on, compile the model again with drw_epoch=0",
                stacklevel=2,
            )
        self._reweighted.assign(reweighted)

    @property
    def margins(self) -> tuple[Any, Any]:
        """(m1, m0)."""
        roots = [n**-0.25 for n in self.counts]
        largest = np.maximum(*roots)
        return np.asarray(self.max_margin) * roots[0] / largest, np.asarray(self.max_margin) * roots[1] / largest

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        m1, m0 = (ops.convert_to_tensor(margin, logits.dtype) for margin in self.margins)
        w1, w0 = (ops.convert_to_tensor(w, logits.dtype) for w in effective_number_weights(0.9999, *self.counts))
        s, on = self.constant("s", logits), ops.cast(self._reweighted, logits.dtype)
        positive = (1 + on * (w1 - 1)) * crossentropy(1, s * (logits - m1))
        negative = (1 + on * (w0 - 1)) * crossentropy(0, s * (logits + m0))
        return labels * positive + (1 - labels) * negative

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """eta with odds l0'(z) / -l1'(z) = w0 sigmoid(s (z + m0)) / (w1 sigmoid(-s (z - m1)))."""
        z, s, (m1, m0) = np.asarray(logits, float), np.asarray(self.s), self.margins
        w1, w0 = effective_number_weights(0.9999, *self.counts) if float(self._reweighted.value) else (1.0, 1.0)
        return expit(np.log(w0) + log_expit(s * (z + m0)) - np.log(w1) - log_expit(-s * (z - m1)))
