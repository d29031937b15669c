"""What a stack can train; anything else is for `fit`."""

from __future__ import annotations

from runner.training.runtime import keras, tf

from runner.training.stack.network import unsupported_network
from runner.training.stack.optimizers import unsupported_optimizer


def reason_unsupported(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, precision: str, device: str
) -> str | None:
    """Why a run cannot be trained in a stack, in words; None if it can.

    Args:
        model: the network up to its logits.
        optimizer: fresh.
        precision, device: the trainer's settings.
    """
    if precision != "float32":
        return f"trainer.precision={precision} has no stacked form"
    if device != "cpu" and len(tf.config.list_logical_devices("GPU")) > 1:
        return "a stack trains on one device, and here are several GPUs"
    return unsupported_network(model) or unsupported_optimizer(optimizer)
