"""The comparison of a sweep's runs, for people: table, figures, page."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
