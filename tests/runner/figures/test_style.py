"""What all figures share: size, names on axes, freedom from pyplot, colours, nothing cut off or overlapping."""

import gc
import subprocess
import sys
import weakref
from itertools import pairwise

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from runner import figures
from runner.evaluation.decision_curves import cost_curve, net_benefit_curve, top_rows_curve

LOSSES = [
    "builtin",
    "custom",
    "weighted",
    "smoothed",
    "focal",
    "class_balanced",
    "logit_adjusted",
    "ldam",
    "vector_scaling",
    "asymmetric",
    "poly1",
    "generalized_ce",
    "symmetric_ce",
    "bootstrap",
    "sparse_categorical",
    "dice",
    "tversky",
    "focal_tversky",
    "soft_mcc",
    "pairwise_auc",
    "ghm",
    "brier",
    "beta_proper",
    "gev",
    "score",
    "smooth_ap",
    "aum",
    "lovasz_hinge",
    "tilted",
    "cvar",
    "compound",
]
NAMES = [
    "loss_curves",
    "precision_recall",
    "roc",
    "confusion_matrix",
    "calibration",
    "threshold_metrics",
    "cost_by_threshold",
    "decision_curve",
    "top_rows",
    "loss_shape",
    "search_history",
    "search_importance",
    "pareto_front",
]
NAMED_BY_TICKS = ("confusion_matrix", "search_importance")


@pytest.fixture
def draw(
    history_table, precision_recall_table, roc_table, bins_table, scores, threshold_table, shape_table, search_table
):
    """Draws the figure of that name with ordinary data."""
    labels, probabilities = scores
    calls = {
        "loss_curves": lambda **more: figures.loss_curves(history_table, best_epoch=12, loss_name="focal", **more),
        "precision_recall": lambda **more: figures.precision_recall(
            precision_recall_table,
            average_precision=0.41234,
            prevalence=0.05,
            threshold=0.2,
            at_threshold=(0.5, 0.4),
            interval=(0.3, 0.5),
            **more,
        ),
        "roc": lambda **more: figures.roc(roc_table, roc_auc=0.9, at_threshold=(0.1, 0.8), **more),
        "confusion_matrix": lambda **more: figures.confusion_matrix(
            {"tn": 1800, "fp": 100, "fn": 40, "tp": 60}, threshold=0.2, **more
        ),
        "calibration": lambda **more: figures.calibration(
            bins_table, probabilities, labels, ece=0.01, brier=0.04, calibrated_bins=bins_table, **more
        ),
        "threshold_metrics": lambda **more: figures.threshold_metrics(
            threshold_table, threshold=0.4, rule="cost (false alarm 1, miss 20)", **more
        ),
        "cost_by_threshold": lambda **more: figures.cost_by_threshold(
            cost_curve(labels, probabilities, 1, 20), threshold=0.05, cost_fp=1, cost_fn=20, **more
        ),
        "decision_curve": lambda **more: figures.decision_curve(
            net_benefit_curve(labels, probabilities), prevalence=0.05, **more
        ),
        "top_rows": lambda **more: figures.top_rows(top_rows_curve(labels, probabilities), k=0.05, **more),
        "loss_shape": lambda **more: figures.loss_shape(shape_table, loss_name="weighted", **more),
        "search_history": lambda **more: figures.search_history(
            search_table, objective="val/average_precision", maximize=True, **more
        ),
        "search_importance": lambda **more: figures.search_importance(
            {"optimizer.learning_rate": 0.7, "loss.gamma": 0.3}, objective="val/average_precision", trials=20, **more
        ),
        "pareto_front": lambda **more: figures.pareto_front(
            search_table.rename(columns={"value": "val/f1"}).assign(**{"val/ece": search_table["value"] ** 2}),
            list(range(20)),
            objectives=["val/f1", "val/ece"],
            maximize=[True, False],
            **more,
        ),
    }
    return lambda name, **more: calls[name](**more)


@pytest.mark.parametrize("name", NAMES)
def test_file_has_the_size_that_mlflow_shows(name, draw, tmp_path):
    figures.save(draw(name), tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as image:
        assert image.size == (864, 576)


@pytest.mark.parametrize("name", NAMES)
def test_axes_are_named_and_the_run_is_too(name, draw):
    run = "focal $gamma=2 · page_blocks · seed 0"  # a lone dollar sign must not start mathematics
    figure = draw(name, subtitle=run)
    figure.canvas.draw()
    title, subtitle = (text.get_text() for text in figure.texts)
    assert title
    assert subtitle.startswith(run)
    for axes in figure.axes:
        if name not in NAMED_BY_TICKS:
            assert axes.get_ylabel()
            # stacked panels share the lowest one's x axis
            assert axes.get_xlabel() or name in ("loss_curves", "calibration", "top_rows")
    assert name == "confusion_matrix" or figure.axes[-1].get_xlabel()


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_cut_off_and_the_head_does_not_overlap(name, draw):
    figure = draw(name, subtitle="class_balanced beta=0.9999 · some_long_data_set_name · seed 12 · " * 3)
    figure.canvas.draw()
    whole = figure.bbox
    boxes = [text.get_window_extent() for text in figure.texts]
    boxes += [legend.get_window_extent() for legend in figure.legends]
    for axes in figure.axes:
        boxes += [label.get_window_extent() for label in (axes.xaxis.label, axes.yaxis.label)]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            boxes += [
                tick.label1.get_window_extent() for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high
            ]
    for box in boxes:
        assert box.x0 >= whole.x0
        assert box.x1 <= whole.x1
        assert box.y0 >= whole.y0
        assert box.y1 <= whole.y1
    head = [*boxes[: 2 + len(figure.legends)], figure.axes[0].get_window_extent()]
    for upper, lower in pairwise(head):
        assert upper.y0 >= lower.y1 - 1  # pixel


@pytest.mark.parametrize("name", NAMES)
def test_nobody_keeps_a_figure_alive_or_changes_the_defaults(name, draw):
    before = dict(mpl.rcParams)
    figure = draw(name)
    watched = weakref.ref(figure)
    del figure
    gc.collect()
    assert watched() is None
    assert dict(mpl.rcParams) == before


def test_matplotlib_loads_with_the_first_figure_and_pyplot_mlflow_and_tensorflow_never():
    code = (
        "import sys\n"
        "from runner import figures\n"
        "print('matplotlib' in sys.modules)\n"
        "print([name for name in figures.__all__ if not callable(getattr(figures, name))])\n"
        "print('matplotlib' in sys.modules)\n"
        "print({'matplotlib.pyplot', 'mlflow', 'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["False", "['comparison']", "True", "set()", ""]


def test_every_known_loss_has_a_colour_of_its_own():
    colours = {name: figures.loss_colour(name) for name in LOSSES}
    assert len(set(colours.values())) == len(LOSSES)
    for colour in colours.values():
        to_rgb(colour)


def test_a_loss_keeps_its_colour_with_parameters_and_case():
    assert figures.loss_colour("Focal gamma=2 alpha=0.25") == figures.loss_colour("focal") == "#D55E00"


def test_an_unknown_loss_has_the_same_colour_in_every_process():
    assert figures.loss_colour("my_package.MyLoss") == "#6E6800"
    to_rgb(figures.loss_colour(""))
