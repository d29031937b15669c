"""What every loss must keep. A new loss is one line in CASES."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from losses_backend import value_and_gradient
from scipy.stats import entropy

import losses
from losses.catalogue import FAMILIES
from runner.verification import reference


@dataclass(frozen=True)
class Case:
    """One loss, one setting, and the NumPy formula it must equal.

    best: the logit that suits a hard label best; lowest: the loss there. clips: whether the formula goes through a
    clipped probability. flat: whether some better predictions cost the same. rounding: float32's relative error in
    millionths; absolute: its error where the loss is tiny. kink: the logit where the slope jumps. stacked: three
    values each of hyper-parameters as arrays.
    """

    name: str
    loss: str
    arguments: dict[str, Any]
    formula: Callable[..., np.ndarray]
    best: float = 15.0
    lowest: float = 0.0
    clips: bool = False
    flat: bool = False
    rounding: float = 1.0
    absolute: float = 1e-36
    kink: float | None = None
    stacked: dict[str, list[float]] = field(default_factory=dict)

    def make(self, **arguments) -> Any:
        return getattr(losses, self.loss)(**{**self.arguments, **arguments})

    def expected(self, y, z, **arguments) -> np.ndarray:
        return self.formula(y, z, **{**self.arguments, **arguments})


GAMMAS = {"gamma": [0.5, 2.0, 5.0]}
ALPHAS = {**GAMMAS, "alpha": [0.1, 0.25, 0.9]}
PRIORS = {"pi": [0.01, 0.2, 0.5]}
SMOOTHINGS = {"label_smoothing": [0.0, 0.1, 0.6]}
WEIGHTS = {"positive_weight": [0.5, 2.0, 30.0], "negative_weight": [1.0, 0.1, 2.0]}
COSTS = {"cost_fn": [0.5, 10.0, 300.0], "cost_fp": [1.0, 0.1, 2.0]}
COUNTS = {"n1": 30, "n0": 970}
BALANCES = {"beta": [0.0, 0.9, 0.9999], "gamma": [0.0, 1.0, 2.0]}
ADJUSTMENTS = {"pi": [0.01, 0.1, 0.5], "tau": [0.0, 1.0, 2.0]}
SCALINGS = {"gamma": [0.0, 0.15, 0.3], "tau": [0.0, 1.0, 1.5]}
MARGINS = {"max_margin": [0.1, 0.5, 1.0], "s": [1.0, 3.0, 10.0]}
ASYMMETRIES = {"gamma_neg": [1.0, 4.0, 2.0], "gamma_pos": [0.0, 1.0, 0.5], "margin": [0.0, 0.05, 0.2]}
NO_ASYMMETRY = {"gamma_neg": 0.0, "gamma_pos": 0.0, "margin": 0.0}
ONE_SIDED = (2 * entropy([0.05, 0.95]) - 4 * np.log(0.95)) / 6  # two positives and four negatives at 0.95 and 0.05
POLYNOMIALS = {"epsilon": [-0.5, 0.0, 2.0], "gamma": [0.0, 0.5, 2.0]}
BETAS = {"a": [0.5, 1.0, 3.0], "b": [0.1, 9.0, 1.5]}
REVERSES = {"alpha": [0.1, 1.0, 2.0], "beta": [0.0, 0.5, 1.0], "log_zero": [-4.0, -2.0, -6.0]}
CASES = [
    Case("logits", "CustomLoss", {"formula": "logits"}, reference.custom),
    Case("clipped", "CustomLoss", {"formula": "clipped"}, reference.custom, clips=True),
    Case("keras2", "CustomLoss", {"formula": "keras2"}, reference.custom, clips=True),
    Case("weighted", "WeightedLoss", {}, reference.weighted, stacked=WEIGHTS),
    Case("expected-cost", "CostSensitiveLoss", {}, reference.cost_sensitive, stacked=COSTS),
    Case("cost-weighted", "CostSensitiveLoss", {"form": "weighted"}, reference.cost_sensitive, stacked=COSTS),
    Case("weighted-both", "WeightedLoss", {"positive_weight": 7.0, "negative_weight": 0.5}, reference.weighted),
    Case("balanced", "WeightedLoss", {"balanced": True, "pi": 0.03}, reference.weighted, stacked=PRIORS),
    Case("smoothed", "SmoothedLoss", {}, reference.smoothed, np.log(19), entropy([0.05, 0.95]), stacked=SMOOTHINGS),
    Case("focal", "FocalLoss", {}, reference.focal, stacked=GAMMAS),
    Case("focal-0", "FocalLoss", {"gamma": 0.0}, reference.focal),
    Case("focal-half", "FocalLoss", {"gamma": 0.5}, reference.focal),
    Case("focal-5", "FocalLoss", {"gamma": 5.0}, reference.focal),
    Case("focal-balanced", "FocalLoss", {"alpha_mode": "balanced"}, reference.focal, stacked=ALPHAS),
    Case("focal-uniform", "FocalLoss", {"alpha_mode": "uniform"}, reference.focal, stacked=ALPHAS),
    Case("focal-positives", "FocalLoss", {"alpha_mode": "positives"}, reference.focal, stacked=ALPHAS),
    Case("one-sided", "SmoothedLoss", {"smooth_negative": 0.0}, reference.smoothed, np.log(19), ONE_SIDED),
    Case("sparse", "SparseCategoricalLoss", {}, reference.sparse_categorical, rounding=20, absolute=1e-7),
    Case("brier", "BrierLoss", {}, reference.brier),
    Case("beta-proper", "BetaProperLoss", {}, reference.beta_proper, rounding=3, stacked=BETAS),
    Case("beta-proper-tenth", "BetaProperLoss", {"a": 1.0, "b": 9.0}, reference.beta_proper, flat=True, rounding=5),
    Case("gev", "GEVLoss", {}, reference.gev, flat=True, rounding=15, absolute=1e-10, stacked={"xi": [-0.3, 0.0, 0.2]}),
    Case("gev-heavy", "GEVLoss", {"xi": 0.1}, reference.gev, best=200.0, flat=True, rounding=30, absolute=1e-10),
    Case("gev-light", "GEVLoss", {"xi": -0.25}, reference.gev, flat=True, rounding=30, absolute=1e-10),
    Case("class-balanced", "ClassBalancedLoss", COUNTS, reference.class_balanced, stacked=BALANCES),
    Case("class-balanced-focal", "ClassBalancedLoss", {**COUNTS, "gamma": 2.0}, reference.class_balanced, rounding=2),
    Case("class-balanced-0", "ClassBalancedLoss", {**COUNTS, "beta": 0.0}, reference.class_balanced),
    Case("logit-adjusted", "LogitAdjustedLoss", {"pi": 0.03}, reference.logit_adjusted, 30.0, stacked=ADJUSTMENTS),
    Case("vector-scaling", "VectorScalingLoss", COUNTS, reference.vector_scaling, 60.0, stacked=SCALINGS),
    Case("ldam", "LDAMLoss", COUNTS, reference.ldam, 20.0, stacked=MARGINS),
    Case("ldam-scaled", "LDAMLoss", {**COUNTS, "s": 10.0}, reference.ldam, rounding=5),
    Case("asymmetric", "AsymmetricLoss", {}, reference.asymmetric, flat=True, rounding=60, stacked=ASYMMETRIES),
    Case("asymmetric-0", "AsymmetricLoss", NO_ASYMMETRY, reference.asymmetric),
    Case("poly1", "Poly1Loss", {}, reference.poly1, stacked=POLYNOMIALS),
    Case("poly1-focal", "Poly1Loss", {"epsilon": -0.5, "gamma": 2.0}, reference.poly1, rounding=6),
    Case("generalized-ce", "GeneralizedCrossEntropyLoss", {}, reference.generalized_ce, stacked={"q": [0.1, 0.7, 1.0]}),
    Case("symmetric-ce", "SymmetricCrossEntropyLoss", {}, reference.symmetric_ce, stacked=REVERSES),
    Case("bootstrap", "BootstrapLoss", {}, reference.bootstrap, rounding=3, stacked={"beta": [0.8, 0.95, 1.0]}),
    Case("bootstrap-hard", "BootstrapLoss", {"beta": 0.8, "mode": "hard"}, reference.bootstrap, kink=0.0),
]
every_loss = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
stackable = pytest.mark.parametrize("case", [case for case in CASES if case.stacked], ids=lambda case: case.name)

LABELS = np.array([0.0, 1.0, 0.3, 0.9, 0.5])
# Every label at every logit, away from where the clipped forms clip or lose their digits.
Y, Z = (grid.ravel() for grid in np.meshgrid(LABELS, np.linspace(-5, 5, 41)))
HARD = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
LOGITS = np.array([0.4, -2.0, 1.5, -0.3, 0.0, 3.0])
WEIGHT = np.array([0.8, 0.2, 1.0, 0.0, 2.5, 0.1])


def test_every_listed_loss_has_a_case():
    assert {case.loss for case in CASES} == {name for name, entry in losses.CATALOGUE.items() if not entry.whole_batch}


@pytest.mark.parametrize("name", losses.CATALOGUE)
def test_the_catalogue_lists_exactly_the_hyperparameters_of_the_constructor(name):
    parameters = inspect.signature(getattr(losses, name).__init__).parameters
    assert set(parameters) - {"self", "arguments"} == set(losses.CATALOGUE[name].arguments)
    assert losses.CATALOGUE[name].purpose
    assert losses.CATALOGUE[name].family in FAMILIES


@every_loss
def test_float64_equals_the_reference(case):
    loss = case.make(reduction=None, dtype="float64")
    np.testing.assert_allclose(loss(Y, Z), case.expected(Y, Z), rtol=1e-12, atol=case.absolute**2)


@every_loss
def test_float32_equals_the_reference(case):
    z = Z.astype("float32")
    # 1 - p has an absolute error of 6e-8, where p is 0.993 a relative one of 1e-5: the price of the textbook formula.
    # exp(gamma log(1-q)) multiplies the rounding of the logarithm by gamma.
    rtol = 2e-5 if case.clips else 1e-6 * max(case.rounding, case.arguments.get("gamma", 1))
    values, gradient = value_and_gradient(case.make(reduction=None), Y, z)
    assert values.dtype == gradient.dtype == "float32"
    np.testing.assert_allclose(values, case.expected(Y.astype("float32"), z), rtol=rtol, atol=case.absolute)


@pytest.mark.parametrize(("formula", "added"), [("clipped", 0.0), ("keras2", 1e-7)])
def test_clipped_forms_stop_growing_at_the_clip(formula, added):
    loss = losses.CustomLoss(formula, reduction=None, dtype="float64")
    # 1 - (1 - 1e-7) keeps nine digits of 1e-7
    np.testing.assert_allclose(loss([1.0, 0.0], [-40.0, 40.0]), -np.log([1e-7 + added] * 2), rtol=1e-9)
    assert not value_and_gradient(loss, [1.0, 0.0], [-40.0, 40.0], "float64")[1].any()


@every_loss
def test_from_config_makes_the_same_loss(case):
    loss = case.make(reduction="sum", name="mine", dtype="float64", from_logits=False)
    again = type(loss).from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    assert {
        "reduction": "sum",
        "name": "mine",
        "dtype": "float64",
        "from_logits": False,
    }.items() <= again.get_config().items()
    probabilities = reference.sigmoid(LOGITS)
    np.testing.assert_array_equal(again(HARD, probabilities), loss(HARD, probabilities))


@stackable
def test_from_config_keeps_array_hyperparameters(case):
    arrays = {name: np.array(values)[:, None] for name, values in case.stacked.items()}
    loss = case.make(**arrays, reduction=None)
    again = type(loss).from_config(loss.get_config())
    np.testing.assert_array_equal(again(HARD, LOGITS), loss(HARD, LOGITS))


@every_loss
def test_a_model_saved_with_the_loss_is_loaded_with_it(case, tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", case.make(name="mine"))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").loss
    assert type(loaded) is getattr(losses, case.loss)
    assert loaded.get_config() == model.loss.get_config()


@pytest.mark.parametrize(
    ("name", "arguments", "received"),
    [
        ("CustomLoss", {"formula": "keras4"}, "formula=keras4"),
        ("CustomLoss", {"formula": None}, "formula=None"),
        ("CustomLoss", {"from_logits": "yes"}, "from_logits=yes"),
        ("WeightedLoss", {"positive_weight": 0}, "positive_weight=0"),
        ("WeightedLoss", {"negative_weight": -2.5}, "negative_weight=-2.5"),
        ("WeightedLoss", {"positive_weight": float("inf")}, "positive_weight=inf"),
        ("WeightedLoss", {"balanced": 1, "pi": 0.1}, "balanced=1"),
        ("WeightedLoss", {"balanced": True}, "pi=None"),
        ("WeightedLoss", {"balanced": True, "pi": 0.0}, "pi=0.0"),
        ("WeightedLoss", {"balanced": True, "pi": 1}, "pi=1"),
        ("CostSensitiveLoss", {"form": "mean"}, "form=mean"),
        ("CostSensitiveLoss", {"cost_fn": 0}, "cost_fn=0"),
        ("CostSensitiveLoss", {"cost_fp": -1}, "cost_fp=-1"),
        ("SmoothedLoss", {"label_smoothing": 1.0}, "label_smoothing=1.0"),
        ("SmoothedLoss", {"label_smoothing": -0.1}, "label_smoothing=-0.1"),
        ("FocalLoss", {"gamma": -1}, "gamma=-1"),
        ("FocalLoss", {"gamma": "2"}, "gamma=2"),
        ("FocalLoss", {"gamma": float("nan")}, "gamma=nan"),
        ("FocalLoss", {"gamma": None}, "gamma=None"),
        ("FocalLoss", {"gamma": [2.0, -1.0]}, "gamma=[2.0, -1.0]"),
        ("FocalLoss", {"gamma": []}, "gamma=[]"),
        ("FocalLoss", {"alpha": 1.5}, "alpha=1.5"),
        ("FocalLoss", {"alpha_mode": "both"}, "alpha_mode=both"),
        ("FocalLoss", {"reduction": "median"}, "reduction=median"),
        ("SmoothedLoss", {"smooth_positive": 1.0}, "smooth_positive=1.0"),
        ("SmoothedLoss", {"smooth_negative": -0.1}, "smooth_negative=-0.1"),
        ("SmoothedLoss", {"smooth_positive": 0.6, "smooth_negative": 0.4}, "smooth_positive=0.6, smooth_negative=0.4"),
        ("BetaProperLoss", {"a": -0.5}, "a=-0.5"),
        ("BetaProperLoss", {"b": 11}, "b=11"),
        ("GEVLoss", {"xi": 1.0}, "xi=1.0"),
        ("ClassBalancedLoss", {"n1": 0, "n0": 5}, "n1=0"),
        ("ClassBalancedLoss", {"n1": 5, "n0": None}, "n0=None"),
        ("ClassBalancedLoss", {**COUNTS, "beta": 1.0}, "beta=1.0"),
        ("ClassBalancedLoss", {**COUNTS, "gamma": -1.0}, "gamma=-1.0"),
        ("LogitAdjustedLoss", {"pi": 0}, "pi=0"),
        ("LogitAdjustedLoss", {"pi": 0.1, "tau": -1}, "tau=-1"),
        ("VectorScalingLoss", {"n1": 0.5, "n0": 5}, "n1=0.5"),
        ("VectorScalingLoss", {"n1": 5, "n0": 0}, "n0=0"),
        ("VectorScalingLoss", {**COUNTS, "gamma": -0.1}, "gamma=-0.1"),
        ("VectorScalingLoss", {**COUNTS, "tau": -0.1}, "tau=-0.1"),
        ("LDAMLoss", {"n1": -3, "n0": 5}, "n1=-3"),
        ("LDAMLoss", {"n1": 3, "n0": 0}, "n0=0"),
        ("LDAMLoss", {**COUNTS, "max_margin": 0}, "max_margin=0"),
        ("LDAMLoss", {**COUNTS, "s": 0}, "s=0"),
        ("LDAMLoss", {**COUNTS, "drw_epoch": 1.5}, "drw_epoch=1.5"),
        ("AsymmetricLoss", {"gamma_neg": -1}, "gamma_neg=-1"),
        ("AsymmetricLoss", {"gamma_pos": -1}, "gamma_pos=-1"),
        ("AsymmetricLoss", {"margin": 1}, "margin=1"),
        ("Poly1Loss", {"epsilon": -1}, "epsilon=-1"),
        ("Poly1Loss", {"gamma": -1}, "gamma=-1"),
        ("GeneralizedCrossEntropyLoss", {"q": 0}, "q=0"),
        ("SymmetricCrossEntropyLoss", {"alpha": 0}, "alpha=0"),
        ("SymmetricCrossEntropyLoss", {"beta": -1}, "beta=-1"),
        ("SymmetricCrossEntropyLoss", {"log_zero": 0}, "log_zero=0"),
        ("BootstrapLoss", {"beta": 0}, "beta=0"),
        ("BootstrapLoss", {"mode": "firm"}, "mode=firm"),
    ],
)
def test_values_out_of_range_are_refused_by_name(name, arguments, received):
    with pytest.raises(ValueError, match=received.split("=")[0]) as refusal:
        getattr(losses, name)(**arguments)
    assert str(refusal.value).endswith(f"Received: {received}")


def test_every_hyperparameter_has_a_refused_value():
    refused = {
        (mark[0], name)
        for mark in test_values_out_of_range_are_refused_by_name.pytestmark[0].args[1]
        for name in mark[1]
    }
    per_example = {name: entry for name, entry in losses.CATALOGUE.items() if not entry.whole_batch}
    assert {(name, argument) for name, entry in per_example.items() for argument in entry.arguments} <= refused


@every_loss
def test_a_perfect_prediction_reaches_the_minimum(case):
    perfect = float(case.make()(HARD, np.where(HARD == 1, case.best, -case.best)))
    assert perfect == pytest.approx(case.lowest, abs=1e-5)
    assert perfect < float(case.make()(HARD, np.zeros(6)))


@every_loss
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None])
@pytest.mark.parametrize("weight", [None, 2.3, WEIGHT], ids=["unweighted", "scalar weight", "sample weight"])
def test_weights_and_reductions_mean_what_keras_says(case, reduction, weight):
    each = case.expected(HARD, LOGITS) * (1.0 if weight is None else weight)
    # Keras divides by the sum of the weights as they were given: a scalar's sum is the scalar itself.
    total = 6 if weight is None else np.sum(weight)
    by_reduction = {"sum": each.sum(), "none": each, None: each, "mean_with_sample_weight": each.sum() / total}
    expected = by_reduction.get(reduction, each.mean())
    loss = case.make(reduction=reduction, dtype="float64")
    np.testing.assert_allclose(loss(HARD, LOGITS, sample_weight=weight), expected, rtol=1e-12)


@every_loss
def test_rows_and_columns_of_labels_and_predictions_agree(case):
    loss = case.make(reduction=None, dtype="float64")
    expected = case.expected(HARD, LOGITS)
    for y in (HARD, HARD[:, None]):
        for z in (LOGITS, LOGITS[:, None]):
            np.testing.assert_allclose(loss(y, z), expected, rtol=1e-12)
            # and weighting does not broadcast either
            np.testing.assert_allclose(loss(y, z, sample_weight=WEIGHT), WEIGHT * expected, rtol=1e-12)


@every_loss
def test_several_outputs_are_averaged_per_example(case):
    y, z = Y[:60].reshape(20, 3), Z[:60].reshape(20, 3)
    loss = case.make(reduction=None, dtype="float64")
    np.testing.assert_allclose(loss(y, z), case.expected(y, z).mean(axis=1), rtol=1e-12)
    mean = case.make(dtype="float64")(y, z, sample_weight=np.arange(20.0))
    assert float(mean) == pytest.approx((case.expected(y, z).mean(axis=1) * np.arange(20)).mean(), rel=1e-12)


@every_loss
def test_probabilities_and_logits_agree_away_from_saturation(case):
    loss = case.make(reduction=None, dtype="float64", from_logits=False)
    np.testing.assert_allclose(loss(Y, reference.sigmoid(Z)), case.expected(Y, Z), rtol=1e-11)


@every_loss
def test_probabilities_of_zero_and_one_are_clipped(case):
    values, gradient = value_and_gradient(
        case.make(from_logits=False, reduction=None), [1.0, 0.0, 1.0, 0.3], [0.0, 1.0, 1.0, 0.0]
    )
    assert np.isfinite(values).all()
    assert np.isfinite(gradient).all()
    limit = -np.log(1e-7) * np.array([1, -1, -1, 1])  # the logits of the clip
    exact = case.make(from_logits=False, reduction=None, dtype="float64")([1, 0, 1, 0.3], [0, 1, 1, 0])
    np.testing.assert_allclose(exact, case.expected([1, 0, 1, 0.3], -limit), rtol=1e-6, atol=1e-9)


@every_loss
@pytest.mark.parametrize(
    ("labels", "predictions"),
    [
        ((4,), (8,)),
        ((4,), (8, 1)),
        ((1,), (8, 1)),
        ((8, 1), (1,)),
        ((8,), (8, 2)),
        ((8, 2), (8, 1)),
        ((), (8,)),
        ((8, 1, 1), (8, 1)),
    ],
    ids=str,
)
def test_shapes_that_could_only_be_broadcast_are_refused(case, labels, predictions):
    with pytest.raises(ValueError, match="must have the same shape") as refusal:
        case.make()(np.ones(labels), np.ones(predictions))
    assert str(refusal.value).endswith(f"Received: labels of shape {labels}, predictions of shape {predictions}")


def test_shapes_are_refused_where_they_are_compiled_too():
    with pytest.raises(ValueError, match="must have the same shape"):
        value_and_gradient(losses.CustomLoss(), np.ones((4, 2)), np.ones((4, 3)), compiled=True)


@stackable
def test_array_hyperparameters_are_that_many_losses_in_one_call(case):
    arrays = {name: np.array(values)[:, None] for name, values in case.stacked.items()}
    z = np.stack([LOGITS, LOGITS[::-1], 3 * LOGITS])
    together = np.asarray(case.make(**arrays, reduction=None, dtype="float64")(HARD, z))
    assert together.shape == (3, 6)
    for row, logits in enumerate(z):
        single = {name: values[row] for name, values in case.stacked.items()}
        np.testing.assert_allclose(
            together[row], case.make(**single, reduction=None, dtype="float64")(HARD, logits), rtol=1e-14
        )
        np.testing.assert_allclose(together[row], case.expected(HARD, logits, **single), rtol=1e-12)
    # nested lists, as a config gives them
    lists = {name: [[value] for value in values] for name, values in case.stacked.items()}
    np.testing.assert_array_equal(case.make(**lists, reduction=None, dtype="float64")(HARD, z), together)


@pytest.mark.parametrize(("labels", "predictions"), [((3, 1), (3, 6)), ((5,), (3, 6)), ((3,), (3, 1))], ids=str)
def test_stacked_losses_broadcast_everything_but_the_batch(labels, predictions):
    gammas: Any = [[1.0], [2.0], [5.0]]  # nested lists, as a config gives them
    loss = losses.FocalLoss(gamma=gammas, reduction=None)
    with pytest.raises(ValueError, match="must have the same shape"):
        loss(np.ones(labels), np.zeros(predictions))


@every_loss
def test_value_and_gradient_are_finite_at_any_logit(case):
    ends = np.array([1e4, 1000, 120, 104, 90, 88.5, 40, 17, 1, 1e-3, 1e-30, 0])
    y, z = (grid.ravel() for grid in np.meshgrid([0.0, 1.0, 0.3], np.concatenate([ends, -ends])))
    values, gradient = value_and_gradient(case.make(reduction=None), y, z)
    assert np.isfinite(values).all()
    assert np.isfinite(gradient).all()
    if not case.clips:  # the clipped forms say something else out here, by their definition
        np.testing.assert_allclose(values, case.expected(y, z), rtol=3e-5, atol=case.absolute)


@every_loss
def test_gradient_equals_finite_differences_of_the_reference(case):
    step = 1e-5
    smooth = np.abs(Z - (np.inf if case.kink is None else case.kink)) > step
    y, z = Y[smooth], Z[smooth]
    expected = (case.expected(y, z + step) - case.expected(y, z - step)) / (2 * step)
    _, gradient = value_and_gradient(case.make(reduction="sum", dtype="float64"), y, z, "float64")
    np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-9)


@every_loss
def test_compiled_by_xla_equals_eager(case):
    loss = case.make(reduction=None)
    # Beyond the clip the textbook formula has one digit left in float32, and XLA rounds it in another order.
    far = [] if case.clips else [-200, 300]
    y, z = np.append(Y, [1, 0][: len(far)]), np.append(Z, far)
    compiled, eager = (value_and_gradient(loss, y, z, compiled=by_xla) for by_xla in (True, False))
    for fast, slow in zip(compiled, eager, strict=True):
        np.testing.assert_allclose(fast, slow, rtol=2e-5, atol=1e-6)


@every_loss
def test_half_precision_inputs_are_computed_in_float32(case):
    z = np.array([30.0, -6e4, 6e4, -30.0, 0.1, -3.0], "float16")
    values, _ = value_and_gradient(case.make(reduction=None), HARD, z, "float16")
    assert values.dtype == "float32"
    np.testing.assert_array_equal(values, case.make(reduction=None)(HARD, z.astype("float32")))
    assert np.isfinite(values).all()


@every_loss
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_batch_of_one_class_is_as_good_as_any(case, label):
    value, gradient = value_and_gradient(case.make(), np.full(6, label), LOGITS)
    assert value == pytest.approx(case.expected(label, LOGITS).mean(), rel=1e-5)
    assert np.isfinite(gradient).all()
    assert gradient.any()


@every_loss
@settings(max_examples=10, deadline=None)
@given(z=st.lists(st.floats(-10, 10), min_size=8, max_size=8), label=st.sampled_from([0.0, 1.0]))
def test_a_better_prediction_costs_less(case, z, label):
    towards_label = np.sort(np.minimum(z, case.best))
    loss = case.make(reduction=None, dtype="float64")
    values = np.asarray(loss(np.full(len(z), label), towards_label if label else -towards_label))
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values) <= 1e-12 * values[:-1]).all()
    clearly_better = np.diff(towards_label) > 1e-3
    assert case.flat or (np.diff(values)[clearly_better] < 0).all()


@every_loss
@pytest.mark.parametrize(
    "soft", [False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["hard labels", "soft labels"]
)
def test_three_steps_of_gradient_descent_lower_the_loss(case, soft):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    y = reference.sigmoid(x @ [2.0, -1.0, 0.5])
    y = y if soft else (y > 0.7).astype(float)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), case.make(), jit_compile=False)
    values = [float(model.train_on_batch(x, y)) for _ in range(4)]
    assert values == sorted(values, reverse=True)
    assert values[3] < values[0]


def test_a_users_own_loss_needs_only_its_formula():
    @keras.saving.register_keras_serializable("tests")
    class ShiftedLoss(losses.SigmoidLoss):
        def __init__(self, shift=0.0, **arguments):
            super().__init__(shift=shift, **arguments)

        def compute(self, labels, logits):
            return keras.ops.softplus((1 - 2 * labels) * (logits + self.constant("shift", logits)))

    loss = ShiftedLoss(shift=1.5, reduction=None, dtype="float64")
    np.testing.assert_allclose(loss(HARD, LOGITS[:, None]), reference.bce(HARD, LOGITS + 1.5), rtol=1e-12)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()
    assert loss.debias(LOGITS) is None
    assert loss.in_force == {"shift": 1.5}


def test_a_loss_without_a_formula_says_so():
    class Empty(losses.SigmoidLoss):
        pass

    with pytest.raises(NotImplementedError, match="Empty does not define `compute`"):
        Empty()(HARD, LOGITS)


@pytest.mark.parametrize(
    ("loss", "in_force"),
    [
        (("CustomLoss", {}), {"formula": "logits"}),
        (("WeightedLoss", {}), {"positive_weight": 2.0, "negative_weight": 1.0}),
        (("WeightedLoss", {"balanced": True, "pi": 0.1}), {"balanced": True}),
        (("SmoothedLoss", {}), {"label_smoothing": 0.1}),
        (("FocalLoss", {}), {"gamma": 2.0}),
        (("FocalLoss", {"alpha_mode": "balanced"}), {"gamma": 2.0, "alpha": 0.25, "alpha_mode": "balanced"}),
    ],
)
def test_only_hyperparameters_in_force_are_named(loss, in_force):
    assert getattr(losses, loss[0])(**loss[1]).in_force == in_force


def test_an_unknown_loss_is_answered_with_the_known_ones():
    with pytest.raises(AttributeError, match=r"no attribute 'FocussedLoss'.*FocalLoss"):
        losses.FocussedLoss  # noqa: B018
