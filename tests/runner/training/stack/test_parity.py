"""A stack against `fit`, and against itself: the same run comes to the same weights however it is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from small_training import make_network, make_splits

import losses
from losses.catalogue import CATALOGUE
from runner.errors import RunFailed
from runner.evaluation import epoch_metrics
from runner.training import SAM, CompiledTrainer, FitTrainer, Measure, TrainerSettings, Training, TrainingTask
from runner.training import fit as fit_trainer
from runner.training.early_stopping import EarlyStopping
from runner.training.stack import Member, Stack, train_stack
from runner.training.stack.program import PROGRAMS

EPOCHS = 20
ONE_EPOCH = TrainerSettings(epochs=1, batch_size=32)
PRIORS = {"n1": 40, "n0": 163, "pi": 0.2}
OF_KERAS = {
    "builtin": lambda: keras.losses.BinaryCrossentropy(from_logits=True),
    "builtin on probabilities": lambda: keras.losses.BinaryCrossentropy(),
    "builtin, smoothed": lambda: keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
    "focal of Keras": lambda: keras.losses.BinaryFocalCrossentropy(from_logits=True),
    "squared hinge of Keras": lambda: keras.losses.SquaredHinge(),
}


def listed(name: str, **settings: Any) -> keras.losses.Loss:
    kind = getattr(losses, name)
    known = kind.__init__.__code__.co_varnames
    return kind(**{key: value for key, value in PRIORS.items() if key in known}, **settings)


LOSSES: dict[str, Callable[[], keras.losses.Loss]] = {
    **OF_KERAS,
    **{name: partial(listed, name) for name in CATALOGUE},
    "weighted, balanced": lambda: losses.WeightedLoss(balanced=True, pi=0.2),
    "focal on probabilities": lambda: losses.FocalLoss(gamma=1.5, from_logits=False),
    "LDAM from epoch 5": lambda: listed("LDAMLoss", drw_epoch=5),
    "Dice that warms up": lambda: losses.DiceLoss(warmup_epochs=10),
    "weights' own mean": lambda: losses.CustomLoss(reduction="mean_with_sample_weight"),
    "pairwise squared hinge": lambda: losses.PairwiseAUCLoss(surrogate="squared_hinge"),
}


def residual(inputs: Any, units: int = 8) -> Any:
    """What a user may write: two branches, summed and joined."""
    left = keras.layers.Dense(units, activation="tanh")(inputs)
    right = keras.layers.LeakyReLU()(keras.layers.Dense(units, use_bias=False)(inputs))
    both = keras.layers.LayerNormalization()(keras.layers.Add()([left, right]))
    return keras.layers.Concatenate()([both, inputs])


def member(
    loss: keras.losses.Loss,
    optimizer: keras.optimizers.Optimizer,
    seed: int = 0,
    rule: EarlyStopping | None = None,
    **body: Any,
) -> Member:
    weights = make_network(seed, **body).logits.get_weights()
    return Member(weights, loss, optimizer, seed, rule, lambda epoch, metrics: None)


def stack(
    members: Sequence[Member],
    *,
    epochs: int = EPOCHS,
    splits: Any = None,
    batch_size: int = 32,
    measure: Measure = epoch_metrics,
    **body: Any,
) -> Stack:
    trainer = CompiledTrainer(epochs=epochs, batch_size=batch_size)
    trainer.start(0)
    splits = splits or make_splits()
    return trainer.train_stack(make_network(**body), members, [splits], measure)


def fit(
    member: Member, *, epochs: int = EPOCHS, splits: Any = None, batch_size: int = 32, **body: Any
) -> tuple[Training, Any]:
    trainer = FitTrainer(epochs=epochs, batch_size=batch_size)
    trainer.start(member.seed)
    splits = splits or make_splits()
    with trainer.scope():
        network = make_network(member.seed, **body)
    task = TrainingTask(network, member.loss, member.optimizer, splits, member.seed, epoch_metrics)
    training = trainer.train(task, lambda epoch, metrics: None)
    return training, network.predict(splits.test.inputs)


def assert_alike(stacked: Training, logits: np.ndarray, fitted: Training, expected: np.ndarray) -> None:
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    assert np.ptp(expected) > 0.1  # something was learnt
    np.testing.assert_allclose(stacked.history, fitted.history, rtol=1e-4, atol=1e-4)
    assert (stacked.best_epoch, stacked.stopped) == (fitted.best_epoch, fitted.stopped)
    for ours, theirs in zip(stacked.best_weights, fitted.best_weights, strict=True):
        assert ours.shape == theirs.shape


def trainings(stack: Stack) -> list[Training]:
    for each in stack.trainings:
        if isinstance(each, Exception):
            raise each
    return [each for each in stack.trainings if isinstance(each, Training)]


def often(cases: dict[str, Any], *names: str, argument: str) -> pytest.MarkDecorator:
    """All of them; those that are not named here are for `make test-all`."""
    marks = {name: [] if name in names else [pytest.mark.exhaustive] for name in cases}
    params = [pytest.param(case, id=name, marks=marks[name]) for name, case in cases.items()]
    return pytest.mark.parametrize(argument, params)


RANKING = (losses.PairwiseAUCLoss, losses.SmoothAPLoss, losses.AUMLoss)
OF_EACH_FORM = ("builtin", "CustomLoss", "weights' own mean", "DiceLoss", "squared hinge of Keras")


@pytest.mark.slow
def test_losses_that_remember_rows_are_as_by_fit(monkeypatch):
    """Memories of two lengths beside a loss without one, weighted rows, and a last batch that is smaller."""
    monkeypatch.setattr(fit_trainer, "steps_per_execution", lambda steps: 1)
    splits, optimizer = make_splits(weights=True), partial(keras.optimizers.Adam, 0.01)
    makers: list[Callable[[], keras.losses.Loss]] = [
        lambda: losses.SmoothAPLoss(memory=30, pi=0.2),
        lambda: losses.CustomLoss(),
        lambda: losses.SmoothAPLoss(memory=5, pi=0.2),
    ]
    together = stack([member(make(), optimizer()) for make in makers], splits=splits, epochs=2)
    logits = together.predict(splits.test.inputs)
    columns, centred = ["train/loss", "val/loss", "val/average_precision"], []
    for place, make in enumerate(makers):
        fitted, expected = fit(member(make(), optimizer()), splits=splits, epochs=2)
        got, said = logits[place], trainings(together)[place]
        if isinstance(make(), losses.SmoothAPLoss):  # its bias has no slope but rounding
            got, expected = got - got.mean(), expected - expected.mean()
        np.testing.assert_allclose(got, expected, atol=1e-4)
        np.testing.assert_allclose(said.history[columns], fitted.history[columns], rtol=1e-4, atol=1e-4)
        centred.append(expected)
    assert np.abs(centred[0] - centred[2]).max() > 1e-3  # how many rows are remembered makes a difference


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "weights"),
    [
        (OF_EACH_FORM, False),
        (OF_EACH_FORM, True),
        pytest.param(LOSSES, False, marks=pytest.mark.exhaustive),
    ],
    ids=["unweighted", "weighted rows", "all"],
)
def test_every_loss_in_one_stack_is_as_by_fit(names, weights, monkeypatch):
    # Several steps at once are traced twice, which takes longer than all steps; test_contract.py has them.
    monkeypatch.setattr(fit_trainer, "steps_per_execution", lambda steps: 1)
    splits, makers = make_splits(weights=weights), {name: LOSSES[name] for name in names}
    together = stack([member(make(), keras.optimizers.Adam()) for make in makers.values()], splits=splits)
    logits = together.predict(splits.test.inputs)
    for place, (name, make) in enumerate(makers.items()):
        fitted, expected = fit(member(make(), keras.optimizers.Adam()), splits=splits)
        got, said = logits[place], trainings(together)[place]
        if isinstance(make(), RANKING):
            # The bias has no slope but rounding, of which Adam makes steps of full size: only differences are defined.
            got, expected = got - got.mean(), expected - expected.mean()
            fitted.history["val/log_loss"] = said.history["val/log_loss"]
        try:
            assert_alike(said, got, fitted, expected)
        except AssertionError as problem:
            raise AssertionError(f"{name}: {problem}") from None


OPTIMIZERS: dict[str, list[Callable[[], keras.optimizers.Optimizer]]] = {
    "adam": [
        lambda: keras.optimizers.Adam(0.01),
        lambda: keras.optimizers.Adam(0.003, beta_1=0.8, beta_2=0.99, epsilon=1e-4),
    ],
    "adam with decay": [lambda: keras.optimizers.Adam(0.01, weight_decay=0.1)],
    "adamw": [lambda: keras.optimizers.AdamW(0.01), lambda: keras.optimizers.AdamW(0.003, weight_decay=0.3)],
    "sharpness-aware": [lambda: SAM(0.01), lambda: SAM(0.003, radius=0.5, beta_1=0.8), lambda: SAM(0.01, radius=0.0)],
    "sgd": [lambda: keras.optimizers.SGD(0.1), lambda: keras.optimizers.SGD(0.02, momentum=0.9)],
    "nesterov": [
        lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        lambda: keras.optimizers.SGD(0.05, momentum=0.0, nesterov=True),
    ],
    "rmsprop": [
        lambda: keras.optimizers.RMSprop(0.003),
        lambda: keras.optimizers.RMSprop(0.001, rho=0.7, momentum=0.5),
    ],
}


@often(OPTIMIZERS, "adam with decay", "sharpness-aware", "nesterov", argument="makers")
def test_every_optimizer_with_rates_of_its_own_is_as_by_fit(makers):
    together = stack([member(losses.CustomLoss(), make()) for make in makers])
    logits = together.predict(make_splits().test.inputs)
    for place, make in enumerate(makers):
        assert_alike(trainings(together)[place], logits[place], *fit(member(losses.CustomLoss(), make())))


def test_the_two_gradients_of_a_step_leave_batch_normalisation_as_by_fit():
    body: dict[str, Any] = {"units": [16, 8], "batch_normalization": True}
    one = member(losses.CustomLoss(), SAM(0.01, radius=0.3), **body)
    together = stack([one, member(losses.CustomLoss(), SAM(0.01, radius=0.1), seed=1, **body)], **body)
    fitted, expected = fit(member(losses.CustomLoss(), SAM(0.01, radius=0.3), **body), **body)
    assert_alike(trainings(together)[0], together.predict(make_splits().test.inputs)[0], fitted, expected)
    for ours, theirs in zip(trainings(together)[0].final_weights, fitted.final_weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)  # moving means and variances among them


MODELS: dict[str, dict[str, Any]] = {
    "logistic": {"_target_": "runner.models.logistic"},
    "mlp": {"units": [16, 8]},
    "mlp with batch normalisation": {"units": [16, 8], "batch_normalization": True, "activation": "elu"},
    "cnn": {
        "_target_": "runner.models.cnn",
        "filters": [3, 4],
        "units": 5,
        "image_shape": (6, 4, 2),
        "width": 48,
    },
    "a user's own": {"_target_": f"{__name__}.residual"},
}


@often(MODELS, "cnn", "a user's own", argument="body")
def test_every_model_is_as_by_fit(body):
    splits = make_splits(width=body.get("width", 5))
    runs = [{"optimizer": keras.optimizers.Adam(0.01), "seed": seed} for seed in (1, 2)]
    together = stack([member(losses.FocalLoss(), **run, **body) for run in runs], splits=splits, **body)
    logits = together.predict(splits.test.inputs)
    for place, seed in enumerate((1, 2)):
        alone = member(losses.FocalLoss(), keras.optimizers.Adam(0.01), seed, **body)
        assert_alike(trainings(together)[place], logits[place], *fit(alone, splits=splits, **body))


class Diverging(losses.SigmoidLoss):
    """Infinite once a logit exceeds 1."""

    def compute(self, labels, logits):
        base = keras.ops.softplus((1 - 2 * labels) * logits)
        return base + keras.ops.where(logits > 1, np.inf, 0.0)


def crowd(rule: EarlyStopping) -> list[Member]:
    """Members of all kinds: other losses, rates and seeds, one that diverges, some that stop early."""
    made = [
        (losses.CustomLoss(), 0.01),
        (losses.FocalLoss(gamma=0.5), 0.01),
        (Diverging(), 0.05),
        (losses.FocalLoss(gamma=3.0), 0.03),
        (losses.WeightedLoss(4.0), 0.1),
        (losses.DiceLoss(smooth=0.5), 0.01),
        (losses.CustomLoss(), 0.001),
        (losses.DiceLoss(), 0.02),
        (keras.losses.SquaredHinge(), 0.01),
    ]
    return [
        member(loss, keras.optimizers.Adam(rate), seed, rule, dropout=0.3) for seed, (loss, rate) in enumerate(made)
    ]


@pytest.mark.parametrize(
    "epochs",
    [
        pytest.param(30, marks=pytest.mark.exhaustive),
        1_000_000,
    ],  # dropping those that ended is worth compiling anew if there is no end of epochs
    ids=["all stay to the end", "those that ended are dropped"],
)
def test_a_member_comes_to_the_same_alone_and_in_any_company(epochs):
    """Dropout included. A stack that goes on with fewer members goes on as before."""
    rule = EarlyStopping("val/log_loss", "min", patience=2, min_delta=0.001)
    sizes = []

    def measure(labels, logits):
        sizes.append(len(logits))
        return epoch_metrics(labels, logits)

    together = stack(crowd(rule), dropout=0.3, epochs=epochs, measure=measure)
    assert sizes[0] == 9
    assert epochs == 30 or sizes[-1] < 9
    logits = together.predict(make_splits().test.inputs)
    endings: set[int | str] = set()
    for place, each in enumerate(crowd(rule)):
        alone = stack([each], dropout=0.3, epochs=epochs)
        got, expected = together.trainings[place], alone.trainings[0]
        for ours, own in zip(together.final_weights[place], alone.final_weights[0], strict=True):
            np.testing.assert_allclose(ours, own, atol=1e-5)
            assert np.isfinite(ours).all()
        np.testing.assert_allclose(logits[place], alone.predict(make_splits().test.inputs)[0], atol=1e-5)
        if isinstance(expected, Training):
            assert isinstance(got, Training)
            np.testing.assert_allclose(got.history, expected.history, atol=1e-5)
            assert (got.best_epoch, got.stopped) == (expected.best_epoch, expected.stopped)
            endings.add(len(expected.history))
        else:
            assert isinstance(got, RunFailed)
            assert str(got) == str(expected)
            endings.add("failed")
    assert len(endings) >= 4  # else the crowd was not mixed
    assert "failed" in endings


def test_one_member_s_listener_that_fails_ends_that_member_alone():
    def fail(epoch, metrics):
        if epoch == 2:
            raise RuntimeError("store is full")

    good = member(losses.CustomLoss(), keras.optimizers.Adam(0.01))
    bad = Member(good.weights, losses.CustomLoss(), keras.optimizers.Adam(0.01), 0, None, fail)
    together = stack([bad, good], epochs=4)
    alone = stack([good], epochs=4)

    failed, ours = together.trainings
    (own,) = trainings(alone)
    assert str(failed) == "store is full"
    assert isinstance(ours, Training)
    np.testing.assert_allclose(ours.history, own.history, atol=1e-6)


@pytest.mark.parametrize(
    "weights", [pytest.param(False, marks=pytest.mark.exhaustive), True], ids=["unweighted", "weighted rows"]
)
def test_folds_of_unequal_sizes_in_one_stack_are_as_by_fit(weights):
    """Losses with priors of their own, a loss of the whole batch, one that changes with time, batch normalisation."""
    sizes = [(203, 60), (200, 61), (206, 60)]
    splits = [make_splits(rows, seed, weights, validation=validation) for seed, (rows, validation) in enumerate(sizes)]
    made: dict[str, Any] = {"batch_normalization": True}

    def crowd() -> list[Member]:
        makers = [
            lambda place: losses.LogitAdjustedLoss(pi=0.2 + 0.01 * place),
            lambda place: losses.DiceLoss(),
            lambda place: losses.LDAMLoss(n1=40 + place, n0=160, drw_epoch=2),
        ]
        return [
            replace(member(make(place), keras.optimizers.Adam(0.01), place, **made), split=place)
            for make in makers
            for place in range(len(splits))
        ]

    trainer = CompiledTrainer(epochs=6, batch_size=32)
    trainer.start(0)
    together = trainer.train_stack(make_network(**made), crowd(), splits, epoch_metrics)
    logits = together.predict.of_own([each.test.inputs for each in splits])
    for place, each in enumerate(crowd()):
        fitted, expected = fit(each, epochs=6, splits=splits[each.split], **made)
        assert_alike(trainings(together)[place], logits[place], fitted, expected)


def test_many_columns_are_gathered_a_few_batches_at_a_time():
    """32 MB hold 10 of the 12 full batches of 2 members."""
    splits = make_splits(width=25_000)
    made: dict[str, Any] = {"width": 25_000, "units": [4]}
    given: dict[str, Any] = {"epochs": 2, "splits": splits, "batch_size": 16, **made}
    members = [member(losses.CustomLoss(), keras.optimizers.SGD(0.01), seed, **made) for seed in (1, 2)]
    together = stack(members, **given)
    logits = together.predict(splits.test.inputs)
    for place, seed in enumerate((1, 2)):
        alone = member(losses.CustomLoss(), keras.optimizers.SGD(0.01), seed, **made)
        assert_alike(trainings(together)[place], logits[place], *fit(alone, **given))


def test_many_rows_are_predicted_a_few_at_a_time():
    """32 MB hold 1,000 rows of a layer of 4,000 units of 2 members."""
    members = [member(losses.CustomLoss(), keras.optimizers.Adam(), seed, units=[4_000]) for seed in (1, 2)]
    together = stack(members, epochs=1, units=[4_000])
    inputs = np.random.default_rng(0).normal(size=(2_100, 5)).astype(np.float32)
    network = make_network(units=[4_000])
    for training, logits in zip(trainings(together), together.predict(inputs), strict=True):
        network.logits.set_weights(training.best_weights)
        np.testing.assert_allclose(logits, network.predict(inputs), atol=1e-4)


def test_a_program_is_used_again_and_does_not_remember_the_stack_before(monkeypatch):
    traced, compute = [], losses.FocalLoss.compute

    def counted(*given):
        traced.append(given)
        return compute(*given)

    monkeypatch.setattr(losses.FocalLoss, "compute", counted)

    def predictions(seeds):
        trained = stack([member(losses.FocalLoss(gamma=2.0), keras.optimizers.Adam(0.01), seed) for seed in seeds])
        return trained.predict(make_splits().test.inputs)

    PROGRAMS.clear()
    first, compiled = predictions((0, 1)), len(traced)
    again = predictions((1, 0))
    assert compiled > 0
    assert len(traced) == compiled
    np.testing.assert_allclose(first, again[::-1], atol=1e-5)


class Scaled(losses.SigmoidLoss):
    """Says nothing of its scale in its config, and takes a mean over all it is given."""

    def __init__(self, scale=1.0, **arguments):
        super().__init__(**arguments)
        self.scale = scale

    def compute(self, labels, logits):
        return self.scale * (keras.ops.softplus((1 - 2 * labels) * logits) + keras.ops.mean(logits**2))


def test_users_losses_are_each_their_own():
    scales = (1.0, 10.0)
    together = stack([member(Scaled(scale), keras.optimizers.SGD(0.01)) for scale in scales])
    logits = together.predict(make_splits().test.inputs)
    for place, scale in enumerate(scales):
        assert_alike(trainings(together)[place], logits[place], *fit(member(Scaled(scale), keras.optimizers.SGD(0.01))))


def times(factor: float) -> Callable[[Any], Any]:
    def act(inputs: Any) -> Any:
        return factor * keras.ops.relu(inputs)

    return act


def test_networks_with_functions_of_the_same_name_share_no_program():
    def predict(factor: float) -> np.ndarray:
        one = member(losses.CustomLoss(), keras.optimizers.SGD(0.0))
        trainer = CompiledTrainer(epochs=1, batch_size=32)
        trainer.start(0)
        inputs = keras.Input((5,))
        hidden = keras.layers.Dense(8, activation=times(factor), name="hidden")(inputs)
        model = keras.Model(inputs, keras.layers.Dense(1, name="logit", use_bias=True)(hidden))
        model.set_weights(one.weights)
        made = train_stack(model, [one], [make_splits()], ONE_EPOCH, epoch_metrics)
        return made.predict(make_splits().test.inputs)

    np.testing.assert_allclose(predict(5.0), 5 * predict(1.0), atol=1e-5)


def test_an_optimizer_that_has_no_stacked_form_is_refused():
    with pytest.raises(ValueError, match="optimizer Adagrad has no stacked form"):
        train_stack(
            make_network().logits,
            [member(losses.CustomLoss(), keras.optimizers.Adagrad())],
            [make_splits()],
            ONE_EPOCH,
            epoch_metrics,
        )


def test_members_that_are_given_up_leave_and_the_others_come_to_what_they_would():
    """Three of four are pruned after two epochs, so that the fourth goes on alone in a smaller stack."""
    splits = make_splits(rows=400)
    settings = TrainerSettings(epochs=6, batch_size=32)
    rates = (0.003, 0.01, 0.03, 0.001)

    def stack(listener) -> Stack:
        members = [
            replace(member(losses.CustomLoss(), keras.optimizers.Adam(rate)), on_epoch=partial(listener, index))
            for index, rate in enumerate(rates)
        ]
        return train_stack(make_network().logits, members, [splits], settings, epoch_metrics)

    def trainings(found: Stack) -> list[Training]:
        return [each for each in found.trainings if isinstance(each, Training)]

    whole = trainings(stack(lambda index, epoch, metrics: None))
    pruned = stack(lambda index, epoch, metrics: index != 1 and epoch >= 2)
    assert [len(each.history) for each in trainings(pruned)] == [2, 6, 2, 2]
    assert [each.pruned for each in trainings(pruned)] == [True, False, True, True]
    for own, alone in zip(trainings(pruned), whole, strict=True):
        expected = alone.history[: len(own.history)].to_numpy()
        np.testing.assert_allclose(own.history.to_numpy(), expected, atol=1e-5)
    for weight, other in zip(trainings(pruned)[1].final_weights, whole[1].final_weights, strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-5)
