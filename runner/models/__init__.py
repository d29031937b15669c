"""Network builders: each turns inputs into features, and `build_network` adds the sigmoid output."""

from runner.models.backbones import cnn, logistic, mlp
from runner.models.network import Network, build_network

__all__ = ["Network", "build_network", "cnn", "logistic", "mlp"]
