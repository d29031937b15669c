"""Where runs are recorded and read back: MLflow. The only room that imports it, and not before it is needed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
