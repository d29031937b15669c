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
    """Predicts with the best weights of all members of a stack.

    Attributes:
        splits: of each member.
    """

    def __init__(
        self,
        network: StackedNetwork,
        weights: Sequence[Sequence[np.ndarray]],
        compiled: Programs,
        splits: Sequence[int],
    ) -> None:
        self._network, self._weights, self._compiled = network, stacked_weights(weights), compiled
        self.splits = splits

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """(K, n) float64 logits of (n, width) float32 inputs."""
        return predicted(self._network, self._weights, [inputs], self._compiled).astype(np.float64)

    def of_own(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Each member's float64 logits, of (n, width) float32 inputs of each split."""
        logits = predicted(
            self._network, self._weights, own_rows([inputs[split] for split in self.splits]), self._compiled
        )
        return [own[: len(inputs[split])].astype(np.float64) for own, split in zip(logits, self.splits, strict=True)]


def own_rows(inputs: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """One array where all members have the same one, so that it is not copied for each."""
    return inputs[:1] if all(each is inputs[0] for each in inputs) else inputs


def predicted(
    network: StackedNetwork, weights: Sequence[tf.Tensor], inputs: Sequence[np.ndarray], compiled: Programs
) -> np.ndarray:
    """(K, n) float32 logits, a few thousand rows at a time.

    Args:
        network, weights, compiled: of the K members.
        inputs: (rows, width) of each member, or of all. Of those with fewer than n rows the last logits mean nothing.
    """
    members, rows = weights[0].shape[0], max(map(len, inputs))
    most = max(1, FORWARD_FLOATS // (members * network.widest))
    size = min(most, -(-rows // PADDED_ROWS) * PADDED_ROWS)
    parts = []
    for start in range(0, rows, size):
        some = np.zeros((len(inputs), size, *inputs[0].shape[1:]), inputs[0].dtype)
        for own, given in zip(some, inputs, strict=True):
            there = given[start : start + size]
            own[: len(there)] = there
        parts.append(compiled.logits(list(weights), tf.constant(some)).numpy())
    return np.concatenate(parts, 1)[:, :rows]
