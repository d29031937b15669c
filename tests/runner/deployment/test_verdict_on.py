"""What a sweep's runs say of its best loss, against the baseline and against what is used now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from runner.deployment.verdict_on import BASELINE, against_baseline, against_champion, winner_of
from runner.errors import InputError
from runner.tracking.recorded_run import RecordedRun

PARAMS = {
    "dataset": "synthetic",
    "seed": "0",
    "model": "mlp",
    "trainer.epochs": "5",
    "comparison.baseline": "builtin",
    "comparison.metric": "test/average_precision",
    "comparison.rope": "0.005",
    "comparison.alpha": "0.05",
}


def runs(loss: str, scores: Sequence[float], sweep: str = "a", **changed: str) -> list[RecordedRun]:
    """A run on each split, 0 and on."""
    made = []
    for split, score in enumerate(scores):
        name = f"{sweep} {loss} {split}"
        params = {**PARAMS, "loss": loss.split()[0], "split.seed": str(split)}
        params |= {key.replace("__", "."): value for key, value in changed.items()}
        tags = {"variant": loss, "dataset.name": "synthetic", "dataset.sha256": "aa", "fingerprint": name}
        tags |= {"rows.train": "600", "rows.validation": "200", "rows.test": "200", "mlflow.parentRunId": sweep}
        tags["objectives"] = json.dumps(["val/average_precision"])
        metrics = {"test/average_precision": score, "val/average_precision": 1 - score}
        metrics |= {f"test/{metric}": 0.5 for metric in ("f1", "mcc")} | {"test_at_half/f1": 0.5}
        made.append(RecordedRun(name, name, "FINISHED", params=params, metrics=metrics, tags=tags))
    return made


BUILTIN = runs("builtin", [0.50, 0.52, 0.48, 0.51, 0.49])
FOCAL = runs("focal gamma=2.0", [0.60, 0.625, 0.58, 0.61, 0.585])


def test_a_loss_that_is_better_on_the_shared_splits_is_promoted():
    winner = winner_of([*BUILTIN, *FOCAL])
    decision = against_baseline(winner, [*BUILTIN, *FOCAL])

    assert (winner.variant, winner.dataset, winner.baseline) == ("focal gamma=2.0", "synthetic", "builtin")
    assert winner.run.run_id == "a focal gamma=2.0 2"  # the best on validation, whatever it is on test
    assert decision.word == "better"
    assert decision.promotes(if_tied=False)
    assert "focal gamma=2.0 against builtin on 5 shared splits of synthetic: better; +0.1000" in decision.sentence
    assert "95% interval +0.0" in decision.sentence


@pytest.mark.parametrize(
    ("scores", "word", "if_tied"),
    [
        ([0.502, 0.5219, 0.4818, 0.5121, 0.4922], "tied", True),
        ([0.60, 0.43, 0.58, 0.42, 0.60], "cannot tell", False),
        ([0.9], "cannot tell", False),
    ],
)
def test_what_is_not_shown_to_be_better_is_not_promoted(scores, word, if_tied):
    both = [*BUILTIN, *runs("focal", scores)]
    decision = against_baseline(winner_of(both), both)

    assert decision.word == word
    assert not decision.promotes(if_tied=False)
    assert decision.promotes(if_tied=True) is if_tied
    assert decision.sentence


def test_a_baseline_that_no_loss_beats_is_promoted():
    both = [*BUILTIN, *runs("focal", [0.4, 0.42, 0.38, 0.41, 0.39])]
    decision = against_baseline(winner_of(both), both)
    assert (decision.word, decision.promotes(if_tied=False)) == (BASELINE, True)


def test_the_champion_s_runs_are_what_counts_once_there_is_one():
    better = runs("weighted", [0.70, 0.71, 0.69, 0.72, 0.7], "b")
    champion = winner_of([*BUILTIN, *FOCAL]).run
    new = [*runs("builtin", [0.5, 0.5, 0.5, 0.5, 0.5], "b"), *better]
    decision = against_champion(winner_of(new), new, champion, [*BUILTIN, *FOCAL])
    assert decision.word == "better"
    assert "weighted against the champion, focal gamma=2.0, on 5 shared splits" in decision.sentence

    again = [*BUILTIN, *runs("focal gamma=2.0", [0.601, 0.624, 0.581, 0.609, 0.585], "c")]  # the same loss, anew
    decision = against_champion(winner_of(again), again, champion, [*BUILTIN, *FOCAL])
    assert decision.word == "tied"
    worse = [*BUILTIN, *runs("weighted", [0.55, 0.56, 0.54, 0.57, 0.55], "d")]
    assert not against_champion(winner_of(worse), worse, champion, FOCAL).promotes(if_tied=True)


def test_runs_that_cannot_be_compared_with_the_champion_are_refused():
    new = [*BUILTIN, *runs("weighted", [0.7, 0.71, 0.69, 0.72, 0.7], "b", trainer__epochs="50")]
    with pytest.raises(InputError, match=r"trainer\.epochs is 5 for .* and 50 for weighted"):
        against_champion(winner_of(new), new, winner_of([*BUILTIN, *FOCAL]).run, FOCAL)
    elsewhere = [run for run in [*BUILTIN, *FOCAL] if run.params["split.seed"] == "4"]
    first = [run for run in [*BUILTIN, *runs("weighted", [0.7, 0.7], "b")] if run.params["split.seed"] != "4"]
    decision = against_champion(winner_of(first), first, winner_of([*BUILTIN, *FOCAL]).run, elsewhere)
    assert decision.word == "cannot tell"
    assert "no split that it and the baseline both have" in decision.sentence


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([], "no finished run"),
        (runs("focal", [0.5, 0.6]), "all runs of the sweep have the loss focal"),
        ([*runs("focal", [0.5]), *runs("dice", [0.6])], "no one loss builtin"),
    ],
)
def test_a_sweep_without_a_verdict_is_refused(found, message):
    with pytest.raises(InputError, match=message) as refusal:
        against_baseline(winner_of(found), found)
    assert "\n" not in str(refusal.value)


def test_a_metric_at_a_budget_says_which():
    asked = {"comparison__metric": "test/precision_at_k", "evaluation__top_k": "0.05", "evaluation__max_fpr": "0.1"}
    ours = []
    for loss, value in (("builtin", 0.5), ("focal gamma=2.0", 0.7)):
        for run in runs(loss, [0.5, 0.52], **asked):
            ours.append(replace(run, metrics={**run.metrics, "test/precision_at_k": value}))
    decision = against_baseline(winner_of(ours), ours)
    assert "+0.2000 precision at k = 5% on test" in decision.sentence
