import numpy as np
import pandas as pd
import pytest

from runner.evaluation.overlays import pooled_calibration
from runner.figures import loss_colour
from runner.figures.comparison import calibration_overlay


def draw(scores, **more):
    tables = pooled_calibration(scores)
    return calibration_overlay(tables.curves, tables.losses, **more)


def drawn(figure) -> dict:
    return {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


@pytest.fixture
def even() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of two losses whose probabilities go from 0 to 1; the second has a single run."""
    curves = pd.DataFrame(
        {
            "loss": ["focal gamma=2"] * 3 + ["builtin"] * 2,
            "mean_probability": [0.2, 0.5, 0.9, 0.3, 0.7],
            "positive_rate": [0.1, 0.4, 0.8, 0.35, 0.65],
            "low": [0.05, 0.3, 0.7, np.nan, np.nan],
            "high": [0.15, 0.5, 0.85, np.nan, np.nan],
        }
    )
    return curves, pd.DataFrame({"ece": [0.1, 0.05], "runs": [3, 1]}, index=["focal gamma=2", "builtin"])


def test_lines_are_the_table(even):
    curves, losses = even
    lines = drawn(calibration_overlay(curves, losses))
    assert set(lines) == {"focal gamma=2", "builtin"}
    for loss, line in lines.items():
        own = curves[curves["loss"] == loss]
        np.testing.assert_array_equal(line.get_xydata(), own[["mean_probability", "positive_rate"]])
        assert line.get_color() == loss_colour(loss)


def test_the_band_goes_from_low_to_high_and_a_single_run_has_none(even):
    figure = calibration_overlay(*even)
    (band,) = figure.axes[0].collections
    heights = np.asarray(band.get_paths()[0].vertices)[:, 1]
    assert {round(height, 9) for height in heights} == {0.05, 0.3, 0.7, 0.15, 0.5, 0.85}
    assert "lowest to highest run" in texts(figure)
    curves, losses = even
    single = calibration_overlay(curves[curves["loss"] == "builtin"], losses.loc[["builtin"]])
    assert not single.axes[0].collections
    assert "lowest to highest run" not in texts(single)


def test_rare_positives_are_spread_by_decades_and_balanced_ones_are_not(scores_of, even):
    rare = draw(scores_of(3)).axes[0]
    assert (rare.get_xscale(), rare.get_yscale()) == ("symlog", "symlog")
    linear = calibration_overlay(*even).axes[0]
    assert linear.get_xscale() == "linear"
    for axes in (rare, linear):
        (perfect,) = [line for line in axes.lines if str(line.get_label()).startswith("_")]
        places = axes.transAxes.inverted().transform(axes.transData.transform(perfect.get_xydata()))
        np.testing.assert_allclose(places[:, 0], places[:, 1], atol=1e-9)


def test_the_key_is_ordered_by_the_mean_error(scores_of):
    tables = pooled_calibration(scores_of(3))
    figure = calibration_overlay(tables.curves, tables.losses)
    expected = [f"{error:.3f}" for error in sorted(tables.losses["ece"])]
    assert [text for text in texts(figure) if text in expected] == expected


def test_of_many_losses_six_are_in_colour(scores_of, losses):
    figure = draw(scores_of(9), baseline="builtin")
    lines = drawn(figure)
    assert len(lines) == 9
    coloured = [loss for loss, line in lines.items() if line.get_color() == loss_colour(loss)]
    assert "builtin" in coloured
    assert 5 <= len(coloured) <= 6
    assert "in colour" in texts(figure)[1]


@pytest.mark.parametrize("value", [0.0, 1e-9, 0.3, 1.0])
def test_constant_scores_are_one_point(value):
    labels = np.array([0] * 90 + [1] * 10)
    figure = draw({"builtin": [(labels, np.full(100, value))]})
    figure.canvas.draw()
    np.testing.assert_allclose(drawn(figure)["builtin"].get_xydata(), [[value, 0.1]])


def test_no_run_is_said():
    assert texts(draw({}))[-1] == "No run has both classes and finite probabilities."
