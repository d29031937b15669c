"""Which stacks share compiled programs."""

from __future__ import annotations

import keras
import pytest
from small_training import make_network

import losses
from runner.training.stack.losses import StackedLosses
from runner.training.stack.network import StackedNetwork
from runner.training.stack.program import ProgramCache


class Own(losses.SigmoidLoss):
    def compute(self, labels, logits):
        return keras.ops.softplus((1 - 2 * labels) * logits)


def programs(cache, *, units=8, loss=None, optimizer=None, **body):
    keras.backend.clear_session()  # as a trainer's start: layers are named anew
    network = StackedNetwork(make_network(units=[units], **body).logits)
    return cache.get(network, StackedLosses([loss or losses.FocalLoss()] * 2), optimizer or keras.optimizers.Adam())


def test_equal_networks_losses_and_rules_share_a_program():
    cache = ProgramCache()
    kept = programs(cache)

    assert programs(cache, optimizer=keras.optimizers.Adam(0.5, beta_1=0.1)) is kept


OTHERS = {
    "width": lambda: {"units": 9},
    "dropout": lambda: {"dropout": 0.5},
    "numbers of the loss": lambda: {"loss": losses.FocalLoss(gamma=3.0)},
    "loss": lambda: {"loss": losses.CustomLoss()},
    "optimizer": lambda: {"optimizer": keras.optimizers.RMSprop()},
    "weight decay": lambda: {"optimizer": keras.optimizers.Adam(weight_decay=0.1)},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_what_is_compiled_in_makes_a_program_of_its_own(other):
    cache = ProgramCache()

    assert programs(cache, **other()) is not programs(cache)


def test_a_user_s_loss_shares_no_program():
    cache, loss = ProgramCache(), Own()

    assert programs(cache, loss=loss) is not programs(cache, loss=loss)


def test_the_least_recently_used_program_is_dropped_first():
    cache = ProgramCache(limit=2)
    first, second = programs(cache, units=1), programs(cache, units=2)
    assert programs(cache, units=1) is first
    programs(cache, units=3)

    assert programs(cache, units=1) is first
    assert programs(cache, units=2) is not second


def test_a_cleared_cache_has_no_programs():
    cache = ProgramCache()
    before = programs(cache)
    cache.clear()

    assert programs(cache) is not before
