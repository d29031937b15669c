"""Positives and unlabelled rows: a label of 0 says that nobody has looked, and not that the row is negative."""

from __future__ import annotations

from typing import Any, Unpack

import keras
from keras import ops

from losses.base import Hyperparameter, Tensor
from losses.crossentropy import crossentropy, miss
from losses.whole_batch import WholeBatchArguments, WholeBatchLoss, batch_mean, batch_sum


@keras.saving.register_keras_serializable("losses")
class NNPULoss(WholeBatchLoss):
    """The non-negative risk of positives and unlabelled rows (Kiryo et al. 2017, equation 6):
    prior R1(+) + max(-beta, r) with r = R0(-) - prior R1(-). R1(+) is the mean loss of the rows of label 1 called
    positive, R1(-) that of the same rows called negative, R0(-) that of the unlabelled rows, label 0, called negative.

    - `surrogate=logistic`: the loss of a row is -log p called positive and -log(1-p) called negative.
    - `surrogate=sigmoid`: 1-p and p, the paper's, which is bounded. It learns the decision at one half alone: where
      positives are rare, that is to call all rows negative, and their order is left to chance.

    r estimates the risk of the negatives among the unlabelled rows. A network that fits the labels drives it below 0,
    which no risk can be. There the gradient is not that of the value, but gamma times that of -r (algorithm 1): the
    step goes back. So training does not end where the value is least in a batch.

    Use it where labels are missing, not wrong: rows of label 1 are surely positive, and a random sample of all
    positives. With `logistic`, p is then P(positive|x) of rows such as the unlabelled ones. It is not P(label = 1|x),
    which is what calibration on validation gives and all metrics of probabilities measure: no inverse map. Whole batch,
    O(n). Without a row of label 1 the value is R0(-), which pushes unlabelled rows down; without an unlabelled row it
    is prior R1(+). A soft label makes a row both in part.

    Args:
        prior: share of positives among the unlabelled rows, in (0, 1). The data do not tell it: it has to be known, or
            estimated otherwise.
        surrogate: `logistic` or `sigmoid`.
        beta: by how much r may be negative, at least 0.
        gamma: the share of a step back, in [0, 1].
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.NNPULoss(prior=0.1)([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.210038
    """

    prior: Hyperparameter
    surrogate: str
    beta: Hyperparameter
    gamma: Hyperparameter

    def __init__(
        self,
        prior: Hyperparameter = 0.1,
        surrogate: str = "logistic",
        beta: Hyperparameter = 0.0,
        gamma: Hyperparameter = 1.0,
        **arguments: Unpack[WholeBatchArguments],
    ) -> None:
        super().__init__(prior=prior, surrogate=surrogate, beta=beta, gamma=gamma, **arguments)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        prior, beta, gamma = (self.constant(name, logits) for name in ("prior", "beta", "gamma"))
        each = miss if self.surrogate == "sigmoid" else crossentropy
        labelled, unlabelled = weights * labels, weights * (1 - labels)
        positive = prior * batch_mean(each(1, logits), labelled)
        # Without unlabelled rows nothing is known of negatives.
        any_unlabelled = ops.cast(batch_sum(unlabelled) > 0, logits.dtype)
        of_labelled = prior * any_unlabelled * batch_mean(each(0, logits), labelled)
        negative = batch_mean(each(0, logits), unlabelled) - of_labelled
        back = ops.cast(negative < -beta, logits.dtype)
        step = (1 - back) * (positive + negative) - back * gamma * negative
        value = positive + ops.maximum(negative, -beta)
        return ops.stop_gradient(value) + (step - ops.stop_gradient(step))

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        usual = {"surrogate": "logistic", "beta": 0.0, "gamma": 1.0}
        return {name: value for name, value in super().in_force.items() if not _is(value, usual.get(name))}


def _is(value: Any, usual: Any) -> bool:
    return isinstance(value, str | float | int) and value == usual
