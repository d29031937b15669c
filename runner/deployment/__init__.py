"""Models in use: found, promoted, applied to files. What loads Keras or MLflow is loaded when it is first asked for."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
