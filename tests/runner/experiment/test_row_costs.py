"""A loss that takes the costs of rows: what they weigh, for whom, and what is trained on without them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from sklearn.compose import ColumnTransformer

from runner.config.checks import load
from runner.config.options import CONF
from runner.config.schemas import register
from runner.data import Dataset, Part, Splits, weighted_by_costs
from runner.errors import InputError
from runner.experiment.build import make_loss
from runner.experiment.resources import Resources
from runner.terms.costs import Costs

RNG = np.random.default_rng(0)
ROWS = 60
LABELS = (np.arange(ROWS) % 3 == 0).astype(np.int8)
# Some hits cost more than misses.
COSTS = Costs(RNG.uniform(0, 50, ROWS), RNG.uniform(1, 5, ROWS), np.full(ROWS, -10.0))


def dataset_and_splits(weights: np.ndarray | None = None, costs: Costs = COSTS) -> tuple[Dataset, Splits]:
    dataset = Dataset("d", pd.DataFrame({"a": np.arange(ROWS)}), LABELS, "here", costs=costs)

    def part(rows: np.ndarray) -> Part:
        own = None if weights is None else weights[rows].astype(np.float32)
        return Part(rows, np.zeros((len(rows), 1), np.float32), LABELS[rows].astype(np.float32), own)

    train, validation, test = (part(np.arange(start, start + 20)) for start in (0, 20, 40))
    return dataset, Splits(train, validation, test, ColumnTransformer([]))


@pytest.fixture
def configured(tmp_path):
    """The config of `configured("loss=cost_sensitive")`, on a file whose rows have costs."""
    x = RNG.normal(size=(200, 2)) + 2 * (np.arange(200) % 4 == 0)[:, None]
    table = pd.DataFrame(x, columns=["a", "b"]).assign(amount=RNG.uniform(1, 90, 200), y=np.arange(200) % 4 == 0)
    table.to_csv(tmp_path / "t.csv", index=False)
    register()

    def made(*overrides: str, costs: bool = True):
        of_rows = ["dataset.cost_fn=amount", "dataset.cost_fp=5"] if costs else ["dataset.drop=[amount]"]
        asked = ["dataset=file", f"dataset.path={tmp_path}/t.csv", "dataset.target=y", *of_rows, *overrides]
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return load(compose("config", asked))

    return made


def test_weighted_errors_are_the_expected_cost_of_the_matrix_but_for_a_constant():
    """Bahnsen et al. 2014, table 1: y (p C_TP + (1-p) C_FN) + (1-y) p C_FP."""
    dataset, splits = dataset_and_splits()
    train = weighted_by_costs(splits, dataset, signed=True).train
    assert train.weights is not None
    assert (train.weights[train.labels == 1] < 0).any()
    y, own = LABELS[train.rows], COSTS.of(train.rows)
    costs, errors = [], []
    for p in RNG.uniform(size=(3, 20)):
        costs.append(np.mean(y * (-p * own.gain_tp + (1 - p) * own.cost_fn) + (1 - y) * p * own.cost_fp))
        errors.append(np.mean(train.weights * np.abs(y - p)))
    scale = np.mean(np.where(y == 1, np.abs(own.cost_fn + own.gain_tp), own.cost_fp))
    np.testing.assert_allclose(np.diff(costs), scale * np.diff(errors), atol=1e-5)
    assert np.abs(np.diff(costs)).max() > 0.1


def test_they_multiply_sample_weights_in_training_and_validation_alone():
    weights = RNG.uniform(0.5, 2, ROWS)
    dataset, splits = dataset_and_splits(weights)
    made = weighted_by_costs(splits, dataset, signed=False)
    worth = np.where(LABELS == 1, np.maximum(COSTS.cost_fn - 10, 0), COSTS.cost_fp) * weights
    mean = worth[splits.train.rows].mean()
    for part in (made.train, made.validation):
        assert part.weights is not None
        np.testing.assert_allclose(part.weights, worth[part.rows] / mean, rtol=1e-5)
    assert made.test is splits.test
    assert made.weighted_by_costs
    assert not splits.weighted_by_costs


def test_a_class_that_costs_nothing_is_refused():
    free = replace(COSTS, cost_fp=np.where(np.arange(ROWS) < 20, 0.0, 1.0))
    dataset, splits = dataset_and_splits(costs=free)
    with pytest.raises(InputError, match="an error on any negative row of the training part costs nothing"):
        weighted_by_costs(splits, dataset, signed=True)


def test_only_that_loss_is_trained_by_them(configured):
    resources = Resources()
    config = configured("loss=cost_sensitive")
    splits, plain = resources.splits(config), resources.splits(configured())
    assert splits.weighted_by_costs
    assert resources.splits(config) is splits
    assert plain.train.weights is None
    assert resources.splits_of_data(config).train.weights is None  # what references are fitted on
    assert make_loss(config, splits).in_force == {"form": "expected_cost"}
    sampled = resources.splits(configured("loss=cost_sensitive", "sampling=undersample"))
    assert sampled.train.weights is not None
    assert len(sampled.train.labels) < len(splits.train.labels)


def test_without_costs_of_rows_those_of_the_evaluation_serve(configured):
    config = configured("loss=cost_sensitive", "evaluation.cost_fn=7", "loss.form=weighted", costs=False)
    splits = Resources().splits(config)
    assert splits.train.weights is None
    assert make_loss(config, splits).in_force == {"form": "weighted", "cost_fn": 7.0, "cost_fp": 1.0}
    own = configured("loss=cost_sensitive", "loss.cost_fn=3", costs=False)
    assert make_loss(own, splits).in_force == {"form": "expected_cost", "cost_fn": 3, "cost_fp": 1.0}
