import numpy as np
import pandas as pd
import pytest

from runner.figures import loss_colour
from runner.figures.comparison import sensitivity_overlay

METRIC = "test/average_precision"


def table(parameter: str, values: list, losses: tuple[str, ...] = ("focal",)) -> pd.DataFrame:
    """Two runs a value and loss, and the baseline without the parameter."""
    key = parameter.rpartition(".")[2]
    rows = [
        {"loss": f"{loss} {key}={value}", parameter: value, METRIC: 0.4 + 0.01 * i + 0.1 * j + 0.002 * run}
        for j, loss in enumerate(losses)
        for i, value in enumerate(values)
        for run in range(2)
    ]
    return pd.DataFrame([*rows, {"loss": "builtin", parameter: None, METRIC: 0.3}])


def drawn(figure) -> dict:
    """Mean lines by loss; the dots of the runs are the lines without a name."""
    return {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def ticks(figure) -> list[str]:
    figure.canvas.draw()
    return [label.get_text() for label in figure.axes[0].get_xticklabels()]


def test_dots_are_the_runs_and_the_line_is_their_mean():
    runs = table("loss.gamma", [0.5, 1.0, 2.0])
    figure = sensitivity_overlay(runs, METRIC, "loss.gamma")
    line = drawn(figure)["focal"]
    means = runs.dropna().groupby("loss.gamma")[METRIC].mean()
    np.testing.assert_array_equal(line.get_xdata(), [0.5, 1, 2])
    np.testing.assert_allclose(line.get_ydata(), means)
    (dots,) = [each for each in figure.axes[0].lines if each.get_linestyle() == "None"]
    np.testing.assert_array_equal(dots.get_xdata(), runs.dropna()["loss.gamma"])
    np.testing.assert_array_equal(dots.get_ydata(), runs.dropna()[METRIC])
    assert line.get_color() == dots.get_color() == loss_colour("focal")
    assert ticks(figure) == ["0.5", "1", "2"]
    assert figure.axes[0].get_xscale() == "linear"


def test_what_else_differs_is_a_line_of_its_own():
    runs = table("loss.gamma", [1, 2], ("focal alpha=0.25", "focal"))
    lines = drawn(sensitivity_overlay(runs, METRIC, "loss.gamma"))
    assert set(lines) == {"focal", "focal alpha=0.25"}
    assert len({line.get_color() for line in lines.values()}) == 1
    assert len({line.get_marker() for line in lines.values()}) == 2
    rates = pd.DataFrame({"loss": ["dice · cnn · optimizer.lr=0.1"], "optimizer.lr": [0.1], METRIC: [0.5]})
    assert set(drawn(sensitivity_overlay(rates, METRIC, "optimizer.lr"))) == {"dice · cnn"}


@pytest.mark.parametrize(
    ("values", "scale"),
    [([1, 2, 5], "linear"), ([1e-4, 1e-3, 1e-1], "log"), ([0, 0.01, 0.1, 1], "symlog"), ([-1, 0, 1], "linear")],
)
def test_decades_get_a_log_axis(values, scale):
    figure = sensitivity_overlay(table("loss.x", values), METRIC, "loss.x")
    assert figure.axes[0].get_xscale() == scale
    assert ticks(figure) == [f"{value:g}".replace("-", "−") for value in values]


def test_crowded_values_stand_in_even_steps():
    figure = sensitivity_overlay(table("loss.beta", [0.9, 0.99, 0.999, 0.9999]), METRIC, "loss.beta")
    np.testing.assert_array_equal(drawn(figure)["focal"].get_xdata(), [0, 1, 2, 3])
    assert ticks(figure) == ["0.9", "0.99", "0.999", "0.9999"]
    assert figure.axes[0].get_xlabel() == "loss.beta (even steps)"


def test_numbers_may_come_as_text():
    runs = table("loss.gamma", ["0.5", "10", "2"])
    np.testing.assert_array_equal(
        drawn(sensitivity_overlay(runs, METRIC, "loss.gamma"))["focal"].get_xdata(), [0.5, 2, 10]
    )


def test_words_are_categories_without_a_line_between():
    runs = table("loss.surrogate", ["square", "logistic", "None"], ("pairwise_auc", "other"))
    figure = sensitivity_overlay(runs, METRIC, "loss.surrogate")
    assert ticks(figure) == ["square", "logistic", "None"]
    for line in drawn(figure).values():
        assert line.get_linestyle() == "None"
        np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2])


def test_of_many_values_neighbours_share_a_mean():
    values = list(np.linspace(0, 1, 30).round(3))
    figure = sensitivity_overlay(table("loss.tau", values), METRIC, "loss.tau")
    line = drawn(figure)["focal"]
    assert len(line.get_xdata()) == 6
    np.testing.assert_allclose(line.get_ydata()[0], 0.4 + 0.01 * 2 + 0.001)
    assert figure.axes[0].get_xlabel() == "loss.tau (means of neighbouring values)"


def test_the_baseline_without_the_parameter_is_a_level():
    figure = sensitivity_overlay(table("loss.gamma", [1, 2]), METRIC, "loss.gamma", baseline="builtin")
    (level,) = [
        line for line in figure.axes[0].lines if line.get_linestyle() == "--" and np.size(line.get_xdata()) == 2
    ]
    assert set(np.asarray(level.get_ydata())) == {0.3}
    assert "mean of builtin" in texts(figure)


@pytest.mark.parametrize(("higher", "best"), [(True, "0.411"), (False, "0.401")])
def test_the_key_says_the_best_mean(higher, best):
    figure = sensitivity_overlay(table("loss.gamma", [1, 2]), METRIC, "loss.gamma", higher_is_better=higher)
    assert best in texts(figure)
    assert ("higher" in figure.axes[0].get_ylabel()) == higher


def test_of_many_losses_some_are_grey(sweep_of):
    figure = sensitivity_overlay(sweep_of(9), METRIC, "optimizer.learning_rate", baseline="builtin")
    assert "3 other losses" in texts(figure)
    assert texts(figure)[1] == "in colour: the best 5"


def test_values_that_are_not_finite_are_left_out_and_counted():
    runs = table("loss.gamma", [1, 2])
    runs.loc[0, METRIC] = np.nan
    runs.loc[2, METRIC] = np.inf
    figure = sensitivity_overlay(runs, METRIC, "loss.gamma")
    np.testing.assert_allclose(drawn(figure)["focal"].get_ydata(), [0.402, 0.412])
    assert texts(figure)[-1] == "2 runs without a finite value left out."


def test_one_value_and_none():
    sensitivity_overlay(table("loss.gamma", [1]), METRIC, "loss.gamma").canvas.draw()
    nothing = sensitivity_overlay(table("loss.gamma", []), METRIC, "loss.gamma")
    nothing.canvas.draw()
    assert texts(nothing)[-1] == "No finished run has a value of loss.gamma."
