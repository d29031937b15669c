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
    batches = StackedBatches([part], TrainerSettings(epochs=1, batch_size=16), most_floats=floats * at_once + 1)
    *pieces, last = batches.epoch(7, [(0, seed) for seed in SEEDS])

    assert (last.count, last.members) == (0, None)
    assert [piece.count for piece in pieces] == {1: [1] * 12, 5: [5, 5, 2], 6: [6, 6], 100: [12]}[at_once]
    assert len({piece.batches[0].shape for piece in pieces}) == 1  # one program for all
    for place, seed in enumerate(SEEDS):
        order = epoch_order(part.labels, TrainerSettings(epochs=1, batch_size=16), seed, 7)
        for column, tail, *heads in zip(columns, last.batches, *(piece.batches for piece in pieces), strict=True):
            full = [head[: piece.count, place] for head, piece in zip(heads, pieces, strict=True)]
            np.testing.assert_array_equal(np.concatenate(full).reshape(192, *column.shape[1:]), column[order[:192]])
            np.testing.assert_array_equal(tail[place], column[order[192:]])


def test_members_of_several_splits_have_the_rows_of_their_own():
    """Of 203, 200 and 206 rows in batches of 16: the last ones have 11, 8 and 14."""
    parts = [make_splits(rows=rows, weights=True).train for rows in (203, 200, 206)]
    members = [(0, 3), (1, 3), (2, 4), (1, 4)]
    *pieces, first, second, third = StackedBatches(
        parts, TrainerSettings(epochs=1, batch_size=16), most_floats=10_000
    ).epoch(7, members)
    last = {
        index: (steps, place) for steps in (first, second, third) for place, index in enumerate(steps.members or ())
    }

    assert [steps.members for steps in (first, second, third)] == [(1, 3), (0,), (2,)]
    assert sum(piece.count for piece in pieces) == 12
    for place, (split, seed) in enumerate(members):
        part = parts[split]
        order = epoch_order(part.labels, TrainerSettings(epochs=1, batch_size=16), seed, 7)
        steps, own = last[place]
        for number, column in enumerate((part.inputs, part.labels, part.weights)):
            assert column is not None
            full = np.concatenate([piece.batches[number][: piece.count, place] for piece in pieces])
            np.testing.assert_array_equal(full.reshape(192, *column.shape[1:]), column[order[:192]])
            np.testing.assert_array_equal(steps.batches[number][own], column[order[192:]])


def test_a_full_last_batch_beside_smaller_ones():
    parts = [make_splits(rows=rows).train for rows in (64, 63)]
    piece, smaller, full = StackedBatches(parts, TrainerSettings(epochs=1, batch_size=32)).epoch(0, [(0, 1), (1, 1)])

    assert piece.count == 1
    assert (smaller.members, smaller.batches[1].shape) == ((1,), (1, 31))
    assert (full.members, full.batches[1].shape) == ((0,), (1, 32))


def test_unequal_numbers_of_batches_are_no_stack():
    parts = [make_splits(rows=rows).train for rows in (64, 65)]
    with pytest.raises(ValueError, match="as many batches"):
        StackedBatches(parts, TrainerSettings(epochs=1, batch_size=32))


def test_a_batch_beyond_the_data_is_the_smaller_last_one():
    part = make_splits().train
    (steps,) = StackedBatches([part], TrainerSettings(epochs=1, batch_size=1000)).epoch(
        0, [(0, seed) for seed in SEEDS]
    )

    assert (steps.count, steps.members) == (0, None)
    assert steps.batches[0].shape == (3, 203, WIDTH)
