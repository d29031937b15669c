"""Where data comes from. Each loader returns a checked Dataset; a config names one with ``_target_``.

The loaders are listed in `__init__.pyi` and loaded on first use: none waits for the libraries of another.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
