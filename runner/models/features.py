"""What a user's model gives back, as the features before the output layer, or a sentence that says why not."""

from __future__ import annotations

from runner.models.keras_runtime import keras

import logging
import re
from collections.abc import Callable
from typing import Any

from runner.errors import InputError
from runner.models.backbones import Tensor

log = logging.getLogger("runner.models")

OUTPUTS = ("sigmoid", "linear")
"""Activations of one unit that make it the output: a probability, or a logit."""
WAY_OUT = "return the last hidden tensor: the sigmoid output is added for you"


def features_of(model: Callable[[Tensor], Any], inputs: Tensor, name: str) -> Tensor:
    """(batch, any) the features of a user's model.

    A model or layer that was made and not called is called. A last layer of one unit, linear or sigmoid, is the output
    that the network has anyway, and is left out.

    Args:
        model: from the symbolic (batch, width) inputs to features, as a backbone; or a Keras model or layer.
        inputs: symbolic.
        name: as the config has it, for messages.

    Raises:
        InputError: what it gives is no such tensor.
    """
    found = _called(model, inputs, name)
    if isinstance(found, keras.Layer):  # a model that was built and not called, or a layer
        found = found.output if _is_graph_over(found, inputs) else _called(found, inputs, name)
    if found is None:
        raise InputError(f"{name} returns nothing: {WAY_OUT}")
    if not isinstance(found, keras.KerasTensor):
        raise InputError(f"{name} returns {_described(found)} instead of a Keras tensor: {WAY_OUT}")
    if len(found.shape) != 2:
        raise InputError(f"{name} returns a tensor of shape {found.shape}: flatten it to (batch, features)")
    if found is inputs:
        return found
    return _without_output(found, inputs, name)


def _called(model: Callable[[Tensor], Any], inputs: Tensor, name: str) -> Any:
    try:
        return model(inputs)
    except InputError:
        raise
    except (TypeError, ValueError) as problem:
        said = re.sub(r"\x1b\[[0-9;]*m", "", str(problem)).partition("Arguments received by")[0]
        raise InputError(f"{name}: {' '.join(said.split())}") from problem


def _is_graph_over(layer: Any, inputs: Tensor) -> bool:
    """Whether it is `keras.Model(inputs, ...)` over the very inputs it was given."""
    return isinstance(layer, keras.Model) and any(each is inputs for each in getattr(layer, "inputs", None) or ())


def _described(found: Any) -> str:
    kind = type(found)
    return f"a {kind.__name__}" if kind.__module__ == "builtins" else f"a {kind.__module__}.{kind.__name__}"


def _last_operation(tensor: Tensor, inputs: Tensor, name: str) -> Any:
    """The operation that computes the tensor; None where it is the inputs, or one of several outputs.

    Raises:
        InputError: it does not depend on the inputs.
    """
    try:
        operations = keras.Model(inputs, tensor).operations
    except ValueError as problem:
        raise InputError(
            f"{name} returns a tensor that is not computed from its inputs alone: build it from the argument"
        ) from problem
    for operation in reversed(operations):
        if _output(operation) is tensor:
            return operation
    return None


def _output(operation: Any) -> Any:
    """Of a layer that is used once; None of others, for which Keras does not say."""
    try:
        return operation.output
    except (AttributeError, ValueError):
        return None


def _without_output(tensor: Tensor, inputs: Tensor, name: str) -> Tensor:
    """The tensor before the output layer, where the model has one of its own."""
    last = _last_operation(tensor, inputs, name)
    if (
        isinstance(last, keras.Model) and len(getattr(last, "inputs", None) or ()) == 1
    ):  # a graph, not a class of its own
        inner = _without_output(last.outputs[0], last.inputs[0], name)
        return tensor if inner is last.outputs[0] else keras.Model(last.inputs[0], inner)(last.input)
    activation, kind = _activation(last), type(last).__name__
    if activation == "softmax" or kind == "Softmax":
        raise InputError(f"{name} ends in a softmax, and one sigmoid output is what a yes/no problem takes: {WAY_OUT}")
    if tensor.shape[-1] != 1:
        return tensor
    output = last
    if isinstance(last, keras.layers.Activation) and activation in OUTPUTS:
        output = _last_operation(last.input, inputs, name)
    if isinstance(output, keras.layers.Dense) and _activation(output) in OUTPUTS:
        log.warning("%s ends in an output layer, %s: the network's own sigmoid output takes its place", name, last.name)
        return output.input
    if activation == "sigmoid" or kind == "Sigmoid":
        raise InputError(f"{name} ends in a sigmoid, and a second one would follow it: {WAY_OUT}")
    return tensor


def _activation(operation: Any) -> str | None:
    """The name of a layer's activation; None where it has none."""
    return getattr(getattr(operation, "activation", None), "__name__", None)
