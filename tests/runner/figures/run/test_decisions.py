import numpy as np
import pytest

from runner.evaluation.decision_curves import cost_curve, cost_curve_of_rows, net_benefit_curve, top_rows_curve
from runner.figures import cost_by_threshold, decision_curve, top_rows
from runner.terms.costs import Costs


def test_the_cost_is_drawn_with_the_chosen_the_least_and_the_trivial_decisions(scores):
    labels, probabilities = scores
    curve = cost_curve(labels, probabilities, 1, 20)
    figure = cost_by_threshold(curve, threshold=0.3, cost_fp=1, cost_fn=20)
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), curve["cost"])
    assert axes.lines[0].get_drawstyle() == "steps-pre"
    at = np.mean(np.where(probabilities >= 0.3, labels == 0, 20 * (labels == 1)))
    assert figure.texts[0].get_text() == f"Cost {at:.3g} a row at threshold 0.3; the least is {curve['cost'].min():.3g}"
    assert axes.get_ylabel().endswith("(false alarm 1, miss 20)")
    named = {text.get_text() for text in figure.legends[0].get_texts()}
    assert {f"call none ({20 * labels.mean():.3g})", f"call all ({1 - labels.mean():.3g})"} <= named


def test_the_decision_curve_says_where_the_model_is_worth_more_than_all_or_none(scores):
    labels, probabilities = scores
    curve = net_benefit_curve(labels, probabilities)
    figure = decision_curve(curve, prevalence=labels.mean())
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), curve["model"])
    assert figure.texts[0].get_text().startswith("Worth more than acting on all or none from 0.0")
    useless = decision_curve(net_benefit_curve(labels, np.full(len(labels), 0.5)), prevalence=labels.mean())
    assert useless.texts[0].get_text() == "Nowhere worth more than all or none"


def test_the_top_rows_read_off_the_budget(scores):
    curve = top_rows_curve(*scores)
    figure = top_rows(curve, k=0.1)
    assert "The top 10% of rows" in figure.texts[0].get_text()
    assert f"recall {np.interp(0.1, curve['share'], curve['recall']):.3f}" in figure.texts[0].get_text()
    top, bottom = figure.axes
    np.testing.assert_array_equal(top.lines[0].get_ydata(), curve["precision"])
    np.testing.assert_array_equal(bottom.lines[0].get_ydata(), curve["lift"])
    assert top.lines[0].get_color() != top.lines[1].get_color()


@pytest.mark.parametrize("rows", [2, 5])
def test_few_rows_are_drawn_too(rows):
    labels, probabilities = np.arange(rows) % 2, np.linspace(0.1, 0.9, rows)
    for figure in (
        cost_by_threshold(cost_curve(labels, probabilities, 1, 1), threshold=0.5, cost_fp=1, cost_fn=1),
        decision_curve(net_benefit_curve(labels, probabilities), prevalence=0.5),
        top_rows(top_rows_curve(labels, probabilities), k=0.5),
    ):
        figure.canvas.draw()


def test_costs_of_rows_are_drawn_by_threshold_with_what_their_own_thresholds_cost(scores):
    labels, probabilities = scores
    rng = np.random.default_rng(0)
    costs = Costs(rng.lognormal(1, 1, len(labels)), np.ones(len(labels)), np.full(len(labels), 3.0))
    probabilities = np.round(probabilities, 2)  # many of them equal
    curve = cost_curve_of_rows(labels, probabilities, costs)
    for threshold, cost in curve.iloc[::7].itertuples(index=False):
        assert cost == pytest.approx(costs.mean(labels, probabilities >= threshold))
    equal = Costs(np.full(len(labels), 20.0), np.ones(len(labels)), np.zeros(len(labels)))
    np.testing.assert_allclose(
        cost_curve_of_rows(labels, probabilities, equal), cost_curve(labels, probabilities, 1, 20)
    )
    figure = cost_by_threshold(curve, threshold=0.3, by_row=-0.05)
    assert figure.texts[0].get_text().endswith("-0.05 at thresholds of their own")
    assert figure.axes[0].get_ylim()[0] < -0.05
    assert "each row's own threshold (-0.05)" in {text.get_text() for text in figure.legends[0].get_texts()}
