"""K runs trained as one: the same network, data and optimizer class; weights, losses, rates and seeds of their own."""

from runner.training.stack.losses import loss_key
from runner.training.stack.support import reason_unsupported
from runner.training.stack.train import Member, Stack, train_stack

__all__ = ["Member", "Stack", "loss_key", "reason_unsupported", "train_stack"]
