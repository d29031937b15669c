"""From a source of data to the three parts a network is trained, tuned and tested on.

The names are listed in `__init__.pyi` and loaded on first use: scikit-learn takes a second, and errors of a dataset or
of a split do not wait for it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
