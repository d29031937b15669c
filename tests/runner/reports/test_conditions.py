"""Runs are compared where they differ in what is compared alone."""

from __future__ import annotations

import pandas as pd
import pytest

from runner.errors import InputError
from runner.reports.conditions import differences, of_other_versions, of_preprocessing
from runner.reports.settings import ComparisonSettings
from runner.tracking import RecordedRun, results_table

PARAMS = {
    "dataset": "synthetic",
    "dataset.seed": "0",
    "split.seed": "0",
    "split.test": "0.2",
    "seed": "0",
    "model": "mlp",
    "model.units": "[64]",
    "trainer": "compiled",
    "trainer.epochs": "5",
    "evaluation.threshold": "max_f1",
    "evaluation.bootstrap": "1000",
    "paths.outputs": "outputs",
    "objective": "val/average_precision",
}


FOLD = {"split": "kfold", "split.folds": "5", "split.fold": "0", "split.repeats": "1", "split.repeat": "0"}


def run(label: str, sha: str = "aa", **changed: str) -> RecordedRun:
    params = {**PARAMS, "loss": label.split()[0]} | {key.replace("__", "."): value for key, value in changed.items()}
    tags = {"variant": label, "dataset.name": params.get("dataset.path", params["dataset"]), "dataset.sha256": sha}
    tags |= {f"rows.{part}": "20" for part in ("train", "validation", "test")} | {"version.tensorflow": "2.21"}
    name = f"{label} {sorted(changed.items())} {sha}"
    return RecordedRun(name, name, "FINISHED", tags=tags, params=params, metrics={"test/f1": 0.5})


def found(*runs: RecordedRun, allow=(), metric="test/f1"):
    return differences(results_table(runs), {each.run_id: each for each in runs}, allow, metric)


SAME = [
    (run("builtin"), run("weighted")),
    (run("builtin"), run("weighted", split__seed="1", seed="3")),
    (run("builtin"), run("weighted", split="random")),  # as older versions did without recording it
    (run("builtin", **FOLD), run("weighted", **{**FOLD, "split.fold": "3", "split.repeats": "4", "split.repeat": "2"})),
    (run("builtin"), run("weighted", evaluation__bootstrap="0", paths__outputs="elsewhere", objective="val/f1")),
    (run("builtin"), run("weighted", evaluation__calibrator="auto")),  # serves, and compares nothing
    (run("builtin"), run("weighted", evaluation__top_k="0.05", evaluation__max_fpr="0.1")),  # what older versions did
    (run("builtin"), run("weighted", experiment="loss_comparison", loss__positive_weight="2.0")),
    (run("builtin"), run("builtin · logistic", model="logistic"), run("builtin · units=[8]", model__units="[8]")),
    (run("builtin"), run("weighted · epochs=9", trainer__epochs="9")),  # zipped with the loss
    (run("builtin", threshold="0.4", **{"reading/rows": "9"}), run("weighted", threshold="0.6", numeric="['x']")),
    (run("builtin", dataset="file", dataset__path="/a.csv"), run("weighted", dataset="file", dataset__path="b.csv")),
    (run("builtin", dataset="file", dataset__path="a.csv"), run("weighted", "bb", dataset="file", dataset__path="b")),
]


@pytest.mark.parametrize("runs", SAME, ids=range(len(SAME)))
def test_what_is_compared_averaged_or_without_effect_may_differ(runs):
    assert found(*runs) == []


OTHER_ROWS = [
    (FOLD, "split is random for builtin and kfold for weighted"),
    ({"sha": "bb", "dataset__seed": "1"}, "dataset.seed is 0 for builtin and 1 for weighted"),
    ({"split__test": "0.5"}, "split.test is 0.2 for builtin and 0.5 for weighted"),
    ({"split__groups": "patient"}, "split.groups is not set for builtin and patient for weighted"),
    ({"sha": "bb"}, "the data changed"),
]


@pytest.mark.parametrize(("other", "why"), OTHER_ROWS, ids=[why for _, why in OTHER_ROWS])
def test_other_rows_or_splits_are_refused_whatever_is_allowed(other, why):
    with pytest.raises(InputError, match=why):
        found(run("builtin"), run("weighted", **other), allow=["dataset.seed", "split.test", "split.groups"])


def test_a_file_that_has_changed_is_no_second_dataset():
    runs = [run(loss, sha, dataset="file", dataset__path="a.csv") for loss in ("builtin", "dice") for sha in "ab"]
    with pytest.raises(InputError, match=r"changed between the runs.*dataset\.path=a\.csv"):
        found(*runs)


OTHER_SETTINGS = [
    ({"trainer__epochs": "1"}, "trainer.epochs", "trainer.epochs is 5 for builtin and 1 for weighted"),
    ({"trainer": "fit"}, "trainer", "trainer is compiled for builtin and fit for weighted"),
    ({"evaluation__threshold": "youden"}, "evaluation.threshold", "evaluation.threshold is max_f1 for builtin"),
    ({"model__units": "[8]"}, "model.units", r"model.units is [64] for builtin and [8] for weighted"),  # not shown
    ({"label": "weighted · units=[9]", "trainer__epochs": "1"}, "trainer.epochs", "trainer.epochs is 5 for builtin"),
    ({"optimizer": "sgd"}, "optimizer", "optimizer is not set for builtin and sgd for weighted"),
    ({"sampling": "smote"}, "sampling", "sampling is none for builtin and smote for weighted"),
    ({"preprocessing": "quantile"}, "preprocessing", "preprocessing is not set for builtin"),
]


@pytest.mark.parametrize(("other", "key", "why"), OTHER_SETTINGS, ids=[key for _, key, _ in OTHER_SETTINGS])
def test_another_setting_is_refused_unless_it_is_asked_for(other, key, why):
    runs = run("builtin"), run(**{"label": "weighted", **other})
    with pytest.raises(InputError) as refused:
        found(*runs)
    assert why in str(refused.value)
    assert f"--allow {key}" in str(refused.value)
    assert [each.key for each in found(*runs, allow=[key])] == [key]
    assert why in str(found(*runs, allow=[key])[0])


def test_many_losses_are_counted():
    (only,) = found(*[run(loss) for loss in "abcd"], run("e", trainer__epochs="1"), allow=["trainer.epochs"])
    assert str(only) == "trainer.epochs is 5 for 4 losses and 1 for e"


def test_versions_that_differ_are_told():
    newer = run("weighted")
    newer = RecordedRun(newer.run_id, "", "FINISHED", tags={**newer.tags, "version.tensorflow": "2.22"})
    assert of_other_versions([run("builtin"), newer]).endswith("different versions of tensorflow (2.21, 2.22).")
    assert of_other_versions([run("builtin"), run("weighted")]) == ""


def test_groups_by_another_column_matter_to_metrics_of_groups_alone():
    by_site, by_sex = run("builtin", evaluation__groups="site"), run("weighted", evaluation__groups="sex")
    assert found(by_site, by_sex) == []
    with pytest.raises(InputError, match=r"evaluation\.groups is site for builtin and sex for weighted"):
        found(by_site, by_sex, metric="test_worst_group/recall")
    assert len(found(by_site, by_sex, metric="test_worst_group/recall", allow=["evaluation.groups"])) == 1


def test_closed_forms_are_no_common_measure():
    with pytest.raises(InputError, match="test_calibrated/log_loss"):
        ComparisonSettings(metric="test_debiased/log_loss")


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([0.5, 0.51, 0.53, 0.54], "Preprocessing matters more than the loss here: with builtin, preprocessing=quantile "
         "gains 0.030 F1 over standard; with standard, focal gains 0.010 over builtin."),
        ([0.5, 0.56, 0.53, 0.54], "With builtin, preprocessing=quantile gains 0.030 F1 over standard; with standard, "
         "focal gains 0.060 over builtin."),
        ([0.5, 0.4, 0.45, 0.3], "With builtin, none beats standard; with standard, no loss gains over builtin."),
    ],
)  # fmt: skip
def test_preprocessing_is_measured_beside_the_loss(scores, words):
    tried = [(loss, way) for way in ("standard", "quantile") for loss in ("builtin", "focal")]
    rows = [
        {"loss": loss, "dataset": f"pima, preprocessing={way}", "preprocessing": way, "test/f1": score}
        for (loss, way), score in zip(tried, scores, strict=True)
    ]
    assert of_preprocessing(pd.DataFrame(rows), "test/f1", "builtin") == words
    alone = pd.DataFrame(rows[:2])
    assert of_preprocessing(alone, "test/f1", "builtin") == ""
