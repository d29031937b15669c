from .backbones import cnn as cnn
from .backbones import logistic as logistic
from .backbones import mlp as mlp
from .ensemble import mean_network as mean_network
from .features import features_of as features_of
from .network import Network as Network
from .network import build_network as build_network
from .saved_weights import saved_weights as saved_weights
