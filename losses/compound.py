"""Two losses in one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import signature
from typing import Any, Unpack

import keras
import numpy as np
from numpy.typing import ArrayLike

from losses.base import Hyperparameter, SigmoidLoss, Tensor
from losses.catalogue import CATALOGUE, check_arguments
from losses.whole_batch import WholeBatchArguments, WholeBatchLoss, batch_mean

_GRID = np.linspace(-8, 8, 65)  # logits on which two inverse maps are compared


@keras.saving.register_keras_serializable("losses")
class CompoundLoss(WholeBatchLoss):
    """(1 - weight) times one loss plus weight times another: by default cross-entropy and Dice, as for rare positives
    in segmentation (Taghanaki et al. 2019; Isensee et al. 2021).

    The first keeps a gradient on every row, the second looks at the score of the batch. Use it where a loss of the
    whole batch is the aim but does not train alone. The two are not of one scale: look at both before choosing the
    weight. A loss of one row is averaged over the batch by its weights. Whole batch; as slow as the two together.

    Where both have the same inverse map (two proper scores have none to undo), it is that of their sum; else there is
    none. A batch without a positive is worth what the two are there.

    Args:
        first, second: a class in `losses` by name, `{loss: FocalLoss, gamma: 1.0}` with arguments, or an object.
        weight: share of the second, in [0, 1].
        pi, n1, n0: share of positives, counts of positives and negatives in the training data, for a loss that asks.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Raises:
        ValueError: there is no such loss, or it refuses its arguments.

    Example:
        >>> import losses
        >>> print(f"{float(losses.CompoundLoss()([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.263320
    """

    weight: Hyperparameter

    def __init__(
        self,
        first: Any = "CustomLoss",
        second: Any = "DiceLoss",
        weight: Hyperparameter = 0.5,
        pi: Hyperparameter | None = None,
        n1: Hyperparameter | None = None,
        n0: Hyperparameter | None = None,
        **arguments: Unpack[WholeBatchArguments],
    ) -> None:
        check_arguments("CompoundLoss", {"first": first, "second": second})
        self._parts = [_made(each, {"pi": pi, "n1": n1, "n0": n0}) for each in (first, second)]
        if any(getattr(part, "memory", 0) for part in self._parts):
            raise ValueError(f"A part of CompoundLoss has no memory of its own. Received: {first=}, {second=}")
        super().__init__(first=first, second=second, weight=weight, pi=pi, n1=n1, n0=n0, **arguments)

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`; a part without arguments by its name."""
        warmup = {name: value for name, value in super().in_force.items() if name == "warmup_epochs"}
        return {"first": _named(self.first), "second": _named(self.second), "weight": self.weight, **warmup}

    @property
    def stacked(self) -> bool:
        """See `SigmoidLoss.stacked`; also where a part is."""
        return super().stacked or any(part.stacked for part in self._parts)

    def begin_epoch(self, epoch: int) -> None:
        """See `WholeBatchLoss.begin_epoch`; hands the epoch on to parts that change with it too.

        A part does not warm up by itself: what counts is `warmup_epochs` of the whole.
        """
        super().begin_epoch(epoch)
        for part in self._parts:
            if hasattr(part, "begin_epoch"):
                part.begin_epoch(epoch)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        first, second = (_of_batch(part, labels, logits, weights) for part in self._parts)
        weight = self.constant("weight", logits)
        return (1 - weight) * first + weight * second

    def debias(self, logits: ArrayLike) -> np.ndarray | None:
        """That of both parts, where it is the same."""
        first, second = (part.debias(_GRID) for part in self._parts)
        if first is None or second is None or not np.allclose(first, second, rtol=1e-9, atol=0):
            return None
        return self._parts[0].debias(np.asarray(logits, float))

    def get_config(self) -> dict[str, Any]:
        """See `SigmoidLoss.get_config`; objects become what they are made from."""
        config = super().get_config()
        return {**config, **{side: _described(config[side]) for side in ("first", "second")}}


def _of_batch(part: SigmoidLoss, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
    """The part's loss of the batch, (..., 1)."""
    if isinstance(part, WholeBatchLoss):
        return part.of_batch(labels, logits, weights)
    return batch_mean(part.compute(labels, logits), weights)


def _made(part: Any, priors: Mapping[str, Any]) -> SigmoidLoss:
    """The loss that a name, a mapping or an object stands for, told the priors that it asks for."""
    if isinstance(part, SigmoidLoss):
        return part
    given = {"loss": part} if isinstance(part, str) else dict(part)
    name = str(given.pop("loss"))
    kind = getattr(import_module(CATALOGUE[name].module), name)
    asked = {key: value for key, value in priors.items() if key in signature(kind).parameters and value is not None}
    return kind(**{**asked, **given})


def _named(part: Any) -> str:
    described = _described(part)
    if isinstance(described, str):
        return described
    changes = [f"{key}={value}" for key, value in described.items() if key != "loss"]
    return " ".join([described["loss"], *changes])


def _described(part: Any) -> Any:
    """A name or mapping as it was given; of an object, its class and config."""
    if not isinstance(part, SigmoidLoss):
        return part
    config = {key: value for key, value in part.get_config().items() if key not in ("name", "dtype", "reduction")}
    return {"loss": type(part).__name__, **config}
