from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from runner.figures import loss_colour
from runner.figures.comparison import critical_difference_diagram


def ranks(average: dict[str, float], groups=(), length: float = 1.0) -> SimpleNamespace:
    return SimpleNamespace(average=pd.Series(average), n=9, critical_difference=length, groups=groups)


def bars(figure) -> list:
    return [line for line in figure.axes[0].lines if line.get_linewidth() == 4]


def hangers(figure) -> list:
    return [line for line in figure.axes[0].lines if len(line.get_xdata()) == 3]


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_every_loss_hangs_from_its_rank(ranks_of):
    given = ranks_of(7)
    figure = critical_difference_diagram(given)
    by_rank = {float(line.get_xdata()[0]): line for line in hangers(figure)}
    assert sorted(by_rank) == pytest.approx(list(given.average))
    for (loss, rank), line in zip(given.average.items(), (by_rank[key] for key in sorted(by_rank)), strict=True):
        assert line.get_xdata()[1] == rank
        assert line.get_ydata()[0] == 0
        assert line.get_color() == loss_colour(loss)
        assert f"{rank:.2f}" in texts(figure)
    assert figure.axes[0].get_xlabel() == "average rank on 12 datasets, 1 is best"


def test_better_names_stand_left_and_worse_right(ranks_of, losses):
    figure = critical_difference_diagram(ranks_of(4))
    ends = {float(line.get_xdata()[0]): line.get_xdata()[2] for line in hangers(figure)}
    sides = [ends[rank] < 1 for rank in sorted(ends)]
    assert sides == [True, True, False, False]
    names = [text for text in figure.texts if text.get_text() in [loss.partition(" ")[0] for loss in losses[:4]]]
    middle = figure.bbox.width / 2
    assert [text.get_window_extent().x1 < middle for text in names] == [True, True, False, False]


def test_a_name_is_level_with_its_line(ranks_of):
    figure = critical_difference_diagram(ranks_of(15))
    (axes,) = figure.axes
    for line in hangers(figure):
        rank = line.get_xdata()[0]
        (text,) = [text for text in figure.texts if text.get_text() == f"{rank:.2f}"]
        box = text.get_window_extent()
        assert box.y0 < axes.transData.transform((1, line.get_ydata()[2]))[1] < box.y1


def test_lines_do_not_cross(ranks_of):
    lines = sorted(hangers(critical_difference_diagram(ranks_of(15))), key=lambda line: line.get_xdata()[0])
    left = [line.get_ydata()[1] for line in lines[:8]]
    right = [line.get_ydata()[1] for line in lines[8:]]
    assert left == sorted(left)
    assert right == sorted(right, reverse=True)


def test_bars_join_the_groups_and_are_apart():
    average = {"builtin": 1.0, "dice": 2.0, "focal": 4.0, "poly1": 5.0, "ghm": 5.2, "ldam": 9.0}
    groups = (("builtin", "dice"), ("dice", "focal"), ("poly1", "ghm"))
    figure = critical_difference_diagram(ranks(average, groups, 2.1))
    drawn = bars(figure)
    spans = [(average[group[0]], average[group[-1]]) for group in groups]
    for (low, high), bar in zip(spans, drawn, strict=True):
        np.testing.assert_allclose(bar.get_xdata(), (low, high), atol=0.2)
        assert bar.get_xdata()[0] < low
        assert bar.get_xdata()[1] > high
    assert drawn[0].get_ydata()[0] != drawn[1].get_ydata()[0]
    assert drawn[0].get_ydata()[0] == drawn[2].get_ydata()[0]  # room is not wasted
    below = min(line.get_ydata()[1] for line in hangers(figure))
    assert max(bar.get_ydata()[0] for bar in drawn) < below


def test_the_critical_difference_is_a_length(ranks_of):
    figure = critical_difference_diagram(ranks_of(8))
    (length,) = [line for line in figure.axes[0].lines if line.get_marker() == "|"]
    assert np.ptp(length.get_xdata()) == pytest.approx(3.2)
    assert figure.axes[0].texts[0].get_text() == "critical difference 3.20"


def test_a_difference_longer_than_the_axis_fits():
    figure = critical_difference_diagram(ranks({"builtin": 1.0, "dice": 2.0}, (("builtin", "dice"),), 1.39))
    figure.canvas.draw()
    (length,) = [line for line in figure.axes[0].lines if line.get_marker() == "|"]
    assert length.get_window_extent().x1 < figure.bbox.x1
    assert texts(figure)[-1].startswith("No loss is separated")


def test_the_baseline_stands_out(ranks_of):
    figure = critical_difference_diagram(ranks_of(3), baseline="builtin")
    assert [text.get_text() for text in figure.texts[2:] if text.get_fontweight() == "bold"] == ["builtin"]
    assert "baseline" in texts(figure)


def test_sentences_say_what_is_separated(ranks_of):
    assert texts(critical_difference_diagram(ranks({"builtin": 1.0, "dice": 2.0})))[-1].startswith(
        "No two losses are closer"
    )
    assert texts(critical_difference_diagram(ranks_of(8)))[-1].startswith("Losses joined by a bar")
    nothing = critical_difference_diagram(None)
    nothing.canvas.draw()
    assert texts(nothing)[-1] == "Ranks need at least two independent datasets and two losses."
