"""Proofs that run on the user's own machine: losses against references, and the published examples.

`check_losses` and `check_examples` return what they found; nothing here prints. TensorFlow loads with the first name
that needs it, quietly.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
