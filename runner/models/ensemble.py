"""Several networks as one, which says the mean of their logits."""

from __future__ import annotations

from runner.models.keras_runtime import keras

from collections.abc import Sequence

from runner.models.network import Network


def mean_network(members: Sequence[Network], *, own_inputs: bool) -> Network:
    """One network whose logit is the mean of its members' logits, in float32.

    Args:
        members: at least two; their layers and weights become the ensemble's.
        own_inputs: whether each has inputs of its own, which stand behind each other in the order of the members, as
            those of several preprocessings do; else all take the same inputs.
    """
    widths = [int(each.logits.input_shape[1]) for each in members]
    inputs = keras.Input((sum(widths) if own_inputs else widths[0],), name="inputs")
    outputs, start = [], 0
    for number, (each, width) in enumerate(zip(members, widths, strict=True)):
        own = inputs[:, start : start + width] if own_inputs else inputs
        member = keras.Model(each.logits.input, each.logits.output, name=f"member_{number}")
        outputs.append(member(own))
        start += width
    logit = keras.layers.Average(dtype="float32", name="logit")(outputs)
    probability = keras.layers.Activation("sigmoid", dtype="float32", name="probability")(logit)
    return Network(keras.Model(inputs, logit, name="logits"), keras.Model(inputs, probability, name="probabilities"))
