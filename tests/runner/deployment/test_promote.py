"""`runner promote` in a real registry: aliases, descriptions, refusals that leave nothing behind."""

from __future__ import annotations

import mlflow
import numpy as np
import pandas as pd
import pytest

from runner import tracking
from runner.deployment import find_model, promote
from runner.errors import InputError


@pytest.fixture
def registry(swept) -> tracking.Registry:
    return tracking.Registry(swept.uri)


@pytest.fixture(scope="module")
def against_builtin(module_command, swept) -> str:
    """The id of a sweep of two losses on the same file, on one split: there is no verdict but cannot tell."""
    done = module_command(
        *("-m", "dataset=file", "dataset.path=small.csv", "dataset.target=y", "loss=builtin,weighted"),
        *("trainer.epochs=2", "evaluation.bootstrap=0", "figures=none", "comparison=none"),
    )
    assert done.status == 0, done.err
    return next(line.partition(": ")[2] for line in done.out.splitlines() if line.startswith("sweep id: "))


def test_a_sweep_of_one_loss_has_no_verdict_and_leaves_no_name(swept, registry):
    with pytest.raises(InputError, match="no verdict: all runs of the sweep have the loss builtin"):
        promote(swept.uri, swept.sweep_id, "single")
    assert registry.champion("single") is None
    assert registry.versions("single") == []


def test_a_champion_is_used_by_its_alias_and_a_challenger_does_not_take_its_place(
    swept, registry, against_builtin, module_command, tmp_path
):
    first = promote(swept.uri, swept.sweep_id, "by_alias", force=True)
    assert (first.version, first.alias) == (1, "champion")
    assert first.description.startswith("Forced, whatever the verdict. There is no verdict: ")

    done = module_command("promote", against_builtin, "--name", "by_alias", "--uri", swept.uri)
    assert done.status == 0, done.err
    assert "by_alias version 2: challenger" in done.out
    assert "runner predict models:/by_alias@challenger FILE -o scores.parquet" in done.out
    champion, (second, _) = registry.champion("by_alias"), registry.versions("by_alias")
    assert champion is not None
    assert champion.number == 1
    # builtin's split is one of the champion's sweep, so that its runs compute the same; weighted has one shared split
    assert any(said in second.description for said in ("cannot tell", "compute what the champion's do", "tied"))
    assert f"Sweep {against_builtin}, run {second.run_id}." in second.description

    model = find_model("models:/by_alias@champion", swept.uri)
    swept.table.drop(columns="y").to_csv(tmp_path / "new.csv", index=False)
    scores = tmp_path / "scores.parquet"
    scored = module_command("predict", "models:/by_alias@champion", str(tmp_path / "new.csv"), "-o", str(scores))
    assert scored.status == 2  # without --uri the store of the folder is asked, which is not there
    scored = module_command(
        "predict", "models:/by_alias@champion", str(tmp_path / "new.csv"), "-o", str(scores), "--uri", swept.uri
    )
    assert scored.status == 0, scored.err
    expected = model.score(swept.table)["probability"]
    np.testing.assert_allclose(pd.read_parquet(scores)["probability"], expected, rtol=1e-5)

    with pytest.raises(InputError, match="version 1, its champion, is the model of that run already"):
        promote(swept.uri, swept.sweep_id, "by_alias", if_tied=True)
    assert len(registry.versions("by_alias")) == 2


def test_a_name_that_is_taken_or_no_name_is_refused(swept, registry):
    mlflow.MlflowClient(swept.uri).create_registered_model("theirs")
    for name, message in (("theirs", "the name is taken by a model that"), ("a/b", "no / :"), (" ", "no / :")):
        with pytest.raises(InputError, match=message) as refusal:
            promote(swept.uri, swept.sweep_id, name, force=True)
        assert "\n" not in str(refusal.value)
    assert registry.versions("theirs") == []


def test_a_model_of_other_columns_does_not_take_a_champion_s_name(swept, registry, module_command):
    promote(swept.uri, swept.sweep_id, "columns", force=True)
    done = module_command(
        *("-m", "dataset=file", "dataset.path=small.csv", "dataset.target=y", "dataset.drop=[visits]", "seed=1"),
        *("trainer.epochs=1", "evaluation.bootstrap=0", "figures=none", "comparison=none", "loss=builtin"),
    )
    assert done.status == 0, done.err
    other = next(line.partition(": ")[2] for line in done.out.splitlines() if line.startswith("sweep id: "))
    with pytest.raises(InputError, match=r"not on the same rows|takes other columns \(-visits\)"):
        promote(swept.uri, other, "columns")
    assert len(registry.versions("columns")) == 1
    assert promote(swept.uri, other, "columns", force=True).version == 2
    champion = registry.champion("columns")
    assert champion is not None
    assert (champion.number, "visits" in champion.columns) == (2, False)


def test_one_promotion_at_a_time_and_none_of_a_sweep_that_runs(swept, registry):
    with registry.alone(), pytest.raises(InputError, match="another promotion is under way"):
        promote(swept.uri, swept.sweep_id, "twice", force=True)
    tracker, _ = tracking.recorded_sweep(swept.uri, swept.sweep_id)
    tracker.reopen_run(swept.sweep_id)
    try:
        with pytest.raises(InputError, match=r"no verdict yet: the sweep .* is still running"):
            promote(swept.uri, swept.sweep_id, "twice", force=True)
    finally:
        tracker.end_run(swept.sweep_id, "FINISHED")
    with pytest.raises(InputError, match="no sweep of that id"):
        promote(swept.uri, "0" * 32, "twice")
    assert registry.versions("twice") == []


def test_what_the_registry_refuses_leaves_no_version(swept, registry):
    promote(swept.uri, swept.sweep_id, "refused", force=True)
    tracker, _ = tracking.recorded_sweep(swept.uri, swept.sweep_id)
    run = tracker.run(registry.versions("refused")[0].run_id)
    assert run is not None
    with pytest.raises(InputError, match="refused: the registry refused the model"):
        registry.register("refused", run, "", "version 1 is no alias")
    assert len(registry.versions("refused")) == 1
