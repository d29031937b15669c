"""Networks: backbones turn inputs into features, and `build_network` adds the sigmoid output.

The configs name backbones by their place here (`runner.models.mlp`). Keras loads with the first name that is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
