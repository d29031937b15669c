import numpy as np
import pandas as pd

from runner.figures import agreement


def test_every_training_is_drawn_in_both_panels_and_none_hides_another():
    curves = {
        name: pd.DataFrame({"epoch": [1, 2, 3], "train/loss": [3.0, 2.0, shift], "val/loss": [4.0, 3.0, 2 + shift]})
        for name, shift in {"one": 1.0, "two": 1.1, "three": 1.2}.items()
    }
    figure = agreement(curves, title="the same?", subtitle="three trainings")
    for axes, which in zip(figure.axes, ("train/loss", "val/loss"), strict=True):
        for line, history in zip(axes.lines, curves.values(), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), history["epoch"])
            np.testing.assert_array_equal(line.get_ydata(), history[which])
        widths = [line.get_linewidth() for line in axes.lines]
        assert widths == sorted(widths, reverse=True)
        assert len(set(widths)) == 3
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["one", "two", "three"]
