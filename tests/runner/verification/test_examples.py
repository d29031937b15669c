"""The worked examples: all there, and a wrong one is seen."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import losses
from runner.verification import examples
from runner.verification.drawing import draw_curves, draw_log_plot
from runner.verification.equalities import same_curves, weighted_is_class_weight
from runner.verification.examples import PUBLISHED, as_printed


def curves(*last):
    return {
        f"training {i}": pd.DataFrame({"epoch": [1, 2], "train/loss": [0.7, 0.5], "val/loss": [0.6, value]})
        for i, value in enumerate(last)
    }


def test_examples_with_a_printed_number_are_all_there():
    assert {example.number for example in PUBLISHED} == set(range(1, 13))


def test_another_printed_number_does_not_agree():
    by_keras2 = next(example for example in PUBLISHED if example.what == "by Keras 2")
    assert by_keras2.line().agrees
    assert not replace(by_keras2, printed=5.3726983).line().agrees
    assert not replace(by_keras2, printed=5.1416537).line().agrees


def test_one_wrong_element_does_not_agree():
    each = next(example for example in PUBLISHED if example.number == 8)
    assert each.line().agrees
    assert not replace(each, printed=[*each.printed[:-1], 0.6931482]).line().agrees
    assert not replace(each, printed=each.printed[:-1]).line().agrees


def test_a_loss_that_broadcasts_does_not_agree(monkeypatch):
    assert as_printed().agrees
    monkeypatch.setattr(examples.losses, "CustomLoss", lambda: lambda labels, logits: 0.5)
    assert not as_printed().agrees
    assert as_printed().ours == "0.500000000"


@pytest.mark.parametrize(("last", "agree"), [(0.5, True), (0.50002, False), (np.nan, False)])
def test_curves_that_differ_in_one_epoch_do_not_agree(last, agree):
    second, third = same_curves(curves(0.5, 0.5, last))
    assert second.agrees
    assert third.agrees == agree


def test_another_weight_is_not_class_weight(monkeypatch):
    assert weighted_is_class_weight().agrees
    monkeypatch.setattr(losses.WeightedLoss, "weights", (2.0001, 1.0))
    assert not weighted_is_class_weight().agrees


def test_curves_are_drawn(tmp_path):
    line = draw_curves(curves(0.5, 0.5, 0.51), tmp_path)
    assert line.agrees
    assert line.figure.stat().st_size > 10_000


def test_the_log_plot_is_drawn_and_its_data_are_checked(monkeypatch, tmp_path):
    line = draw_log_plot(tmp_path)
    assert line.agrees
    assert line.figure.stat().st_size > 10_000
    monkeypatch.setattr(losses.CustomLoss, "compute", losses.SmoothedLoss(0.01).compute)
    assert not draw_log_plot(tmp_path).agrees
