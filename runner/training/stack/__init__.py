"""K runs trained as one: the same network, data and optimizer class; weights, losses, rates and seeds of their own."""

from runner.training.stack.criteria import kind_of
from runner.training.stack.loop import Member, Stack, train_stack
from runner.training.stack.supported import why_not

__all__ = ["Member", "Stack", "kind_of", "train_stack", "why_not"]
