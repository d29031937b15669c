"""The fused launcher: the jobs of a sweep, grouped into stacks that train together."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
