"""Two losses in one: what each part is told, and when the sum can be undone."""

import keras
import numpy as np
import pytest
from scipy.special import expit

import losses

RNG = np.random.default_rng(4)
Z = RNG.normal(-1, 2, 80)
Y = (RNG.uniform(size=80) < 0.3).astype(float)
W = RNG.uniform(0, 3, 80)


def test_it_is_the_weighted_sum_of_its_parts():
    parts = losses.CustomLoss(reduction="mean_with_sample_weight"), losses.PairwiseAUCLoss("square")
    both = losses.CompoundLoss(*parts, weight=0.3)
    expected = [float(part(Y, Z, sample_weight=W)) for part in parts]
    assert float(both(Y, Z, sample_weight=W)) == pytest.approx(0.7 * expected[0] + 0.3 * expected[1], rel=1e-5)


def test_a_part_that_asks_for_the_priors_is_told_them():
    told = losses.CompoundLoss({"loss": "WeightedLoss", "balanced": True}, "ClassBalancedLoss", pi=0.2, n1=20, n0=80)
    made = losses.CompoundLoss(losses.WeightedLoss(balanced=True, pi=0.2), losses.ClassBalancedLoss(n1=20, n0=80))
    assert float(told(Y, Z)) == float(made(Y, Z))


def test_objects_are_saved_with_their_settings():
    loss = losses.CompoundLoss(losses.FocalLoss(gamma=np.array([[1.0], [3.0]])), losses.DiceLoss(2.0), reduction=None)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    np.testing.assert_array_equal(again(Y, np.stack([Z, Z])), loss(Y, np.stack([Z, Z])))
    assert np.asarray(loss(Y, np.stack([Z, Z]))).shape == (2,)


def test_it_is_undone_where_both_parts_agree():
    proper = losses.CompoundLoss("CustomLoss", "BrierLoss")
    np.testing.assert_allclose(np.asarray(proper.debias(Z)), expit(Z))
    weighted = losses.CompoundLoss(losses.WeightedLoss(3.0), {"loss": "WeightedLoss", "positive_weight": 3.0})
    np.testing.assert_allclose(np.asarray(weighted.debias(Z)), expit(Z - np.log(3)))
    assert losses.CompoundLoss("CustomLoss", "WeightedLoss").debias(Z) is None
    assert losses.CompoundLoss("CustomLoss", "DiceLoss").debias(Z) is None


def test_a_part_that_changes_with_the_epochs_is_told_them():
    part = losses.LDAMLoss(n1=10, n0=90, drw_epoch=3)
    loss = losses.CompoundLoss(part, "DiceLoss")
    before = float(loss(Y, Z))
    loss.begin_epoch(3)
    assert float(loss(Y, Z)) != before


def test_it_is_named_by_its_parts():
    loss = losses.CompoundLoss({"loss": "FocalLoss", "gamma": 1.0}, "DiceLoss")
    assert loss.in_force == {"first": "FocalLoss gamma=1.0", "second": "DiceLoss", "weight": 0.5}
