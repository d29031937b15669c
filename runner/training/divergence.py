"""Why training cannot go on, in one sentence: what, when, and where to look first."""

from __future__ import annotations


def bad_step(what: str, epoch: int, rate: float) -> str:
    """A step that was not taken.

    Args:
        what: `loss` or `gradient`, whichever was NaN or infinite first.
        epoch: from 1.
        rate: the learning rate.
    """
    if rate >= 0.1:
        cause = f"optimizer.learning_rate={rate:g} is high; try a tenth of it"
    elif what == "gradient":
        cause = "the loss's slope is infinite somewhere; train on logits (loss.from_logits=true) or change the loss"
    else:
        cause = (
            f"an unstable loss formula, extreme inputs, or optimizer.learning_rate={rate:g}; "
            "try a lower rate, and the same run with loss=builtin"
        )
    return f"the {what} became NaN or infinite in epoch {epoch}; the step was not taken. Likely cause: {cause}"


def bad_outputs(epoch: int) -> str:
    """A network whose outputs on the validation part are no numbers; `epoch` counts from 1."""
    return (
        f"the network's outputs became NaN or infinite in epoch {epoch}. "
        "Likely cause: optimizer.learning_rate is too high, or extreme inputs; try a tenth of the rate"
    )
