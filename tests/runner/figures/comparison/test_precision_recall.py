import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from runner.evaluation.overlays import mean_precision_recall
from runner.figures import loss_colour
from runner.figures.comparison import precision_recall_overlay


def draw(scores, **more):
    tables = mean_precision_recall(scores)
    return precision_recall_overlay(tables.curves, tables.losses, prevalence=tables.prevalence, **more)


def drawn(figure) -> dict:
    """The lines of the losses; in colour they have a marker."""
    return {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_the_area_under_a_line_is_the_mean_average_precision(scores_of):
    scores = scores_of(3)
    for loss, line in drawn(draw(scores)).items():
        assert line.get_drawstyle() == "steps-pre"
        area = np.sum(np.diff(line.get_xdata()) * line.get_ydata()[1:])
        assert area == pytest.approx(np.mean([average_precision_score(*run) for run in scores[loss]]), abs=0.005)


def test_precision_is_that_of_a_threshold_never_between_two():
    labels = np.array([1, 0, 0, 1])
    line = drawn(draw({"builtin": [(labels, np.array([0.9, 0.8, 0.7, 0.6]))]}))["builtin"]
    recall, precision = line.get_data()
    assert set(precision[recall <= 0.5]) == {1.0}
    assert set(precision[recall > 0.5]) == {0.5}


def test_the_band_is_one_standard_deviation_of_the_runs(scores_of):
    scores = {"focal gamma=1": scores_of(3)["focal gamma=1"]}
    axes = draw(scores).axes[0]
    each = [drawn(draw({"focal": [run]}))["focal"].get_ydata() for run in scores["focal gamma=1"]]
    mean, spread = np.mean(each, axis=0), np.std(each, axis=0, ddof=1)
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    at = 0.5
    reached = corners[np.isclose(corners[:, 0], at), 1]
    i = round(at * 200)
    assert reached.min() == pytest.approx(min(mean[i] - spread[i], mean[i + 1] - spread[i + 1]))
    assert reached.max() == pytest.approx(max(mean[i] + spread[i], mean[i + 1] + spread[i + 1]))


def test_one_run_has_no_band(scores_of):
    figure = draw({"builtin": scores_of(1)["builtin"][:1]})
    assert not figure.axes[0].collections
    assert not [text for text in texts(figure) if "sd" in text]


def test_prevalence_is_a_line(scores_of):
    scores = scores_of(3)
    expected = np.mean([labels.mean() for runs in scores.values() for labels, _ in runs])
    (chance,) = [line for line in draw(scores).axes[0].lines if line.get_label().startswith("_")]
    assert list(chance.get_ydata()) == pytest.approx([expected, expected])


def test_of_many_losses_the_best_five_and_the_baseline_are_in_colour(scores_of, losses):
    scores = scores_of(9)  # the last rank best
    figure = draw(scores, baseline="builtin")
    lines = drawn(figure)
    assert set(lines) == set(losses[:9])
    coloured = {loss for loss, line in lines.items() if line.get_color() == loss_colour(loss)}
    assert coloured == {"builtin", *losses[4:9]}
    assert len({lines[loss].get_color() for loss in losses[1:4]}) == 1
    assert max(lines[loss].get_linewidth() for loss in losses[1:4]) < 1
    assert texts(figure)[1] == "in colour: the best 5 and builtin"
    assert "3 other losses" in texts(figure)
    key = [text for text in texts(figure) if text in ("asymmetric", "dice", "ldam", "builtin")]
    assert key == ["asymmetric", "dice", "ldam", "builtin"]  # best first
    assert texts(draw(scores, subtitle="x" * 90))[1].endswith("… · in colour: the best 5")


def test_wanted_losses_can_be_in_colour(scores_of, losses):
    figure = draw(scores_of(4), highlight=losses[:2])
    coloured = {loss for loss, line in drawn(figure).items() if line.get_color() == loss_colour(loss)}
    assert coloured == set(losses[:2])
    assert texts(figure)[1] == "in colour: 2 of 4 losses"


def test_variants_share_the_colour_and_differ_in_dashes_and_marker(scores_of):
    runs = list(scores_of(3).values())
    lines = drawn(draw({f"focal gamma={i}": runs[i] for i in range(3)}))
    assert {line.get_color() for line in lines.values()} == {loss_colour("focal")}
    assert len({str(line._dash_pattern) for line in lines.values()}) == 3
    assert len({line.get_marker() for line in lines.values()}) == 3


def test_runs_that_cannot_be_drawn_are_left_out_and_named(scores_of):
    labels, probabilities = scores_of(1)["builtin"][0]
    scores = {
        "builtin": [(labels, probabilities), (labels, probabilities * np.nan)],
        "focal gamma=1": [(labels * 0, probabilities)],
        "dice": [],
    }
    figure = draw(scores)
    figure.canvas.draw()
    assert set(drawn(figure)) == {"builtin"}
    assert texts(figure)[-1] == "Without a run that can be drawn: focal gamma=1, dice"
    nothing = draw({"dice": []})
    assert texts(nothing)[-1] == "No run has both classes and finite probabilities."


def test_constant_scores_have_the_prevalence_as_precision():
    labels = np.array([0] * 9 + [1])
    line = drawn(draw({"builtin": [(labels, np.full(10, 0.3))]}))["builtin"]
    assert set(line.get_ydata()) == {0.1}


def test_a_long_option_does_not_run_into_its_number(scores_of):
    figure = draw({"my_package.losses.MyLoss": scores_of(1)["builtin"]})
    (name,) = [text for text in figure.texts if text.get_text().endswith("MyLoss")]
    (number,) = [text for text in figure.texts if text.get_position()[1] == name.get_position()[1] and text is not name]
    assert name.get_window_extent().x1 < number.get_window_extent().x0
