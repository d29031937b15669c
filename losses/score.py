"""Any score of the confusion matrix, made smooth: the expected score, or one of probabilities pushed to 0 and 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import pi
from typing import Any, Unpack

import keras
from keras import ops

from losses.base import Hyperparameter, Tensor
from losses.overlap import correlation
from losses.whole_batch import SMALLEST, WholeBatchArguments, WholeBatchLoss, batch_sum, soft_counts


@keras.saving.register_keras_serializable("losses")
class ScoreLoss(WholeBatchLoss):
    """1 minus a score of the batch's confusion matrix, with squashed probabilities for decisions (Marchetti et al.
    2022; Han et al. 2024; Bénédict et al. 2021).

    - `f1`, `fbeta`, `csi`: (1+b^2) TP / ((1+b^2) TP + b^2 FN + FP), b = 1 of f1; TP / (TP + FP + FN).
    - `balanced_accuracy`, `youden`, `g_mean`: of TPR and TNR the mean, the sum less 1, the root of the product.
    - `mcc`, `accuracy`: the Matthews correlation; (TP + TN) / rows.
    - `squash=identity`: p itself. A score that is linear in the table is then the expected one under a threshold that
      is uniform in [0, 1]. f1 is `DiceLoss` and mcc `SoftMCCLoss`, without `smooth`.
    - `squash=cosine`: the share of thresholds below p, raised-cosine distributed within `width` of 1/2 (Marchetti et
      al. 2022): (1 + d + sin(pi d) / pi) / 2, d = (p - 1/2) / width cut to [-1, 1].
    - `squash=sharp`: sigmoid(steepness (p - 1/2)) (Han et al. 2024): nearly a decision.

    Use it where one such score is the aim and batches are large. `cosine` with a small `width` and `sharp` see only the
    rows near 1/2: with rare positives, and a first bias of the prior, there are none (`model.bias_init=zero`). No
    inverse map: evaluation calibrates on validation. Whole batch, O(n).

    Without a positive the value is 1 for f1, fbeta, csi, mcc and g_mean, and the gradient 0; FPR/2 for
    balanced_accuracy, FPR for youden, and the share of false alarms for accuracy, which still push negatives down.

    Args:
        score: one of the above.
        squash: `identity`, `cosine` or `sharp`.
        beta: > 0, weight of recall in fbeta; not used by others.
        width: of cosine, in (0, 0.5].
        steepness: of sharp, > 0; the paper's 73.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.ScoreLoss('youden')([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.428804
    """

    score: str
    squash: str
    beta: Hyperparameter
    width: Hyperparameter
    steepness: Hyperparameter

    def __init__(
        self,
        score: str = "f1",
        squash: str = "identity",
        beta: Hyperparameter = 1.0,
        width: Hyperparameter = 0.5,
        steepness: Hyperparameter = 73.0,
        **arguments: Unpack[WholeBatchArguments],
    ) -> None:
        super().__init__(score=score, squash=squash, beta=beta, width=width, steepness=steepness, **arguments)

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        used = {"beta": self.score == "fbeta", "width": self.squash == "cosine", "steepness": self.squash == "sharp"}
        return {name: value for name, value in super().in_force.items() if used.get(name, True)}

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        shares = ops.divide_no_nan(weights, batch_sum(weights))
        table = soft_counts(labels, logits, shares, self._decisions(logits))
        # Scores without `beta` take its shape too: with array hyper-parameters there is one value a loss.
        beta = self.constant("beta", logits)
        return _DISTANCES[self.score](*table, beta) + ops.zeros_like(beta)

    def _decisions(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """How far each row is called positive, and how far negative: (..., batch) each, in [0, 1], of sum 1."""
        beyond_half = (ops.sigmoid(logits) - ops.sigmoid(-logits)) / 2  # p - 1/2
        width, steepness = self.constant("width", logits), self.constant("steepness", logits)
        like = ops.zeros_like(width + steepness)
        if self.squash == "sharp":
            return ops.sigmoid(steepness * beyond_half + like), ops.sigmoid(-steepness * beyond_half + like)
        if self.squash == "cosine":
            distance = ops.clip(beyond_half / width, -1.0, 1.0) + like
            return _cosine_share(distance), _cosine_share(-distance)
        return ops.sigmoid(logits + like), ops.sigmoid(-logits + like)


def _cosine_share(distance: Tensor) -> Tensor:
    """The raised cosine's distribution function on [-1, 1]; rounding must not make it negative."""
    # The sine by its series, to the last digit up to half a turn: ops.sin computes in float32 under JAX.
    square, series = (pi * distance) ** 2, ops.zeros_like(distance)
    for k in range(15, 0, -1):
        series = 1 - square * series / (2 * k * (2 * k + 1))
    return ops.maximum(1 + distance + distance * series, 0.0) / 2


def _fbeta(hits: Tensor, false_alarms: Tensor, misses: Tensor, _: Tensor, beta: Tensor) -> Tensor:
    errors = false_alarms + beta**2 * misses
    return errors / ops.maximum((1 + beta**2) * hits + errors, SMALLEST)


def _f1(hits: Tensor, false_alarms: Tensor, misses: Tensor, rejections: Tensor, beta: Tensor) -> Tensor:
    return _fbeta(hits, false_alarms, misses, rejections, ops.ones_like(beta))


def _csi(hits: Tensor, false_alarms: Tensor, misses: Tensor, _: Tensor, beta: Tensor) -> Tensor:
    errors = false_alarms + misses
    return errors / ops.maximum(hits + errors, SMALLEST)


def _youden(hits: Tensor, false_alarms: Tensor, misses: Tensor, rejections: Tensor, beta: Tensor) -> Tensor:
    of_positives, of_negatives = ops.maximum(hits + misses, SMALLEST), ops.maximum(false_alarms + rejections, SMALLEST)
    return misses / of_positives + false_alarms / of_negatives


def _balanced_accuracy(*table: Tensor) -> Tensor:
    return _youden(*table) / 2


def _g_mean(hits: Tensor, false_alarms: Tensor, misses: Tensor, rejections: Tensor, beta: Tensor) -> Tensor:
    recall = hits / ops.maximum(hits + misses, SMALLEST)
    specificity = rejections / ops.maximum(false_alarms + rejections, SMALLEST)
    # Two roots: the product would underflow first. A root has no slope at 0.
    roots = [ops.sqrt(ops.maximum(rate, SMALLEST)) for rate in (recall, specificity)]
    both_classes = ops.cast((hits + misses) * (false_alarms + rejections) > 0, hits.dtype)
    return 1 - both_classes * roots[0] * roots[1]


def _mcc(*table: Tensor) -> Tensor:
    return 1 - correlation(*table[:4])


def _accuracy(hits: Tensor, false_alarms: Tensor, misses: Tensor, rejections: Tensor, beta: Tensor) -> Tensor:
    return false_alarms + misses


# 1 - score, of (TP, FP, FN, TN) as shares of the batch, and beta
_DISTANCES: Mapping[str, Callable[..., Tensor]] = {
    "f1": _f1,
    "fbeta": _fbeta,
    "g_mean": _g_mean,
    "balanced_accuracy": _balanced_accuracy,
    "youden": _youden,
    "csi": _csi,
    "mcc": _mcc,
    "accuracy": _accuracy,
}
