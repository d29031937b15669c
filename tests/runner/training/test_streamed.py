"""Training on rows that are read block by block: every row once an epoch, and the same digits as from memory."""

from runner.training.runtime import keras

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_training import make_network, make_splits

from losses import CustomLoss
from runner import evaluation
from runner.data.splits import Part, Splits, StreamedPart
from runner.data.streamed_inputs import StreamedInputs
from runner.training import CompiledTrainer, FitTrainer, TrainingTask, pools
from runner.training import fit as fit_module
from runner.training.stack import batches as stack_batches
from runner.training.stack.batches import batches_key
from runner.training.stack.train import Member
from runner.training.trainer import Trainer, TrainerSettings, Training

SETTINGS = {"epochs": 3, "batch_size": 16, "early_stopping": None, "device": "cpu"}


class Blocks:
    """An array in blocks of so many rows, of which every third is another part's."""

    def __init__(self, inputs: np.ndarray, sizes: Sequence[int]) -> None:
        self.inputs, self.sizes = np.repeat(inputs, 2, axis=0), [2 * size for size in sizes]

    def read(self, block: int, rows: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(self.inputs[sum(self.sizes[:block]) + rows])


def streamed(part: Part, sizes: Sequence[int]) -> StreamedPart:
    """The part with inputs that are read in blocks; in the table behind it each row stands twice."""
    rows = 2 * np.arange(len(part.rows)) + 1
    width = part.inputs.shape[1]
    inputs = StreamedInputs(Blocks(part.inputs, sizes), rows, lambda frame: frame.to_numpy(np.float32), width)
    return StreamedPart(rows, inputs, part.labels, part.weights)


def streamed_splits(splits: Splits) -> Splits:
    return replace(
        splits,
        train=streamed(splits.train, [50, 1, 40, 0, 60, 52]),
        validation=streamed(splits.validation, [25, 35]),
        test=streamed(splits.test, [60]),
    )


def order_of(part: Part, seed: int, epoch: int) -> np.ndarray:
    """The order of an epoch's rows."""
    assert isinstance(part, StreamedPart)
    numbered = StreamedPart(part.rows, _numbers(part), part.labels)
    return np.concatenate(
        [pool.columns[0][pool.order(seed, epoch), 0] for pool in pools.epoch_pools(numbered, 16, epoch)]
    ).astype(int)


def _numbers(part: StreamedPart) -> StreamedInputs:
    sizes, width = np.diff(part.inputs.block_ends, prepend=0).tolist(), part.inputs.shape[1]
    numbers = np.repeat(np.arange(len(part.rows), dtype=np.float32)[:, None], width, axis=1)
    return StreamedInputs(Blocks(numbers, sizes), part.rows, lambda frame: frame.to_numpy(np.float32), width)


@pytest.fixture(autouse=True)
def small_pools(monkeypatch):
    monkeypatch.setattr(pools, "POOL_FLOATS", 350)  # 70 rows of 5 inputs
    monkeypatch.setattr(fit_module, "STREAMED_FLOATS", 200)


def trained(trainer: Trainer, splits: Splits, seed: int = 1) -> tuple[Training, np.ndarray, np.ndarray]:
    with trainer.scope():
        network = make_network(3)
        optimizer = keras.optimizers.Adam(0.01)
        task = TrainingTask(network, CustomLoss(), optimizer, splits, seed, evaluation.epoch_metrics)
    training = trainer.train(task, lambda epoch, metrics: None)
    return training, network.predict(splits.validation.inputs), network.predict(splits.test.inputs)


@pytest.mark.parametrize(("kind", "weights"), [(FitTrainer, True), (CompiledTrainer, False)])
def test_the_same_digits_as_from_memory_in_the_same_order(kind, weights, monkeypatch):
    splits = make_splits(weights=weights)
    stream = streamed_splits(splits)
    one, *logits = trained(kind(**SETTINGS), stream)

    def same_order(labels: np.ndarray, settings: TrainerSettings, seed: int, epoch: int) -> np.ndarray:
        return order_of(stream.train, seed, epoch).astype(np.int32)

    monkeypatch.setattr(fit_module, "epoch_order", same_order)
    monkeypatch.setattr(stack_batches, "epoch_order", same_order)
    other, *in_memory = trained(kind(**SETTINGS), splits)
    np.testing.assert_allclose(one.history, other.history, atol=1e-6)
    for given, expected in zip(logits, in_memory, strict=True):
        np.testing.assert_allclose(given, expected, atol=2e-6)


def test_what_is_read_once_serves_all_members_of_a_stack(monkeypatch):
    splits = make_splits(weights=True)
    stream = streamed_splits(splits)
    trainer = CompiledTrainer(**{**SETTINGS, "epochs": 2})
    network, optimizer = make_network(3), keras.optimizers.Adam(0.01)
    start = network.logits.get_weights()
    members = [Member(start, CustomLoss(), optimizer, seed, None, lambda epoch, metrics: None) for seed in (1, 2)]

    def same_order(labels: np.ndarray, settings: TrainerSettings, seed: int, epoch: int) -> np.ndarray:
        return order_of(stream.train, seed, epoch).astype(np.int32)

    read: list[int] = []
    own_read = Blocks.read

    def counted(self: Blocks, block: int, rows: np.ndarray) -> pd.DataFrame:
        read.append(block)
        return own_read(self, block, rows)

    monkeypatch.setattr(Blocks, "read", counted)
    one = trainer.train_stack(network, members, [stream], evaluation.epoch_metrics)
    assert len(read) == 2 * (5 + 2)  # epochs times blocks with rows of training and of validation
    monkeypatch.setattr(stack_batches, "epoch_order", same_order)
    other = trainer.train_stack(network, members, [splits], evaluation.epoch_metrics)
    for streamed_one, in_memory in zip(one.trainings, other.trainings, strict=True):
        assert isinstance(streamed_one, Training)
        assert isinstance(in_memory, Training)
        np.testing.assert_allclose(streamed_one.history, in_memory.history, atol=1e-6)
    assert batches_key(stream.train, 16) != batches_key(streamed_splits(splits).train, 16)


def test_every_row_is_in_one_full_batch_and_pools_do_not_depend_on_the_seed():
    train = streamed_splits(make_splits()).train
    assert isinstance(train, StreamedPart)
    made = list(pools.epoch_pools(train, 16, 0))
    assert [pool.is_last for pool in made] == [False] * (len(made) - 1) + [True]
    assert len(made) >= 2
    assert all(len(pool.columns[0]) % 16 == 0 for pool in made[:-1])
    assert all(len(pool.columns[0]) >= 70 - 16 for pool in made[:-1])
    orders = [order_of(train, seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(203))
    assert len({tuple(order) for order in orders}) == 4
    first = len(made[0].columns[0])
    assert set(orders[0][:first]) == set(orders[2][:first])
    np.testing.assert_array_equal(orders[0], order_of(train, 0, 0))


def test_what_cannot_be_read_any_more_ends_training_with_its_own_error():
    splits = streamed_splits(make_splits())

    class Gone(Blocks):
        def read(self, block: int, rows: np.ndarray) -> pd.DataFrame:
            raise OSError("the disk went away")

    inputs = StreamedInputs(Gone(np.zeros((203, 5)), [203]), splits.train.rows, lambda frame: frame.to_numpy(), 5)
    gone = replace(splits, train=StreamedPart(splits.train.rows, inputs, splits.train.labels))
    with pytest.raises(Exception, match="the disk went away"):
        trained(FitTrainer(**SETTINGS), gone)
