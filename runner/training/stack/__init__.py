"""K runs trained as one: the same network, data and optimizer class; weights, losses, rates and seeds of their own."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
