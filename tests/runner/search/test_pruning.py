"""What prunes the trials of a search, and what it says it saved."""

from __future__ import annotations

import pytest
from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner, PercentilePruner, SuccessiveHalvingPruner
from optuna.trial import TrialState
from small_searches import new_study, one_value, search_in

from runner.config.checks import objectives_of
from runner.errors import InputError
from runner.search.pruning import Pruning, epochs_in_words, make_pruner, pruning_of
from runner.search.results import trial_table
from runner.search.trials import TrialRun

SEARCH = ("hydra/sweeper=optuna",)
CLASSES = {
    "none": NopPruner,
    "median": MedianPruner,
    "percentile": PercentilePruner,
    "successive_halving": SuccessiveHalvingPruner,
    "hyperband": HyperbandPruner,
}


@pytest.mark.parametrize(("name", "kind"), CLASSES.items())
def test_the_pruners_are_optuna_s(composed, name, kind):
    config = composed(*SEARCH, f"hydra/sweeper/pruner={name}")
    made = make_pruner(config.hydra.sweeper.pruner)
    assert type(made) is kind
    assert (pruning_of(made, objectives_of(config), config.hydra) is None) == (name == "none")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["objective=val/f1"], "objective=val/f1 is not measured each epoch"),
        (["objective=[val/log_loss,val/average_precision]"], "for one objective"),
        (["hydra.launcher.n_jobs=2"], "hydra.launcher.n_jobs=1"),
        (["hydra/launcher=joblib"], "hydra/launcher=fused or basic"),
        (["hydra.sweeper.prune_every=0"], "prune_every must be at least 1"),
    ],
)
def test_what_cannot_be_pruned_is_refused(composed, overrides, words):
    config = composed(*SEARCH, "hydra/sweeper/pruner=median", *overrides)
    with pytest.raises(InputError, match=words):
        pruning_of(MedianPruner(), objectives_of(config), config.hydra)


def test_a_trial_below_the_median_is_given_up_and_others_go_on():
    study = new_study()
    study.pruner = MedianPruner(n_startup_trials=2)
    search = search_in(study)
    pruning = Pruning("val/average_precision", every=2)
    for value in (0.8, 0.6):
        asked = search.ask()
        pruning.trials = {0: asked.trial}
        assert not any(pruning(0, epoch, {"val/average_precision": value}) for epoch in (1, 2, 3, 4))
        assert sorted(study.trials[-1].intermediate_values) == [2, 4]
        search.tell(asked, value, TrialRun("a", "id", 4, 4))
    asked = search.ask()
    pruning.trials = {0: asked.trial}
    metrics = {"val/average_precision": 0.5}
    assert [pruning(0, epoch, metrics) for epoch in (1, 2)] == [False, True]
    assert not pruning(7, 2, metrics)  # another job, which is no trial under way
    search.tell(asked, 0.55, TrialRun("b", "id", 2, 4, pruned=True))

    trial = study.trials[-1]
    assert trial.state == TrialState.PRUNED
    assert trial.value == 0.5  # the last that was reported
    assert len(search.completed()) == 3
    assert epochs_in_words(study) == "1 of 3 trials were pruned, which saved up to 2 of 12 epochs."
    table = trial_table(study)
    assert table["state"].tolist() == ["complete", "complete", "pruned"]
    assert table["epochs"].tolist() == [4, 4, 2]


def test_nothing_is_said_where_nothing_was_pruned():
    study = new_study()
    search = search_in(study)
    search.tell(asked := search.ask(), one_value(asked), TrialRun("a", "id", 4, 4))
    assert epochs_in_words(study) == ""
    assert "epochs" not in trial_table(study)
