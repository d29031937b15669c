"""Searches: Optuna chooses the jobs of a sweep. Loaded on first use, because Hydra reads its plugins on every start."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
