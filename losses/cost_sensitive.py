"""What decisions cost, in the loss."""

from __future__ import annotations

from typing import Any, Unpack

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import expit

from losses.base import Hyperparameter, LossArguments, SigmoidLoss, Tensor
from losses.crossentropy import crossentropy, miss


@keras.saving.register_keras_serializable("losses")
class CostSensitiveLoss(SigmoidLoss):
    """What errors cost, `cost_fn` y e(1, z) + `cost_fp` (1-y) e(0, z), with e the error of a row of either label.

    - `form=expected_cost`: e = 1-p and p. A row called positive with probability p costs as much on average, less a
      constant (Bahnsen et al. 2014, equation 5; Hoeppner et al. 2022).
    - `form=weighted`: e = -log p and -log(1-p), cross-entropy with the costs for weights.

    Where each row has costs of its own, they are its sample weight: of a positive what a miss costs more than a hit, of
    a negative what a false alarm costs. The runner makes them so of `dataset.cost_fn`, `cost_fp` and `gain_tp`.

    Use `expected_cost` where decisions are all that counts. It is bounded, so a row of huge cost that is surely wrong
    hardly pulls any more, and least where p is 1 for rows that are worth calling and 0 for others: no inverse map, and
    their order is left to chance. With rare positives and about equal costs that is to call none. Use `weighted` for
    probabilities that are sharper where costs are high; its minimiser is z = logit P(y=1|x) + log(cost_fn / cost_fp),
    and with costs of rows, their means at x in place of the two. Per example.

    Args:
        form: `expected_cost` or `weighted`.
        cost_fn: of a missed positive, above 0; None is 1.
        cost_fp: of a false alarm, above 0; None is 1.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> loss = losses.CostSensitiveLoss(cost_fn=10.0)
        >>> print(f"{float(loss([1.0, 0.0], [2.0, 0.0])):.6f}")
        0.846015
    """

    form: str
    cost_fn: Hyperparameter | None
    cost_fp: Hyperparameter | None

    def __init__(
        self,
        form: str = "expected_cost",
        cost_fn: Hyperparameter | None = None,
        cost_fp: Hyperparameter | None = None,
        **arguments: Unpack[LossArguments],
    ) -> None:
        super().__init__(form=form, cost_fn=cost_fn, cost_fp=cost_fp, **arguments)

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        return {name: value for name, value in super().in_force.items() if value is not None}

    @property
    def costs(self) -> tuple[np.ndarray, np.ndarray]:
        """Of a missed positive and of a false alarm, float64."""
        miss_costs, alarm_costs = (
            np.asarray(1.0 if cost is None else cost, float) for cost in (self.cost_fn, self.cost_fp)
        )
        return miss_costs, alarm_costs

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        error = miss if self.form == "expected_cost" else crossentropy
        of_miss, of_alarm = (ops.convert_to_tensor(cost, logits.dtype) for cost in self.costs)
        return of_miss * labels * error(1, logits) + of_alarm * (1 - labels) * error(0, logits)

    def debias(self, logits: ArrayLike) -> np.ndarray | None:
        """sigmoid(z - log(cost_fn / cost_fp)) if `weighted` (Elkan 2001, theorem 2), else None."""
        if self.form == "expected_cost":
            return None
        of_miss, of_alarm = self.costs
        return expit(np.asarray(logits, float) - np.log(of_miss) + np.log(of_alarm))
