"""The AUC losses' two options: the hardest negatives alone, and the margin loss."""

import keras
import numpy as np
import pytest
from losses_backend import value_and_gradient
from sklearn.metrics import roc_auc_score

import losses
from losses.whole_batch import worst

RNG = np.random.default_rng(9)
Y = (RNG.uniform(size=200) < 0.2).astype(float)
Z = RNG.normal(2 * Y - 2, 1.5)


@pytest.mark.parametrize("surrogate", ["logistic", "squared_hinge", "square", "margin"])
def test_all_negatives_are_a_share_of_one(surrogate):
    whole, all_of_them = (losses.PairwiseAUCLoss(surrogate, fpr=fpr, dtype="float64") for fpr in (None, 1.0))
    assert float(all_of_them(Y, Z)) == pytest.approx(float(whole(Y, Z)), rel=1e-12)


@pytest.mark.parametrize("surrogate", ["logistic", "squared_hinge", "square", "margin"])
def test_a_share_of_whole_rows_is_the_loss_of_a_batch_with_these_rows(surrogate):
    negatives = np.flatnonzero(Y == 0)
    hardest = negatives[np.argsort(-Z[negatives])][:24]
    rows = np.concatenate([np.flatnonzero(Y == 1), hardest])
    partial = losses.PairwiseAUCLoss(surrogate, fpr=24 / len(negatives), dtype="float64")
    whole = losses.PairwiseAUCLoss(surrogate, dtype="float64")
    assert float(partial(Y, Z)) == pytest.approx(float(whole(Y[rows], Z[rows])), rel=1e-12)
    _, gradient = value_and_gradient(partial, Y, Z, "float64")
    assert set(np.flatnonzero(gradient)) <= set(rows)


def test_of_decided_pairs_it_is_the_partial_area():
    """A steep surrogate counts the pairs in the wrong order; scikit-learn's partial area counts them too."""
    fpr = 0.25
    wrong = float(losses.PairwiseAUCLoss(fpr=fpr, dtype="float64")(Y, 1e5 * Z)) / 1e5
    assert wrong > 0  # l(d) is max(0, -d) then
    positives, negatives = Z[Y == 1], Z[Y == 0]
    hardest = np.sort(negatives)[::-1][: int(fpr * len(negatives))]
    counted = np.mean(positives[:, None] > hardest[None, :])
    # The standardised area of McClish 1989, undone
    standardised = roc_auc_score(Y, Z, max_fpr=len(hardest) / len(negatives))
    share = len(hardest) / len(negatives)
    area = share**2 / 2 + (2 * standardised - 1) * (share - share**2 / 2)
    assert counted == pytest.approx(area / share, abs=1e-9)


def test_the_margin_loss_is_the_saddle_point_of_the_papers_function():
    """Its least value by a and b, at the largest by alpha, found by search."""
    from scipy.optimize import minimize, minimize_scalar

    p, margin = 1 / (1 + np.exp(-Z)), 0.7
    positives, negatives = p[Y == 1], p[Y == 0]

    def papers(a: float, b: float, alpha: float) -> float:
        return (
            np.mean((positives - a) ** 2)
            + np.mean((negatives - b) ** 2)
            + 2 * alpha * (margin - np.mean(positives) + np.mean(negatives))
            - alpha**2
        )

    best = minimize_scalar(
        lambda alpha: -papers(0, 0, alpha), bounds=(0, 10), method="bounded", options={"xatol": 1e-9}
    ).x
    saddle = minimize(lambda ab: papers(ab[0], ab[1], best), [0.5, 0.5], tol=1e-12).fun
    loss = losses.PairwiseAUCLoss("margin", margin=margin, dtype="float64")
    assert float(loss(Y, Z)) == pytest.approx(saddle, rel=1e-8)


def test_the_margin_loss_is_finite_at_saturated_scores():
    value, gradient = value_and_gradient(losses.PairwiseAUCLoss("margin"), Y, np.where(Y == 1, -1e4, 1e4))
    assert value == pytest.approx(4.0)
    assert np.isfinite(gradient).all()


def test_the_worst_keep_their_weights_up_to_the_share():
    keys, weights = (
        keras.ops.convert_to_tensor(np.array(each)) for each in ([3.0, 1.0, 2.0, 0.0], [1.0, 1.0, 2.0, 4.0])
    )
    kept = np.asarray(keras.ops.convert_to_numpy(worst(keys, weights, 0.25)))
    np.testing.assert_allclose(kept, [0.5, 0, 0.5, 0])
    np.testing.assert_allclose(np.asarray(worst(keys, 0 * weights, 0.25)), 0)
