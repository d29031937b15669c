"""The worked examples: all there, and a wrong one is seen."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import losses
from runner.verification import PUBLISHED, published
from runner.verification.equalities import check_same_curves, check_weighted_is_class_weight
from runner.verification.figures import draw_and_check_curves, draw_and_check_log_plot
from runner.verification.published import check_labels_of_another_shape


def curves(*last):
    return {
        f"training {i}": pd.DataFrame({"epoch": [1, 2], "train/loss": [0.7, 0.5], "val/loss": [0.6, value]})
        for i, value in enumerate(last)
    }


def test_examples_with_a_printed_number_are_all_there():
    assert {example.number for example in PUBLISHED} == set(range(1, 13))


@pytest.mark.parametrize("example", PUBLISHED, ids=lambda example: f"{example.number} {example.what}")
def test_published_number(example):
    # printed with seven or eight digits from float32, which has a last digit of 2.3e-7 there
    np.testing.assert_allclose(example.ours(), example.printed, rtol=2.5e-7)


def test_another_printed_number_does_not_agree():
    by_keras2 = next(example for example in PUBLISHED if example.what == "by Keras 2")
    assert by_keras2.check().agrees
    assert not replace(by_keras2, printed=5.3726983).check().agrees
    assert not replace(by_keras2, printed=5.1416537).check().agrees


def test_one_wrong_element_does_not_agree():
    each = next(example for example in PUBLISHED if example.number == 8)
    assert each.check().agrees
    assert not replace(each, printed=[*each.printed[:-1], 0.6931482]).check().agrees
    assert not replace(each, printed=each.printed[:-1]).check().agrees


def test_a_loss_that_broadcasts_does_not_agree(monkeypatch):
    assert check_labels_of_another_shape().agrees
    monkeypatch.setattr(published.losses, "CustomLoss", lambda: lambda labels, logits: 0.5)
    assert not check_labels_of_another_shape().agrees
    assert check_labels_of_another_shape().ours == "0.500000000"


@pytest.mark.parametrize(("last", "agree"), [(0.5, True), (0.50002, False), (np.nan, False)])
def test_curves_that_differ_in_one_epoch_do_not_agree(last, agree):
    second, third = check_same_curves(curves(0.5, 0.5, last))
    assert second.agrees
    assert third.agrees == agree


def test_another_weight_is_not_class_weight(monkeypatch):
    assert check_weighted_is_class_weight().agrees
    monkeypatch.setattr(losses.WeightedLoss, "weights", (2.0001, 1.0))
    assert not check_weighted_is_class_weight().agrees


def test_curves_are_drawn(tmp_path):
    check = draw_and_check_curves(curves(0.5, 0.5, 0.51), tmp_path)
    assert check.agrees
    assert check.figure is not None
    assert check.figure.stat().st_size > 10_000


def test_the_log_plot_is_drawn_and_its_data_are_checked(monkeypatch, tmp_path):
    check = draw_and_check_log_plot(tmp_path)
    assert check.agrees
    assert check.figure is not None
    assert check.figure.stat().st_size > 10_000
    monkeypatch.setattr(losses.CustomLoss, "compute", losses.SmoothedLoss(0.01).compute)
    assert not draw_and_check_log_plot(tmp_path).agrees
