"""The batches of a stack: each member's own order, whether they are gathered at once or in pieces."""

from __future__ import annotations

import numpy as np
import pytest
from small_training import WIDTH, make_splits

from runner.training.batches import epoch_order
from runner.training.stack.batches import StackedBatches
from runner.training.trainer import TrainerSettings

SEEDS = (3, 4, 3)


@pytest.mark.parametrize("at_once", [1, 5, 6, 100])
@pytest.mark.parametrize("weights", [False, True], ids=["unweighted", "weighted rows"])
def test_pieces_hold_each_member_s_batches_in_its_order(at_once, weights):
    """203 rows in batches of 16: 12 of them, and one of 11 rows."""
    part = make_splits(weights=weights).train
    columns = [part.inputs, part.labels] + ([part.weights] if weights else [])
    floats = len(SEEDS) * 16 * (WIDTH + len(columns) - 1)
    batches = StackedBatches(part, TrainerSettings(epochs=1, batch_size=16), most_floats=floats * at_once + 1)
    *pieces, (last, none) = batches.epoch(7, SEEDS)

    assert none == 0
    assert [count for _, count in pieces] == {1: [1] * 12, 5: [5, 5, 2], 6: [6, 6], 100: [12]}[at_once]
    assert len({piece[0].shape for piece, _ in pieces}) == 1  # one program for all
    for place, seed in enumerate(SEEDS):
        order = epoch_order(part.labels, 16, seed, 7, stratified=False)
        for column, tail, *heads in zip(columns, last, *(piece for piece, _ in pieces), strict=True):
            full = [head[:count, place] for head, (_, count) in zip(heads, pieces, strict=True)]
            np.testing.assert_array_equal(np.concatenate(full).reshape(192, *column.shape[1:]), column[order[:192]])
            np.testing.assert_array_equal(tail[place], column[order[192:]])


def test_a_batch_beyond_the_data_is_the_smaller_last_one():
    part = make_splits().train
    ((batch, count),) = StackedBatches(part, TrainerSettings(epochs=1, batch_size=1000)).epoch(0, SEEDS)

    assert count == 0
    assert batch[0].shape == (3, 203, WIDTH)
