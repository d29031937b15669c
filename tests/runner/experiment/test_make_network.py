"""From a config's model to the network."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runner.errors import InputError
from runner.experiment.build import make_network
from runner.models import build_network, cnn, logistic, mlp


def from_config(**model):
    """The network of a config's model, for 64 inputs that are the pixels of an image."""
    splits: Any = SimpleNamespace(train=SimpleNamespace(inputs=np.zeros((1, 64), "float32")), prevalence=0.1)
    config: Any = SimpleNamespace(model={"bias_init": "prior", **model})
    dataset: Any = SimpleNamespace(image_shape=(8, 8, 1))
    return make_network(config, splits, dataset)


@pytest.mark.parametrize(
    ("model", "backbone"),
    [
        ({"_target_": "runner.models.logistic"}, logistic),
        ({"_target_": "runner.models.mlp", "units": [5, 3]}, partial(mlp, units=[5, 3])),
        ({"_target_": "runner.models.cnn", "units": 4}, partial(cnn, units=4, image_shape=(8, 8, 1))),
    ],
)
def test_the_backbone_is_the_named_one_with_the_configs_arguments(model, backbone):
    network, own = from_config(**model), build_network(backbone, width=64, prevalence=0.1)

    assert [weight.shape for weight in network.logits.weights] == [weight.shape for weight in own.logits.weights]


@pytest.mark.parametrize(("bias_init", "bias"), [("prior", np.log(0.1 / 0.9)), ("zero", 0.0)])
def test_a_configs_bias_init_is_the_networks(bias_init, bias):
    network = from_config(_target_="runner.models.logistic", bias_init=bias_init)

    assert network.logits.get_weights()[-1] == pytest.approx(bias)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"_target_": "runner.models.mlp", "activation": "nonsense"}, r"^model: .*nonsense"),
        ({"_target_": "runner.models.mlp", "depth": 3}, r"^model: .*depth"),
        ({"_target_": "runner.models.transformer"}, r"^model\._target_=runner\.models\.transformer: there is no such"),
    ],
)
def test_a_config_that_gives_no_network_is_refused(model, message):
    with pytest.raises(InputError, match=message):
        from_config(**model)
