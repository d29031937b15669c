"""Does the check of a loss against its formula see a wrong loss?"""

from pathlib import Path

import numpy as np
import pytest
from keras import ops

import losses
from runner.verification import GRADIENT_TOLERANCE, LOSSES, VALUE_TOLERANCE, check_loss, reference
from runner.verification.differences import relative_difference
from runner.verification.formulas import FORMULAS
from runner.verification.gradients import by_differences

CONF = Path(__file__).resolve().parents[3] / "conf"
right = losses.FocalLoss.compute


def wrong_in_the_seventh_digit(loss, labels, logits):
    return right(loss, labels, logits) * (1 + 1e-6)


def wrong_for_one_example(loss, labels, logits):
    return right(loss, labels, logits) + 1e-9 * ops.cast(logits == ops.max(logits), logits.dtype)


def wrong_gradient(loss, labels, logits):
    value = right(loss, labels, logits)
    return ops.stop_gradient(value) + (1 + 1e-6) * (value - ops.stop_gradient(value))


def no_gradient(loss, labels, logits):
    return ops.stop_gradient(right(loss, labels, logits))


def wrong_in_float32(loss, labels, logits):
    return right(loss, labels, logits) * (1.001 if logits.dtype == "float32" else 1.0)


def not_a_number(loss, labels, logits):
    return right(loss, labels, logits) * float("nan")


def test_every_option_of_the_configuration_is_verified():
    assert {name.split()[0] for name in LOSSES} == {path.stem for path in (CONF / "loss").glob("*.yaml")}
    assert len(set(LOSSES)) == len(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_agrees_with_its_formula(name):
    check = check_loss(name)
    assert check.agrees, check
    assert check.name == name


@pytest.mark.parametrize(
    "wrong",
    [
        wrong_in_the_seventh_digit,
        wrong_for_one_example,
        wrong_gradient,
        no_gradient,
        wrong_in_float32,
        not_a_number,
    ],
)
def test_a_wrong_loss_does_not_agree(monkeypatch, wrong):
    monkeypatch.setattr(losses.FocalLoss, "compute", wrong)
    assert not check_loss("focal").agrees
    assert check_loss("custom").agrees


def test_value_and_gradient_are_told_apart(monkeypatch):
    monkeypatch.setattr(losses.FocalLoss, "compute", wrong_gradient)
    check = check_loss("focal")
    assert check.value_off <= VALUE_TOLERANCE
    assert check.gradient_off > GRADIENT_TOLERANCE


def test_a_setting_that_the_formula_does_not_have_is_not_passed_over(monkeypatch):
    monkeypatch.setitem(FORMULAS, "focal", reference.bce)
    with pytest.raises(TypeError, match="gamma"):
        check_loss("focal")


def test_a_wrong_whole_batch_loss_does_not_agree(monkeypatch):
    of_batch = losses.DiceLoss.of_batch
    monkeypatch.setattr(losses.DiceLoss, "of_batch", lambda *arguments: of_batch(*arguments) * (1 + 1e-6))
    assert not check_loss("dice").agrees


def test_differences_are_the_gradient():
    labels, logits = np.array([0.0, 1.0, 0.3]), np.array([-3.0, 0.5, 4.0])
    by_example = by_differences(lambda y, z: y * np.exp(z), labels, logits)
    np.testing.assert_allclose(by_example, labels * np.exp(logits), rtol=1e-11)
    of_batch = by_differences(lambda y, z: np.prod(z), labels, logits)
    np.testing.assert_allclose(of_batch, np.prod(logits) / logits, rtol=1e-11)


@pytest.mark.parametrize(
    ("values", "expected", "difference"),
    [([1.0, 2.2], [1.0, 2.0], 0.1), ([0.0], [0.0], 0.0), ([1e-9], [0.0], np.inf), ([-0.5, 1.0], [-1.0, 1.0], 0.5)],
)
def test_relative_difference(values, expected, difference):
    assert relative_difference(np.array(values), np.array(expected)) == pytest.approx(difference)


def test_relative_difference_of_nan_is_nan():
    assert np.isnan(relative_difference(np.array([np.nan, 1.0]), np.array([np.nan, 1.0])))
