"""Labels of which 0 means unlabelled: what is said of them, and that it is so."""

import logging

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from runner.config.checks import load
from runner.config.options import CONF
from runner.config.schemas import register
from runner.data.sources import load_file
from runner.experiment.resources import load_dataset


def codes(caplog) -> list[str]:
    return [code for record in caplog.records if (code := getattr(record, "code", None))]


@pytest.mark.parametrize(("unlabelled", "said"), [(False, ["LABEL01"]), (True, ["LABEL02"])])
def test_equal_rows_of_which_one_is_labelled_are_no_contradiction(tmp_path, caplog, unlabelled, said):
    pd.DataFrame({"a": [1.5, 1.5, 2.5, 3.5] * 20, "y": [0, 1, 0, 1] * 20}).to_csv(tmp_path / "t.csv", index=False)
    with caplog.at_level(logging.WARNING, "runner.data"):
        loaded = load_file(tmp_path / "t.csv", "y", unlabelled=unlabelled)
    assert codes(caplog) == said
    assert loaded.unlabelled is unlabelled


def test_any_dataset_can_be_said_to_be_unlabelled(caplog):
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=["dataset=synthetic", "dataset.rows=200", "dataset.unlabelled=true"])
    with caplog.at_level(logging.WARNING, "runner.data"):
        dataset = load_dataset(load(config))
    assert dataset.unlabelled
    assert codes(caplog) == ["LABEL02"]
    assert "evaluation.threshold=recall_at_least" in caplog.text


def test_the_metrics_mean_what_the_docs_say():
    """Expectations over labels, as weights: a row is positive with probability eta, and labelled with half of that."""
    rng = np.random.default_rng(0)
    eta, score = rng.beta(0.5, 2, 300), rng.normal(size=300)
    score = score + 4 * eta
    called, labelled, rows = score > np.quantile(score, 0.8), 0.5 * eta, len(eta)

    def measured(metric, positive, said):
        both = np.concatenate([positive, 1 - positive])
        return metric(np.repeat([1, 0], rows), np.tile(said, 2), sample_weight=both)

    metrics = [(roc_auc_score, score), (recall_score, called), (precision_score, called)]
    true, seen = ([measured(metric, positive, said) for metric, said in metrics] for positive in (eta, labelled))
    u = (eta - labelled).sum() / (1 - labelled).sum()
    assert seen[0] == pytest.approx((1 - u) * true[0] + u / 2)
    assert seen[1] == pytest.approx(true[1])
    assert seen[2] == pytest.approx(true[2] / 2)
