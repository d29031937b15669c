"""What is said of ensembles: what they gain over single runs, or that they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparison_tables import METRIC, results

from runner.comparison import ensemble_gains, one_dataset, pair, several_datasets
from runner.comparison.ensembles import best_on_validation

SPLITS = range(5)
JITTER = [0.0, 0.002, -0.001, 0.001, -0.002]


def table(datasets: tuple[str, ...] = ("pima",), **means: float) -> pd.DataFrame:
    """Two seeds a split; the loss with a name and its mean."""
    scores = {
        (loss, data, split, seed): mean + 0.01 * split + 0.001 * seed
        for loss, mean in means.items()
        for data in datasets
        for split in SPLITS
        for seed in (0, 1)
    }
    return results(scores)


def ensemble(runs: pd.DataFrame, loss: str, gain: float, label: str = "") -> pd.DataFrame:
    """Beside each run of a loss its split's mean, and a gain that varies a little."""
    own = runs[runs["loss"] == loss]
    means = own.groupby(["dataset", "split"])[METRIC].transform("mean")
    told: dict[str, Any] = {"loss": label or f"{loss} · ensemble", "of_loss": "" if label else loss}
    jitter = np.array([JITTER[split] for split in own["split"]])
    return own.assign(**told, members=2, candidates=4, **{METRIC: means + gain + jitter})


def said(runs: pd.DataFrame, ensembles: pd.DataFrame, dataset: str = "pima") -> list[str]:
    return ensemble_gains(runs, ensembles, one_dataset(pair(runs, METRIC, "builtin"), dataset))


def test_seeds_together_are_judged_beside_their_own_loss():
    runs = table(builtin=0.5, focal=0.6)
    both = pd.concat([ensemble(runs, "builtin", 0.001), ensemble(runs, "focal", 0.03)])
    (sentence,) = said(runs, both)
    assert sentence == (
        "Seeds together: the mean logit of a loss's seeds gains 0.015 average precision over its single runs on "
        "average over 2 losses, from +0.001 for builtin to +0.030 for focal: better for focal; tied for builtin."
    )
    (alone,) = said(runs, ensemble(runs, "focal", -0.001))
    assert "gains nothing (-0.001 average precision) over its single runs: tied for focal." in alone


@pytest.mark.parametrize(("gain", "words"), [(0.04, "gains 0.040"), (-0.03, "gains nothing (-0.030")])
def test_a_selection_is_judged_beside_the_best_loss_on_validation(gain, words):
    runs = table(builtin=0.5, focal=0.6)
    validation = runs["loss"].map({"builtin": 0.7, "focal": 0.65})  # not what is best on test
    runs = runs.assign(**{"val/average_precision": validation})
    (sentence,) = said(runs, ensemble(runs, "builtin", gain, "selected ensemble"))
    assert words in sentence
    assert "2 of 4 runs a split" in sentence
    assert "single runs of builtin, the best loss on validation (95% interval" in sentence
    assert sentence.endswith(": better." if gain > 0 else ": worse.")
    assert best_on_validation(runs, METRIC) == "builtin"
    assert best_on_validation(runs.rename(columns={METRIC: "test/log_loss"}), "test/log_loss") == "builtin"


def test_over_several_datasets_means_are_told():
    runs = table(("pima", "ecoli"), builtin=0.5, focal=0.6)
    together = several_datasets(pair(runs, METRIC, "builtin"))
    (sentence,) = ensemble_gains(runs, ensemble(runs, "focal", 0.03), together)
    assert sentence.endswith("gains 0.030 average precision over its single runs, over 2 datasets.")


def test_without_ensembles_nothing_is_said():
    assert said(table(builtin=0.5, focal=0.6), pd.DataFrame()) == []
