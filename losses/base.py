"""The base class of all losses here: one formula on (labels, logits), and everything around it."""

from __future__ import annotations

import inspect
from typing import Any, TypedDict

import keras
import numpy as np
from keras import ops

from losses.catalogue import CATALOGUE, check_arguments

Tensor = Any  # a tensor of whichever backend Keras runs on
Hyperparameter = float | np.ndarray

FORMULAS = frozenset({"compute", "of_batch", "call", "__call__"})
"""Methods that make a loss another loss where a class defines them anew."""


class LossArguments(TypedDict, total=False):
    """The arguments every loss takes besides its own, all by keyword.

    from_logits: whether predictions are logits (default, exact) or probabilities, which are clipped to
        [epsilon, 1 - epsilon] as Keras does (epsilon = `keras.config.epsilon()`).
    reduction, name, dtype: as in `keras.losses.Loss`.
    """

    from_logits: bool
    reduction: str | None
    name: str | None
    dtype: Any


class SigmoidLoss(keras.losses.Loss):
    """A loss of a sigmoid output, written as one formula on labels and logits.

    To write one, pass the hyper-parameters on to this constructor, which checks them, keeps them as attributes and
    saves them with the model; then write `compute`::

        class ShiftedLoss(losses.SigmoidLoss):
            def __init__(self, shift=0.0, **arguments):
                super().__init__(shift=shift, **arguments)

            def compute(self, labels, logits):
                return keras.ops.softplus((1 - 2 * labels) * (logits + self.constant("shift", logits)))

    Predictions and labels have Keras's layout, (batch,) or (batch, outputs), and (batch,) meets (batch, 1) as one
    would expect (plain Keras broadcasts the two to (batch, batch) without a word). `compute` sees the batch on the
    last axis, (outputs, batch), so that hyper-parameters may be arrays: with `gamma=[[1.], [2.], [5.]]`, logits of
    shape (3, batch) are three losses in one call. Then the layout is (..., batch) throughout, outside as well.

    Args:
        from_logits, reduction, name, dtype: see `LossArguments`.
        **hyperparameters: numbers, arrays of numbers, words or flags.

    Raises:
        ValueError: a hyper-parameter outside the range in `losses.catalogue`.
        TypeError: an argument the loss does not have.
    """

    whole_batch = False
    """Whether the value belongs to the batch; see `losses.whole_batch.WholeBatchLoss`."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Takes `debias` off a class that has another formula than the one it undoes, unless it defines its own."""
        super().__init_subclass__(**arguments)
        if "debias" not in cls.__dict__ and not FORMULAS.isdisjoint(cls.__dict__):
            cls.debias = SigmoidLoss.debias  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        from_logits: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **hyperparameters: Any,
    ) -> None:
        # A subclass passes on what it does not know itself (`**arguments`), so a misspelt name arrives here.
        constructors = [inspect.signature(kind) for kind in type(self).__mro__ if issubclass(kind, SigmoidLoss)][:-1]
        parameters = [parameter for signature in constructors for parameter in signature.parameters.values()]
        own = dict.fromkeys(each.name for each in parameters if each.kind is not each.VAR_KEYWORD)
        unknown = [key for key in hyperparameters if key not in own]
        if unknown:
            known = ", ".join([*own, *LossArguments.__annotations__])
            raise TypeError(f"{type(self).__name__} has no argument `{unknown[0]}`; it has {known}")
        listed = next((kind.__name__ for kind in type(self).__mro__ if kind.__name__ in CATALOGUE), type(self).__name__)
        check_arguments(listed, {"from_logits": from_logits, **hyperparameters})
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = from_logits
        self._hyperparameters = tuple(hyperparameters)
        for key, value in hyperparameters.items():
            setattr(self, key, np.asarray(value, dtype=float) if isinstance(value, list | tuple) else value)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The loss of each example, not yet weighted or averaged.

        Args:
            labels: (..., batch), in [0, 1].
            logits: (..., batch).

        Returns:
            (..., batch) tensor.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `compute`")

    def debias(self, logits: np.ndarray) -> np.ndarray | None:
        """P(y=1|x) behind logits that minimise this loss, or None where no closed form is known.

        Weights, smoothing and focusing move the probability that minimises the loss away from P(y=1|x); this is the
        way back, in float64 NumPy. It belongs to the formula: a subclass with another `compute` has none, unless it
        writes its own.

        Args:
            logits: logits of a network trained under this loss, any shape.

        Returns:
            Probabilities of the same shape, or None.
        """
        return None

    @property
    def in_force(self) -> dict[str, Any]:
        """The hyper-parameters that matter as set, for names and legends; a loss leaves out those it does not use."""
        return {name: getattr(self, name) for name in self._hyperparameters}

    def constant(self, name: str, like: Tensor) -> Tensor:
        """The hyper-parameter `name` as a tensor of the type of `like`."""
        return ops.convert_to_tensor(getattr(self, name), dtype=like.dtype)

    @property
    def stacked(self) -> bool:
        """Whether a hyper-parameter is an array, so that the layout is (..., batch)."""
        return any(
            np.ndim(getattr(self, name) if getattr(self, name) is not None else 0) for name in self._hyperparameters
        )

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Losses in Keras's layout: (batch,), the mean over outputs; or (..., batch) with array hyper-parameters."""
        labels, predictions = self.aligned(y_true, y_pred)
        logits = predictions if self.from_logits else logits_of(predictions)
        if self.stacked or len(logits.shape) < 2:
            return self.compute(labels, logits)
        losses = self.compute(ops.moveaxis(labels, 0, -1), ops.moveaxis(logits, 0, -1))
        losses = ops.moveaxis(losses, -1, 0)
        # Not ops.mean, which under JAX computes in float32 whatever it is given.
        return ops.sum(losses, axis=-1) / ops.cast(ops.shape(losses)[-1], losses.dtype)

    def aligned(self, labels: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
        """Labels and predictions of one shape; raises ValueError where they could only be broadcast by accident."""
        labels, predictions = _tensor(labels), _tensor(predictions)
        shapes = tuple(labels.shape), tuple(predictions.shape)
        if not self.stacked and len(shapes[0]) == 1 and shapes[1][1:] == (1,):
            labels = ops.expand_dims(labels, -1)
        elif not self.stacked and len(shapes[1]) == 1 and shapes[0][1:] == (1,):
            predictions = ops.expand_dims(predictions, -1)
        # With array hyper-parameters leading axes may broadcast; the batch, on the last axis, never does.
        compared = slice(-1 if self.stacked else None, None)
        sizes = zip(labels.shape[compared], predictions.shape[compared], strict=False)
        other_rank = not self.stacked and len(labels.shape) != len(predictions.shape)
        if other_rank or any(a != b for a, b in sizes if a is not None and b is not None):
            raise ValueError(
                "Labels and predictions must have the same shape. "
                f"Received: labels of shape {shapes[0]}, predictions of shape {shapes[1]}"
            )
        return labels, predictions

    def get_config(self) -> dict[str, Any]:
        """Everything the constructor needs to make this loss again."""
        values = {name: getattr(self, name) for name in self._hyperparameters}
        lists = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}
        return {**super().get_config(), "dtype": self.dtype, "from_logits": self.from_logits, **lists}


def _tensor(values: Any) -> Tensor:
    """Values of any kind as a tensor: lists arrive as lists of tensors, and Keras leaves variables what they are."""
    tensor = ops.convert_to_tensor(values)
    if isinstance(tensor, keras.Variable):
        tensor = tensor.value
    return tensor.read_value() if hasattr(tensor, "read_value") else tensor  # a tf.Variable


def logits_of(probabilities: Tensor) -> Tensor:
    """Logits of probabilities clipped to [epsilon, 1 - epsilon]; the gradient is zero where the clip holds."""
    epsilon = keras.config.epsilon()
    clipped = ops.clip(probabilities, epsilon, 1 - epsilon)
    return ops.log(clipped) - ops.log(1 - clipped)


def only_slope(slope: Tensor, logits: Tensor) -> Tensor:
    """Zeros whose gradient by the logits is `slope`, on every backend; a value that has none gets it by adding them.

    Args:
        slope, logits: of shapes that broadcast; of the logits nothing but the gradient is used.
    """
    return ops.stop_gradient(slope) * (logits - ops.stop_gradient(logits))
