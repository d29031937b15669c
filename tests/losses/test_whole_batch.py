"""What every loss of a whole batch must keep. A new one is one line in CASES."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from losses_backend import value_and_gradient

import losses
from runner.verification import reference


@dataclass(frozen=True)
class Case:
    """One loss, one setting, and the NumPy formula it must equal.

    perfect: the loss of a batch predicted without doubt. empty: the loss of EMPTY_Z, which has no positive.
    teaches: whether such a batch has a gradient. stacked: three values each of hyper-parameters as arrays.
    rounding: float32's relative error in millionths.
    """

    name: str
    loss: str
    arguments: dict[str, Any]
    formula: Callable[..., float]
    empty: float
    teaches: bool = True
    perfect: float = 0.0
    stacked: dict[str, list[float]] = field(default_factory=dict)
    rounding: float = 2.0

    def make(self, **arguments) -> Any:
        return getattr(losses, self.loss)(**{**self.arguments, **arguments})

    def expected(self, y, z, weights=None, **arguments) -> float:
        return self.formula(y, z, weights, **{**self.arguments, **arguments})


EMPTY_Z = np.array([-2.0, 0.0, 1.0])
FALSE_ALARMS = reference.sigmoid(EMPTY_Z).sum()
EMPTY_GHM = np.logaddexp(0, EMPTY_Z).sum() / 30  # each of the three alone in its bin of width 1/30
SMOOTH = {"smooth": [0.5, 1.0, 10.0]}
PRICES = {"alpha": [0.0, 0.3, 1.0], "beta": [1.0, 0.7, 0.2], **SMOOTH}
MARGINS = {"margin": [0.5, 1.0, 4.0]}
COSINE, WIDTHS = {"squash": "cosine"}, {"width": [0.1, 0.3, 0.5]}
HINGE, SQUARE, MARGIN = {"surrogate": "squared_hinge"}, {"surrogate": "square"}, {"surrogate": "margin"}
TEMPERATURES, TILTS = {"temperature": [0.1, 0.5, 2.0]}, {"t": [-0.5, 0.0, 3.0]}
SHARES = [0.02, 0.3, 1.0]
CASES = [
    Case("dice", "DiceLoss", {}, reference.dice, FALSE_ALARMS / (FALSE_ALARMS + 1), stacked=SMOOTH),
    Case("dice-0", "DiceLoss", {"smooth": 0.0}, reference.dice, 1.0, teaches=False),
    Case("tversky", "TverskyLoss", {}, reference.tversky, 1 - 1 / (1 + 0.3 * FALSE_ALARMS), stacked=PRICES),
    Case("jaccard", "TverskyLoss", {"alpha": 1, "beta": 1}, reference.tversky, FALSE_ALARMS / (FALSE_ALARMS + 1)),
    Case(
        "focal-tversky",
        "FocalTverskyLoss",
        {},
        reference.focal_tversky,
        (1 - 1 / (1 + 0.3 * FALSE_ALARMS)) ** 0.75,
        stacked={**PRICES, "gamma": [1.0, 4 / 3, 3.0]},
    ),
    Case("soft-mcc", "SoftMCCLoss", {}, reference.soft_mcc, 1.0, teaches=False, rounding=20),
    Case("score", "ScoreLoss", {}, reference.score, 1.0, teaches=False),
    Case("fbeta", "ScoreLoss", {"score": "fbeta"}, reference.score, 1.0, False, stacked={"beta": [0.5, 1.0, 2.0]}),
    Case("g-mean", "ScoreLoss", {"score": "g_mean", **COSINE}, reference.score, 1.0, False, stacked=WIDTHS),
    Case("balanced", "ScoreLoss", {"score": "balanced_accuracy"}, reference.score, FALSE_ALARMS / 6),
    Case("youden", "ScoreLoss", {"score": "youden"}, reference.score, FALSE_ALARMS / 3),
    Case("csi", "ScoreLoss", {"score": "csi"}, reference.score, 1.0, teaches=False),
    Case("mcc", "ScoreLoss", {"score": "mcc", **COSINE}, reference.score, 1.0, teaches=False, rounding=20),
    Case("accuracy", "ScoreLoss", {"score": "accuracy"}, reference.score, FALSE_ALARMS / 3),
    Case(
        "accuracy-sharp",
        "ScoreLoss",
        {"score": "accuracy", "squash": "sharp", "steepness": 10.0},
        reference.score,
        reference.sigmoid(10 * (reference.sigmoid(EMPTY_Z) - 0.5)).mean(),
        perfect=float(reference.sigmoid(-5.0)),
        stacked={"steepness": [1.0, 10.0, 73.0]},
        rounding=5,
    ),
    Case("pairwise-logistic", "PairwiseAUCLoss", {}, reference.pairwise_auc, 0.0, teaches=False),
    Case("pairwise-hinge", "PairwiseAUCLoss", HINGE, reference.pairwise_auc, 0.0, teaches=False, stacked=MARGINS),
    Case("pairwise-hinge-4", "PairwiseAUCLoss", {**HINGE, "margin": 4.0}, reference.pairwise_auc, 0.0, teaches=False),
    # the square wants a distance of exactly `margin`, and charges for more
    Case("pairwise-square", "PairwiseAUCLoss", SQUARE, reference.pairwise_auc, 0.0, False, 3481.0, stacked=MARGINS),
    Case("pairwise-margin", "PairwiseAUCLoss", MARGIN, reference.pairwise_auc, 0.0, teaches=False, stacked=MARGINS),
    Case("partial", "PairwiseAUCLoss", {"fpr": 0.1}, reference.pairwise_auc, 0.0, False, stacked={"fpr": SHARES}),
    Case("partial-hinge", "PairwiseAUCLoss", {**HINGE, "fpr": 0.3}, reference.pairwise_auc, 0.0, teaches=False),
    Case("partial-margin", "PairwiseAUCLoss", {**MARGIN, "fpr": 0.3}, reference.pairwise_auc, 0.0, teaches=False),
    Case("smooth-ap", "SmoothAPLoss", {}, reference.smooth_ap, 0.0, teaches=False, stacked=TEMPERATURES, rounding=4),
    Case("smooth-ap-sharp", "SmoothAPLoss", {"temperature": 0.1}, reference.smooth_ap, 0.0, False, rounding=4),
    Case("aum", "AUMLoss", {}, reference.aum, 0.0, teaches=False),
    Case("aum-rate", "AUMLoss", {"denominator": "rate"}, reference.aum, 0.0, teaches=False),
    Case("lovasz-hinge", "LovaszHingeLoss", {}, reference.lovasz_hinge, 2.0),
    Case("nnpu", "NNPULoss", {}, reference.nnpu, np.logaddexp(0, EMPTY_Z).mean(), stacked={"prior": [0.01, 0.1, 0.4]}),
    Case(
        "nnpu-sigmoid",
        "NNPULoss",
        {"surrogate": "sigmoid", "prior": 0.3},
        reference.nnpu,
        FALSE_ALARMS / 3,
        stacked={"prior": [0.1, 0.5, 0.9], "beta": [0.0, 0.1, 5.0], "gamma": [0.0, 0.5, 1.0]},
    ),
    # the risk of negatives is estimated below 0 for the labels of the tests: steps back
    Case("nnpu-back", "NNPULoss", {"prior": 0.9, "gamma": 0.5}, reference.nnpu, np.logaddexp(0, EMPTY_Z).mean()),
    Case("tilted", "TiltedLoss", {}, reference.tilted, np.log(np.mean(1 + np.exp(EMPTY_Z))), stacked=TILTS),
    Case(
        "tilted-back",
        "TiltedLoss",
        {"t": -0.5},
        reference.tilted,
        -2 * np.log(np.mean((1 + np.exp(EMPTY_Z)) ** -0.5)),
    ),
    Case("cvar", "CVaRLoss", {}, reference.cvar, np.logaddexp(0, 1.0), stacked={"alpha": SHARES}),
    Case("cvar-all", "CVaRLoss", {"alpha": 1.0}, reference.cvar, np.logaddexp(0, EMPTY_Z).mean()),
    Case(
        "compound",
        "CompoundLoss",
        {},
        reference.compound,
        np.logaddexp(0, EMPTY_Z).mean() / 2 + FALSE_ALARMS / (FALSE_ALARMS + 1) / 2,
        stacked={"weight": [0.0, 0.3, 1.0]},
    ),
    Case(
        "compound-focal",
        "CompoundLoss",
        {"first": {"loss": "FocalLoss", "gamma": 1.0}, "second": "BrierLoss", "weight": 0.2},
        reference.compound,
        0.8 * np.mean(reference.focal(0, EMPTY_Z, 1.0)) + 0.2 * np.mean(reference.brier(0, EMPTY_Z)),
    ),
    Case("ghm", "GHMLoss", {}, reference.ghm, EMPTY_GHM),
    Case("ghm-occupied", "GHMLoss", {"counted": "occupied"}, reference.ghm, 10 * EMPTY_GHM),
    Case("ghm-10", "GHMLoss", {"bins": 10}, reference.ghm, np.logaddexp(0, EMPTY_Z).sum() / 10),
]
every_loss = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
stackable = pytest.mark.parametrize("case", [case for case in CASES if case.stacked], ids=lambda case: case.name)

RNG = np.random.default_rng(3)
Z = RNG.normal(-1, 2, 50)
HARD = (RNG.uniform(size=50) < 0.3).astype(float)
SOFT = RNG.uniform(size=50)
WEIGHT = RNG.uniform(0, 3, 50) * (RNG.uniform(size=50) < 0.9)
labels = pytest.mark.parametrize("y", [HARD, SOFT], ids=["hard labels", "soft labels"])
weights = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])


def test_every_whole_batch_loss_has_a_case():
    listed = {name for name, entry in losses.CATALOGUE.items() if entry.whole_batch}
    assert {case.loss for case in CASES} == listed
    assert listed == {name for name in losses.CATALOGUE if issubclass(getattr(losses, name), losses.WholeBatchLoss)}


@every_loss
@labels
@weights
def test_float64_equals_the_reference(case, y, weight):
    value = float(case.make(dtype="float64")(y, Z, sample_weight=weight))
    assert value == pytest.approx(case.expected(y, Z, weight), rel=1e-12)


@every_loss
@labels
@weights
def test_float32_equals_the_reference(case, y, weight):
    y, z = y.astype("float32"), Z.astype("float32")
    assert float(case.make()(y, z, sample_weight=weight)) == pytest.approx(
        case.expected(y, z, weight), rel=1e-6 * case.rounding
    )


@every_loss
@labels
@weights
def test_gradient_equals_finite_differences_of_the_reference(case, y, weight):
    loss = case.make(dtype="float64")
    _, gradient = value_and_gradient(lambda y, z: loss(y, z, sample_weight=weight), y, Z, "float64")
    formula = lambda z: case.expected(y, z, weight)  # noqa: E731
    if case.loss == "GHMLoss":  # its weights are held fixed, by the paper
        fixed = reference.ghm_weights(y, Z, weight, **case.arguments)
        formula = lambda z: np.sum(fixed * reference.bce(y, z))  # noqa: E731
    if case.loss == "NNPULoss":  # it steps back where its estimate of a risk is negative, by the paper
        formula = lambda z: reference.nnpu_step(y, z, weight, **case.arguments, at=Z)  # noqa: E731
    steps = np.eye(len(Z)) * 1e-5
    expected = [(formula(Z + step) - formula(Z - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


@every_loss
@labels
def test_a_row_of_weight_two_is_two_rows_and_of_weight_zero_is_none(case, y):
    if case.loss == "SmoothAPLoss":
        pytest.skip("two rows of one logit stand half above each other, and one row counts whole")
    loss = case.make(dtype="float64")
    times = np.array([0, 1, 2, 3, 1] * 10)
    repeated = float(loss(np.repeat(y, times), np.repeat(Z, times)))
    weighted = float(loss(y, Z, sample_weight=times * len(Z) / times.sum()))
    if case.name == "compound":
        pytest.skip("the `smooth` of its Dice is a constant beside counts")
    if case.arguments.get("smooth", "smooth" in losses.CATALOGUE[case.loss].arguments):
        # `smooth` is counted in rows, and weights are scaled to as many as there are
        smooth = case.arguments.get("smooth", 1.0) * times.sum() / len(Z)
        repeated = float(case.make(dtype="float64", smooth=smooth)(np.repeat(y, times), np.repeat(Z, times)))
    assert weighted == pytest.approx(repeated, rel=1e-12)
    assert float(loss(y, Z, sample_weight=7.0 * times)) == pytest.approx(weighted, rel=1e-12)


REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]
OFTEN = ("mean_with_sample_weight", None)


@every_loss
@pytest.mark.parametrize(
    "reduction", [pytest.param(each, marks=[] if each in OFTEN else pytest.mark.exhaustive) for each in REDUCTIONS]
)
def test_a_reduction_has_nothing_to_reduce_and_a_scalar_weight_multiplies(case, reduction):
    loss = case.make(reduction=reduction, dtype="float64")
    expected = case.expected(HARD, Z)
    np.testing.assert_allclose(loss(HARD, Z), expected, rtol=1e-12)
    # Keras divides by the sum of the weights here, which is the scalar itself
    scaled = expected if reduction == "mean_with_sample_weight" else 2.3 * expected
    np.testing.assert_allclose(loss(HARD, Z, sample_weight=2.3), scaled, rtol=1e-12)


@every_loss
def test_rows_and_columns_agree(case):
    loss = case.make(dtype="float64")
    expected = case.expected(HARD, Z, WEIGHT)
    for y in (HARD, HARD[:, None], HARD.tolist()):
        for z in (Z, Z[:, None]):
            for weight in (WEIGHT, WEIGHT[:, None], WEIGHT.tolist()):
                np.testing.assert_allclose(loss(y, z, sample_weight=weight), expected, rtol=1e-12)


@every_loss
def test_the_order_of_the_rows_does_not_matter(case):
    order = RNG.permutation(len(Z))
    loss = case.make(dtype="float64")
    shuffled = loss(HARD[order], Z[order], sample_weight=WEIGHT[order])
    assert float(shuffled) == pytest.approx(float(loss(HARD, Z, sample_weight=WEIGHT)), rel=1e-12)


@every_loss
def test_probabilities_instead_of_logits_are_the_same_loss(case):
    probabilities = reference.sigmoid(Z)
    value = case.make(from_logits=False, dtype="float64")(HARD, probabilities)
    np.testing.assert_allclose(value, case.expected(HARD, Z), rtol=1e-9)


@every_loss
@pytest.mark.parametrize(
    ("y", "z", "weight", "received"),
    [
        ((8, 2), (8, 2), None, "compares the rows of one output"),
        ((4,), (8,), None, "must have the same shape"),
        ((4,), (8, 1), None, "must have the same shape"),
        ((8,), (8,), (4,), r"one a row.*\(4,\), 8 predictions"),
        ((8,), (8, 1), (8, 2), r"one a row.*\(8, 2\), 8 predictions"),
    ],
    ids=str,
)
def test_shapes_that_do_not_fit_are_refused(case, y, z, weight, received):
    weight = None if weight is None else np.ones(weight)
    with pytest.raises(ValueError, match=received):
        case.make()(np.ones(y), np.ones(z), sample_weight=weight)


@every_loss
def test_masked_predictions_are_refused(case):
    """Masked by a layer, so that this fails when Keras keeps its masks elsewhere."""
    z = keras.layers.Masking(mask_value=99.0)(keras.ops.convert_to_tensor(Z[:, None]))
    with pytest.raises(ValueError, match="takes no masked predictions"):
        case.make()(HARD, z)


@every_loss
def test_from_config_and_a_saved_model_keep_the_loss(case, tmp_path):
    loss = case.make(name="mine", dtype="float64", from_logits=False)
    again = type(loss).from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    np.testing.assert_array_equal(again(HARD, reference.sigmoid(Z)), loss(HARD, reference.sigmoid(Z)))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", case.make(name="mine"))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").loss
    assert type(loaded) is type(loss)
    assert loaded.get_config() == model.loss.get_config()


@stackable
def test_array_hyperparameters_are_that_many_losses_in_one_call(case):
    arrays = {name: [[value] for value in values] for name, values in case.stacked.items()}
    z, y = np.stack([Z, Z[::-1], 3 * Z]), np.stack([HARD, HARD, HARD[::-1]])
    for weight in (None, WEIGHT):
        together = np.asarray(case.make(**arrays, reduction=None, dtype="float64")(y, z, sample_weight=weight))
        assert together.shape == (3,)
        for row in range(3):
            single = {name: values[row] for name, values in case.stacked.items()}
            assert together[row] == pytest.approx(case.expected(y[row], z[row], weight, **single), rel=1e-12)
    # the same labels, and even the same logits, for all
    shared = np.asarray(case.make(**arrays, reduction=None, dtype="float64")(HARD, Z))
    singles = [{name: values[row] for name, values in case.stacked.items()} for row in range(3)]
    np.testing.assert_allclose(shared, [case.expected(HARD, Z, **single) for single in singles], rtol=1e-12)
    mean = case.make(**arrays, dtype="float64")(HARD, Z)
    assert float(mean) == pytest.approx(shared.mean(), rel=1e-12)


@every_loss
def test_many_models_at_once_are_each_alone(case):
    """Leading axes of logits without array hyper-parameters, as a stack of networks has them."""
    loss = case.make(dtype="float64")
    z = np.stack([Z, Z[::-1], 3 * Z])
    values = np.asarray(loss.compute(keras.ops.convert_to_tensor(HARD), keras.ops.convert_to_tensor(z)))
    np.testing.assert_allclose(values[:, 0], [case.expected(HARD, row) for row in z], rtol=1e-12)


@every_loss
@pytest.mark.parametrize("y", [HARD, SOFT], ids=["hard", "soft"])
def test_value_and_gradient_are_finite_at_any_logit(case, y):
    """All logits in one call, as a stack of networks has them, and the two that are most likely to overflow alone."""
    towards = np.stack([2 * HARD - 1, 1 - 2 * HARD, np.resize([1, -1, 0.5], 50)])
    z = np.concatenate([scale * towards for scale in (0.0, 1e-30, 1.0, 17.0, 88.5, 120.0, 1e4)])
    loss = case.make()
    for of, logits in [(loss.compute, z), (loss, 88.5 * towards[1]), (loss, 1e4 * towards[2])]:
        value, gradient = value_and_gradient(of, y, logits)
        assert np.isfinite(value).all()
        assert np.isfinite(gradient).all()
        assert gradient.shape == logits.shape


@every_loss
def test_a_batch_without_a_positive_has_its_documented_value(case):
    value, gradient = value_and_gradient(case.make(), np.zeros(3), EMPTY_Z)
    assert value == pytest.approx(case.empty, rel=1e-5, abs=1e-7)
    assert np.isfinite(gradient).all()
    assert bool(gradient.any()) is case.teaches
    if case.teaches:  # by pushing the negatives down, if only the worst of them
        assert (gradient >= 0).all()


@every_loss
@pytest.mark.parametrize("y", [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], ids=str)
@pytest.mark.parametrize("weight", [[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], None], ids=str)
def test_batches_of_one_class_or_of_no_weight_are_finite(case, y, weight):
    loss = case.make()
    weight = None if weight is None else np.array(weight)
    value, gradient = value_and_gradient(lambda y, z: loss(y, z, sample_weight=weight), y, EMPTY_Z)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    if weight is not None:
        assert gradient[0] == 0  # it has no weight


@every_loss
def test_a_perfect_prediction_reaches_the_minimum(case):
    perfect = float(case.make()(HARD, np.where(HARD == 1, 30.0, -30.0)))
    assert perfect == pytest.approx(case.perfect, rel=1e-6, abs=1e-6)


@every_loss
def test_compiled_by_xla_equals_eager(case):
    """Hard labels beside soft ones, as two networks of a stack, for compiling takes long."""
    loss, y, z = case.make().compute, np.stack([HARD, SOFT]), np.stack([Z, Z])
    for fast, slow in zip(value_and_gradient(loss, y, z, compiled=True), value_and_gradient(loss, y, z), strict=True):
        np.testing.assert_allclose(fast, slow, rtol=2e-5, atol=1e-7)


@every_loss
def test_half_precision_inputs_are_computed_in_float32(case):
    y, z = HARD.astype("float16"), np.clip(100 * Z, -6e4, 6e4).astype("float16")
    value = np.asarray(case.make()(keras.ops.convert_to_tensor(y), keras.ops.convert_to_tensor(z)))
    assert value.dtype == "float32"
    np.testing.assert_array_equal(value, np.asarray(case.make()(HARD, z.astype("float32"))))
    assert np.isfinite(value)


@every_loss
@settings(max_examples=10 if keras.config.backend() == "tensorflow" else 5, deadline=None)  # each shape is compiled
@given(data=st.data())
def test_moving_an_example_towards_its_label_costs_less(case, data):
    if case.arguments.get("surrogate") == "square":
        pytest.skip("a square charges for too much distance as well")
    if case.loss == "GHMLoss":
        pytest.skip("a row that changes its bin changes the weights of others")
    if case.loss == "SmoothAPLoss":
        pytest.skip("a positive that leaves a tie with others no longer counts them as half ranked above it")
    size = data.draw(st.sampled_from([2, 9]))
    y = np.array(data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=size, max_size=size)))
    z = np.array(data.draw(st.lists(st.floats(-8, 8), min_size=size, max_size=size)))
    row, step = data.draw(st.integers(0, size - 1)), data.draw(st.floats(0, 5))
    better = z + np.where(np.arange(size) == row, (2 * y[row] - 1) * step, 0)
    loss = case.make(dtype="float64")
    before, after = float(loss(y, z)), float(loss(y, better))
    assert 0 <= after <= before + 1e-12


@every_loss
@pytest.mark.parametrize("y", [HARD, pytest.param(SOFT, marks=pytest.mark.exhaustive)], ids=["hard", "soft"])
def test_three_steps_of_gradient_descent_lower_the_loss(case, y):
    if case.name == "nnpu-back":
        pytest.skip("a step back may raise the value")
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), case.make(), jit_compile=False)
    before = model.predict_on_batch(x)[:, 0]
    values = [float(model.train_on_batch(x, y, sample_weight=WEIGHT)) for _ in range(4)]
    if case.loss == "GHMLoss":  # what a step lowers is the loss with the weights it had before the step
        fixed = reference.ghm_weights(y, before, WEIGHT, **case.arguments)
        values = [np.sum(fixed * reference.bce(y, z)) for z in (before, *4 * [model.predict_on_batch(x)[:, 0]])]
    assert values[3] < values[0]


@pytest.mark.parametrize("surrogate", ["logistic", "squared_hinge", "square"])
@pytest.mark.parametrize("rows", [1, 15, 16, 17, 400])
def test_pairs_are_all_counted_whatever_their_number(surrogate, rows):
    rng = np.random.default_rng(rows)
    y, z = np.concatenate([[1.0], rng.uniform(size=rows) < 0.5]).astype(float), rng.normal(size=rows + 1)
    y[-1] = 0.0
    loss = losses.PairwiseAUCLoss(surrogate, dtype="float64")
    assert float(loss(y, z)) == pytest.approx(reference.pairwise_auc(y, z, surrogate=surrogate), rel=1e-12)


@pytest.mark.parametrize("surrogate", ["logistic", "squared_hinge", "square"])
def test_the_pairwise_loss_is_blind_to_the_level_and_bounds_the_auc(surrogate):
    from sklearn.metrics import roc_auc_score

    loss = losses.PairwiseAUCLoss(surrogate, dtype="float64")
    value = float(loss(HARD, Z))
    assert float(loss(HARD, Z + 100)) == pytest.approx(value, rel=1e-9)
    scale = np.log(2) if surrogate == "logistic" else 1.0  # l(0), what a tie costs
    assert value / scale >= 1 - roc_auc_score(HARD, Z)


def test_a_hinge_of_a_hundred_thousand_far_apart_rows_keeps_its_digits():
    rng = np.random.default_rng(0)
    y = (rng.uniform(size=100_000) < 0.1).astype("float32")
    z = rng.normal(0, 300, 100_000).astype("float32")
    value, gradient = value_and_gradient(losses.PairwiseAUCLoss("squared_hinge"), y, z)
    positives, negatives = np.sort(z[y == 1].astype(float)), np.sort(z[y == 0].astype(float))
    # Independent: for each positive the negatives above z - 1, by suffix sums about the positive's own place
    total = sum(np.sum((negatives[np.searchsorted(negatives, a - 1) :] - (a - 1)) ** 2) for a in positives)
    assert value == pytest.approx(total / len(positives) / len(negatives), rel=1e-5)
    assert np.abs(gradient.sum()) < 1e-3 * np.abs(gradient).sum()


def test_dice_is_tversky_with_equal_prices_and_one_minus_f1_of_decisions():
    from sklearn.metrics import f1_score, matthews_corrcoef

    dice, tversky = losses.DiceLoss(smooth=2.0), losses.TverskyLoss(0.5, 0.5, smooth=1.0)
    assert float(dice(HARD, Z)) == pytest.approx(float(tversky(HARD, Z)), rel=1e-6)
    decided = np.where(Z > -1, 100.0, -100.0)
    assert float(losses.DiceLoss(smooth=0.0)(HARD, decided)) == pytest.approx(1 - f1_score(HARD, Z > -1), rel=1e-6)
    assert float(losses.SoftMCCLoss()(HARD, decided)) == pytest.approx(1 - matthews_corrcoef(HARD, Z > -1), rel=1e-5)


def test_dice_equals_kerass():
    theirs = keras.losses.Dice()(HARD[None], reference.sigmoid(Z)[None])
    assert float(losses.DiceLoss(smooth=0.0)(HARD, Z)) == pytest.approx(float(theirs), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments", "received"),
    [
        ("DiceLoss", {"smooth": -1}, "smooth=-1"),
        ("TverskyLoss", {"alpha": -1}, "alpha=-1"),
        ("TverskyLoss", {"beta": -0.5}, "beta=-0.5"),
        ("TverskyLoss", {"smooth": None}, "smooth=None"),
        ("FocalTverskyLoss", {"alpha": -1}, "alpha=-1"),
        ("FocalTverskyLoss", {"beta": -1}, "beta=-1"),
        ("FocalTverskyLoss", {"gamma": 0}, "gamma=0"),
        ("FocalTverskyLoss", {"smooth": -1}, "smooth=-1"),
        ("ScoreLoss", {"score": "auc"}, "score=auc"),
        ("ScoreLoss", {"squash": "hard"}, "squash=hard"),
        ("ScoreLoss", {"beta": 0}, "beta=0"),
        ("ScoreLoss", {"width": 0.6}, "width=0.6"),
        ("ScoreLoss", {"steepness": 0}, "steepness=0"),
        ("PairwiseAUCLoss", {"surrogate": "hinge"}, "surrogate=hinge"),
        ("PairwiseAUCLoss", {"margin": 0}, "margin=0"),
        ("PairwiseAUCLoss", {"fpr": 0}, "fpr=0"),
        ("SmoothAPLoss", {"temperature": 0}, "temperature=0"),
        ("SmoothAPLoss", {"memory": 1.5}, "memory=1.5"),
        ("SmoothAPLoss", {"pi": 1}, "pi=1"),
        ("AUMLoss", {"denominator": "rows"}, "denominator=rows"),
        ("NNPULoss", {"prior": 0}, "prior=0"),
        ("NNPULoss", {"surrogate": "hinge"}, "surrogate=hinge"),
        ("NNPULoss", {"beta": -0.1}, "beta=-0.1"),
        ("NNPULoss", {"gamma": 1.5}, "gamma=1.5"),
        ("TiltedLoss", {"t": -1}, "t=-1"),
        ("CVaRLoss", {"alpha": 0}, "alpha=0"),
        ("CompoundLoss", {"first": "Focal"}, "first=Focal"),
        ("CompoundLoss", {"first": "CompoundLoss"}, "first=CompoundLoss"),
        ("CompoundLoss", {"second": {"gamma": 2.0}}, "second={'gamma': 2.0}"),
        ("CompoundLoss", {"second": {"loss": "CVaRLoss", "alpha": 2}}, "alpha=2"),
        ("CompoundLoss", {"weight": 1.5}, "weight=1.5"),
        ("CompoundLoss", {"pi": 1}, "pi=1"),
        ("CompoundLoss", {"n1": 0}, "n1=0"),
        ("CompoundLoss", {"n0": 0}, "n0=0"),
        ("GHMLoss", {"bins": 0}, "bins=0"),
        ("GHMLoss", {"counted": "none"}, "counted=none"),
        ("GHMLoss", {"bins": 2.5}, "bins=2.5"),
        ("GHMLoss", {"bins": [[10], [30]]}, "bins=[[10], [30]]"),
    ],
)
def test_values_out_of_range_are_refused_by_name(name, arguments, received):
    with pytest.raises(ValueError, match=received.split("=")[0]) as refusal:
        getattr(losses, name)(**arguments)
    assert str(refusal.value).endswith(f"Received: {received}")


def test_every_hyperparameter_has_a_refused_value():
    table = test_values_out_of_range_are_refused_by_name.pytestmark[0].args[1]
    refused = {(name, argument) for name, arguments, _ in table for argument in arguments}
    whole_batch = {name: entry for name, entry in losses.CATALOGUE.items() if entry.whole_batch}
    assert refused == {(name, argument) for name, entry in whole_batch.items() for argument in entry.arguments}


def test_there_is_no_way_back_to_a_probability():
    assert all(case.make().debias(Z) is None for case in CASES)
