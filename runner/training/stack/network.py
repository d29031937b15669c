"""A Keras network walked layer by layer with K sets of weights."""

from __future__ import annotations

from runner.training.runtime import keras, tf

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from keras.layers import InputLayer

from runner.training.stack.layers import STACKED, ForwardPass, unsupported_layer

Tensor = Any


class StackedNetwork:
    """K copies of a network, run together.

    Args:
        model: inputs (n, width) -> logits (n, 1); its own weights are not used.

    Raises:
        ValueError: a layer has no stacked form; says which.
    """

    def __init__(self, model: keras.Model) -> None:
        reason = unsupported_network(model)
        if reason:
            raise ValueError(reason)
        self._variables = list(model.weights)
        self._calls, self._output = _graph(model)
        self.trainable = [bool(variable.trainable) for variable in self._variables]
        tensors = [model.inputs[0], *(layer.output for layer, _ in self._calls)]
        self.widest = max(int(np.prod(tensor.shape[1:])) for tensor in tensors)
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
        tensors = [inputs]
        for layer, sources in self._calls:
            given = [tensors[source] for source in sources]
            tensors.append(STACKED[type(layer)](layer, given if len(given) > 1 else given[0], run))
        return tensors[self._output][..., 0], [run.values[key] for key in keys]


def _graph(model: keras.Model) -> tuple[list[tuple[keras.Layer, list[int]]], int]:
    """The layers in the order of computation, each with the numbers of its inputs; and the number of the output.

    Number 0 is the network's input, and i the output of the i-th layer, from 1.

    Raises:
        KeyError: a layer is used more than once, for `input` and `output` tell of its first use alone.
    """
    numbers = {id(model.inputs[0]): 0}
    calls = []
    for layer in _computing_layers(model):
        calls.append((layer, [numbers[id(tensor)] for tensor in keras.tree.flatten(layer.input)]))
        numbers[id(layer.output)] = len(calls)
    return calls, numbers[id(model.outputs[0])]


def _computing_layers(model: keras.Model) -> list[keras.Layer]:
    return [layer for layer in model.layers if not isinstance(layer, InputLayer)]


def _signature(model: keras.Model) -> Hashable:
    """Equal for networks that compute the same: the config, or the model itself where a function is a user's own.

    Keras's config tells of a function by its name alone.
    """
    functions = [getattr(layer, "activation", None) for layer in model.layers]
    if all(each is None or each.__module__.startswith("keras.") for each in functions):
        return str(model.get_config())
    return model


def unsupported_network(model: keras.Model) -> str | None:
    """Why a network cannot be stacked, in words, or None if it can."""
    if not hasattr(model, "operations") or len(model.inputs) != 1 or len(model.outputs) != 1:
        return "the network is no graph of layers with one input and one output"
    own = _computing_layers(model)
    if len(own) != len([each for each in model.operations if not isinstance(each, InputLayer)]):
        return "the network computes something outside layers"
    for layer in own:
        reason = unsupported_layer(layer)
        if reason:
            return reason
    try:
        _graph(model)
    except KeyError:
        uses = {layer["name"]: len(layer["inbound_nodes"]) for layer in model.get_config()["layers"]}
        again = [f"layer {name!r}" for name, count in uses.items() if count > 1]
        return f"{again[0] if again else 'a layer of another network'} is used more than once"
    return None


def stacked_weights(members: Sequence[Sequence[np.ndarray]]) -> list[tf.Tensor]:
    """(K, ...) tensors of the weights of K members, each in the order of `model.weights`."""
    return [tf.constant(np.stack(of_all)) for of_all in zip(*members, strict=True)]
