import pytest

from runner.figures.comparison.layout import with_remark
from runner.figures.comparison.loss_labels import label_lines, widest
from runner.metrics import metric_label


def test_option_first_and_settings_below():
    assert label_lines("builtin", 2) == ["builtin"]
    assert label_lines("focal gamma=2 · cnn", 2) == ["focal", "gamma=2 · cnn"]
    assert label_lines("dice · cnn", 2) == ["dice", "cnn"]
    assert label_lines("builtin", 2, tag="baseline") == ["builtin", "baseline"]
    assert label_lines("focal gamma=2", 2, tag="baseline") == ["focal", "baseline · gamma=2"]


def test_lines_break_between_settings():
    lines = label_lines("weighted positive_weight=2 negative_weight=1", 1.5)
    assert lines == ["weighted", "positive_weight=2", "negative_weight=1"]
    assert label_lines("dice a_long_setting=1 · cnn", 1.3) == ["dice", "a_long_setting=1", "cnn"]


@pytest.mark.parametrize("inches", [1.0, 1.5, 2.5])
def test_names_fit_and_values_stay_readable(inches):
    name = "my_package.losses.an_endless_name.MyLoss optimizer.some.very_long_group.learning_rate=0.001 " + "a=1 " * 60
    lines = label_lines(name, inches)
    assert widest([lines[:1], lines]) <= inches * 1.15  # measured in bold
    assert len(lines) == 4
    assert lines[0].endswith("MyLoss")
    assert lines[1].endswith("=0.001")
    assert lines[-1].endswith("…")


def test_the_subtitle_gives_way_to_a_remark():
    assert with_remark("", "in colour") == "in colour"
    assert with_remark("yeast", "") == "yeast"
    assert with_remark("yeast", "in colour") == "yeast · in colour"
    long = with_remark("y" * 100, "in colour", 30)
    assert long.endswith("y… · in colour")
    assert len(long) == 30


@pytest.mark.parametrize(
    ("metric", "label"),
    [
        ("test/average_precision", "average precision on test"),
        ("val/log_loss", "log loss on validation (nats)"),
        ("test_at_half/f1", "F1 on test, threshold 0.5"),
        ("log_loss", "log loss (nats)"),
        ("seconds", "seconds (s)"),
        ("mine/my_score", "my score (mine)"),
    ],
)
def test_metrics_in_words(metric, label):
    assert metric_label(metric) == label
