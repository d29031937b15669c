"""Trainers: splits, a network and a loss in; history and weights out. Asking for a trainer loads TensorFlow."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
