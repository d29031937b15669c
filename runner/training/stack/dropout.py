"""Which units dropout keeps: a pure function of seed, layer, step and position, so that no member disturbs another."""

from __future__ import annotations

from runner.training.runtime import tf

from typing import Any

import numpy as np

Tensor = Any


def keep_mask(seeds: Tensor, layer: int, step: Tensor, shape: tuple[int, ...], rate: float) -> Tensor:
    """Which units of K members are kept.

    The bits are a hash of (seed, layer, step, position), with an integer mixer of full avalanche instead of a random
    generator with a state: a generator's numbers would depend on how many members share the stack.

    Args:
        seeds: (K,) uint32.
        layer: the number of the dropout layer in the network.
        step: scalar int32.
        shape: of one member's activations, without the axis of the members.
        rate: share of units dropped, in (0, 1).

    Returns:
        (K, *shape) bool, True with probability 1 - rate.
    """
    size = int(np.prod(shape))
    stream = _mixed(_mixed(seeds) ^ _mixed(tf.cast(step, tf.uint32) * tf.constant(64, tf.uint32) + np.uint32(layer)))
    bits = _mixed(stream[:, None] ^ _mixed(tf.range(size, dtype=tf.int32))[None, :])
    return tf.reshape(bits >= np.uint32(min(rate * 2.0**32, 2.0**32 - 1)), (-1, *shape))


def _mixed(values: Tensor) -> Tensor:
    """The finaliser of MurmurHash3: every input bit changes every output bit with probability one half."""
    bits = tf.cast(values, tf.uint32)
    bits ^= tf.bitwise.right_shift(bits, np.uint32(16))
    bits *= np.uint32(0x85EBCA6B)
    bits ^= tf.bitwise.right_shift(bits, np.uint32(13))
    bits *= np.uint32(0xC2B2AE35)
    return bits ^ tf.bitwise.right_shift(bits, np.uint32(16))
