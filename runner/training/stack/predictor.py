"""Predictions of all members of a stack."""

from __future__ import annotations

from runner.training.runtime import tf

from collections.abc import Sequence

import numpy as np

from runner.training.stack.network import StackedNetwork, stacked_weights
from runner.training.stack.program import Programs

FORWARD_FLOATS = 8_000_000  # of the widest layer's activations at once
PADDED_ROWS = 64  # parts of nearly the same size are predicted by one program


class Predictor:
    """Predicts with the best weights of all members of a stack."""

    def __init__(self, network: StackedNetwork, weights: Sequence[Sequence[np.ndarray]], compiled: Programs) -> None:
        self._network, self._weights, self._compiled = network, stacked_weights(weights), compiled

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """(K, n) float64 logits of (n, width) float32 inputs."""
        return predicted(self._network, self._weights, inputs, self._compiled).astype(np.float64)


def predicted(
    network: StackedNetwork, weights: Sequence[tf.Tensor], inputs: np.ndarray, compiled: Programs
) -> np.ndarray:
    """(K, n) float32 logits of (n, width) inputs, a few thousand rows at a time."""
    members, rows = weights[0].shape[0], len(inputs)
    most = max(1, FORWARD_FLOATS // (members * network.widest))
    size = min(most, -(-rows // PADDED_ROWS) * PADDED_ROWS)
    parts = []
    for start in range(0, rows, size):
        some = inputs[start : start + size]
        if len(some) < size:
            some = np.concatenate([some, np.zeros((size - len(some), *some.shape[1:]), some.dtype)])
        parts.append(compiled.logits(list(weights), tf.constant(some)).numpy())
    return np.concatenate(parts, 1)[:, :rows]
