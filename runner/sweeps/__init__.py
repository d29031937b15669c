"""Many runs: what they share, what is done already, and how the whole ends. Hydra decides which jobs there are."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
