import numpy as np
import pytest

from runner.evaluation.subgroups import subgroup_table
from runner.figures import by_group
from runner.terms.subgroups import Subgroups

OVERALL = {"roc_auc": 0.9, "average_precision": 0.5, "recall": 0.7}


@pytest.fixture(scope="module")
def table(scores):
    labels, probabilities = scores
    groups = Subgroups("site", np.arange(len(labels)) % 3, ["$a$", "b", "c"])
    groups.codes[np.flatnonzero((groups.codes == 2) & (labels == 1))[3:]] = 1
    return subgroup_table(labels, np.log(probabilities / (1 - probabilities)), 0.1, groups, draws=50)


def test_each_ranked_group_has_its_interval_and_small_ones_their_reason(table):
    figure = by_group(table, grouped_by="site", overall=OVERALL, subtitle="a run")
    ranked = table[table["reason"] == ""]
    assert len(ranked) == 2
    worst = ranked.iloc[0]
    assert figure.texts[0].get_text() == f"By site: ROC AUC {worst['roc_auc']:.3f} at worst ({worst['group']})"
    for axes, metric in zip(figure.axes, OVERALL, strict=True):
        whole, *others = axes.lines
        assert np.asarray(whole.get_xdata()).tolist() == [OVERALL[metric]] * 2
        dots = [line for line in others if line.get_marker() == "o"]
        assert [np.asarray(dot.get_xdata())[0] for dot in dots] == ranked[metric].tolist()
        low = [np.asarray(line.get_xdata())[0] for line in others if line.get_marker() in ("None", "")]
        assert low == ranked[f"{metric}.low"].tolist()
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said[-2:] == ["c", "too few positives (3)"]


def test_where_every_group_is_too_small_it_says_so(table):
    figure = by_group(table[table["reason"] != ""], grouped_by="site", overall=OVERALL)
    assert figure.texts[0].get_text() == "By site: every group is too small to say"
    assert by_group(table.head(1).iloc[[0] * 40], grouped_by="a" * 40, overall=OVERALL).texts[-1].get_text() == (
        "10 more groups in groups.csv"
    )
