from .batches import batches_key as batches_key
from .losses import loss_key as loss_key
from .support import reason_unsupported as reason_unsupported
from .train import Member as Member
from .train import Stack as Stack
from .train import train_stack as train_stack
