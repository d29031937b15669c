"""A Keras network walked layer by layer with K sets of weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras.layers import InputLayer

from runner.training.runtime import keras, tf
from runner.training.stack.layers import STACKED, ForwardPass, refusal

Tensor = Any


class StackedNetwork:
    """K copies of a network, run together.

    Args:
        model: inputs (n, width) -> logits (n, 1); its own weights are not used.

    Raises:
        ValueError: a layer has no stacked form; says which.
    """

    def __init__(self, model: keras.Model) -> None:
        reason = network_refusal(model)
        if reason:
            raise ValueError(reason)
        self._variables = list(model.weights)
        self._calls = [
            (layer, node.input_tensors, node.output_tensors[0])
            for layer in model.layers
            if not isinstance(layer, InputLayer)
            for node in layer._inbound_nodes[:1]
        ]
        self._input, self._output = model.inputs[0], model.outputs[0]
        self.trainable = [bool(variable.trainable) for variable in self._variables]
        self.widest = max(
            [int(np.prod(tensor.shape[1:])) for _, inputs, output in self._calls for tensor in (*inputs, output)]
        )
        self._model = model  # keeps its id its own
        self.signature = _signature(model)

    def __call__(
        self, weights: Sequence[Tensor], inputs: Tensor, *, training: bool, seeds: Tensor, step: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """Logits, and the weights with running statistics brought up to date.

        Args:
            weights: (K, ...) each, in the order of `model.weights`.
            inputs: (K, batch, width), or (1, batch, width) for rows that all members share.
            training, seeds, step: see `ForwardPass`.

        Returns:
            (K, batch) logits, and all weights again; only those that are not trainable differ.
        """
        keys = [id(variable) for variable in self._variables]
        run = ForwardPass(dict(zip(keys, weights, strict=True)), training=training, seeds=seeds, step=step)
        tensors = {id(self._input): inputs}
        for layer, sources, target in self._calls:
            given = [tensors[id(source)] for source in sources]
            tensors[id(target)] = STACKED[type(layer)](layer, given if len(given) > 1 else given[0], run)
        return tensors[id(self._output)][..., 0], [run.values[key] for key in keys]


def _signature(model: keras.Model) -> str:
    """Equal for networks that compute the same. Keras tells of a user's function by its name alone."""
    functions = [getattr(layer, "activation", None) for layer in model.layers]
    if all(each is None or each.__module__.startswith("keras.") for each in functions):
        return str(model.get_config())
    return f"model {id(model)}"


def network_refusal(model: keras.Model) -> str | None:
    """Why a network cannot be stacked, in words, or None if it can."""
    if not hasattr(model, "operations") or len(model.inputs) != 1 or len(model.outputs) != 1:
        return "the network is no graph of layers with one input and one output"
    own = [layer for layer in model.layers if not isinstance(layer, InputLayer)]
    if len(own) != len([each for each in model.operations if not isinstance(each, InputLayer)]):
        return "the network computes something outside layers"
    for layer in own:
        reason = refusal(layer)
        if reason:
            return reason
        calls = [node for node in layer._inbound_nodes if node.output_tensors]
        if len(calls) != 1:
            return f"layer {layer.name!r} is used more than once"
    return None


def stacked_weights(members: Sequence[Sequence[np.ndarray]]) -> list[tf.Tensor]:
    """(K, ...) tensors of the weights of K members, each in the order of `model.weights`."""
    return [tf.constant(np.stack(of_all)) for of_all in zip(*members, strict=True)]
