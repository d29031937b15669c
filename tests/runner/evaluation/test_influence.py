"""Influences against numeric derivatives of scikit-learn's weighted metrics, and DeLong's variance written out."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from runner.evaluation import influence
from runner.evaluation.units import Units

BY_SCIKIT_LEARN = {
    "average_precision": (influence.of_average_precision, average_precision_score),
    "roc_auc": (influence.of_roc_auc, roc_auc_score),
}


def part(decimals, seed=0, rows=60, positives=9):
    """Shuffled labels and overlapping scores, with ties where few decimals are kept."""
    rng = np.random.default_rng(seed)
    positive = rng.permutation(np.arange(rows) < positives)
    return positive, np.round(rng.normal(positive * 1.0), decimals)


def about_mean(values, positive):
    return values - np.where(positive, values[positive].mean(), values[~positive].mean())


@pytest.mark.parametrize("decimals", [9, 1, 0], ids=["no ties", "ties", "many ties"])
@pytest.mark.parametrize("name", BY_SCIKIT_LEARN)
def test_an_influence_is_the_slope_by_the_row_s_weight(name, decimals):
    """Between rows of one class: their total weight is held fixed."""
    of, metric = BY_SCIKIT_LEARN[name]
    positive, scores = part(decimals)
    step, slopes = 1e-5, []
    for row in range(len(scores)):
        up, down = np.ones(len(scores)), np.ones(len(scores))
        up[row], down[row] = 1 + step, 1 - step
        slopes.append(
            (metric(positive, scores, sample_weight=up) - metric(positive, scores, sample_weight=down)) / step / 2
        )
    np.testing.assert_allclose(of(positive, scores), about_mean(np.array(slopes), positive), atol=1e-8)


def test_the_variance_of_the_roc_auc_is_delong_s():
    """DeLong, DeLong and Clarke-Pearson (1988), equations 5 to 7, with loops."""
    positive, scores = part(1)
    ours, others = scores[positive], scores[~positive]
    wins = np.array([[(a > b) + 0.5 * (a == b) for b in others] for a in ours])
    expected = wins.mean(1).var(ddof=1) / len(ours) + wins.mean(0).var(ddof=1) / len(others)
    found, freedom = Units.of(positive, None).variance(influence.of_roc_auc(positive, scores))
    assert found == pytest.approx(expected, rel=1e-12)
    assert len(ours) - 1 < freedom < len(scores)


def test_the_variance_of_a_mean_is_that_of_a_stratified_sample():
    positive, values = part(3)
    share = positive.mean()
    expected = sum(
        weight**2 * values[members].var(ddof=1) / members.sum()
        for weight, members in ((share, positive), (1 - share, ~positive))
    )
    found, _ = Units.of(positive, None).variance(influence.of_mean(values, positive))
    assert found == pytest.approx(expected, rel=1e-12)


def test_copies_of_a_row_in_one_group_tell_no_more_than_the_row():
    positive, scores = part(9)
    once, _ = Units.of(positive, None).variance(influence.of_roc_auc(positive, scores))
    copies = np.repeat(np.arange(len(scores)), 4)
    of_copies = influence.of_roc_auc(positive[copies], scores[copies])
    grouped, _ = Units.of(positive[copies], copies).variance(of_copies)
    rows, _ = Units.of(positive[copies], None).variance(of_copies)
    assert grouped == pytest.approx(once, rel=1e-12)
    assert rows < once / 3.5
