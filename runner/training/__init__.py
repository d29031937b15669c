"""Trainers: a task in; history and weights out. TensorFlow is loaded with the first trainer that is asked for."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
