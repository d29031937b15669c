"""What all figures of a comparison share, with few losses and with all."""

import subprocess
import sys
from itertools import combinations

import matplotlib as mpl
import pytest
from PIL import Image

from runner import figures
from runner.evaluation.overlays import mean_precision_recall, pooled_calibration
from runner.figures import comparison
from runner.reports.out_of_fold import mean_roc

METRIC = "test/average_precision"
NAMES = [
    "leaderboard_forest",
    "difference_forest",
    "training_curves",
    "precision_recall_overlay",
    "calibration_overlay",
    "roc_overlay",
    "sensitivity_overlay",
    "critical_difference_diagram",
]


@pytest.fixture(scope="module")
def draw(board_of, splits_of, histories_of, scores_of, sweep_of, ranks_of):
    """Draws the figure of that name for so many losses, once."""
    scores = {count: scores_of(count) for count in (3, 8, 21)}
    ranking = {count: mean_precision_recall(each) for count, each in scores.items()}
    calibration = {count: pooled_calibration(each) for count, each in scores.items()}
    calls = {
        "leaderboard_forest": lambda n, **more: comparison.leaderboard_forest(board_of(n), METRIC, **more),
        "difference_forest": lambda n, **more: comparison.difference_forest(
            board_of(n), 0.005, splits_of(board_of(n)), metric=METRIC, **more
        ),
        "training_curves": lambda n, **more: comparison.training_curves(histories_of(n), baseline="builtin", **more),
        "precision_recall_overlay": lambda n, **more: comparison.precision_recall_overlay(
            ranking[n].curves, ranking[n].losses, prevalence=ranking[n].prevalence, baseline="builtin", **more
        ),
        "calibration_overlay": lambda n, **more: comparison.calibration_overlay(
            calibration[n].curves, calibration[n].losses, baseline="builtin", **more
        ),
        "roc_overlay": lambda n, **more: comparison.roc_overlay(*mean_roc(scores[n]), baseline="builtin", **more),
        "sensitivity_overlay": lambda n, **more: comparison.sensitivity_overlay(
            sweep_of(n), METRIC, "optimizer.learning_rate", baseline="builtin", **more
        ),
        "critical_difference_diagram": lambda n, **more: comparison.critical_difference_diagram(
            ranks_of(n), baseline="builtin", **more
        ),
    }
    drawn = {}

    def get(name: str, count: int):
        if (name, count) not in drawn:
            figure = calls[name](count, subtitle="page_blocks $5 splits · " * 5)
            figure.canvas.draw()
            drawn[name, count] = figure
        return drawn[name, count]

    return get


def text_boxes(figure) -> dict:
    """Every text that is seen, with its place in pixels."""
    texts = list(figure.texts)
    for legend in figure.legends:
        texts += legend.get_texts()
    for axes in figure.axes:
        texts += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high and axis.get_visible()]
            texts += [label for tick in ticks for label in (tick.label1, tick.label2) if label.get_visible()]
    return {text: text.get_window_extent() for text in texts if text.get_text()}


@pytest.mark.parametrize("count", [3, 8, 21])
@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_cut_off_or_covers_another(name, count, draw):
    figure = draw(name, count)
    boxes = text_boxes(figure)
    for text, box in boxes.items():
        inside = figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
        assert inside, text.get_text()
        assert figure.bbox.y0 <= box.y0, text.get_text()
        assert box.y1 <= figure.bbox.y1, text.get_text()
    for (one, box), (other, its_box) in combinations(boxes.items(), 2):
        apart = (
            box.x1 <= its_box.x0 + 1  # pixel
            or its_box.x1 <= box.x0 + 1
            or box.y1 <= its_box.y0 + 4  # boxes of lines of text have room above the letters
            or its_box.y1 <= box.y0 + 4
        )
        assert apart, (one.get_text(), other.get_text())


@pytest.mark.parametrize("count", [3, 21])
@pytest.mark.parametrize("name", NAMES)
def test_panels_and_legends_lie_inside_the_figure(name, count, draw):
    figure = draw(name, count)
    boxes = [axes.get_window_extent() for axes in figure.axes]
    boxes += [legend.get_window_extent() for legend in figure.legends]
    boxes += [line.get_window_extent() for line in figure.lines]
    for box in boxes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1


@pytest.mark.parametrize("name", NAMES)
def test_all_figures_have_one_width(name, draw, tmp_path):
    figures.save(draw(name, 3), tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as image:
        assert image.size[0] == 912


@pytest.mark.parametrize(
    "name", ["leaderboard_forest", "difference_forest", "training_curves", "critical_difference_diagram"]
)
def test_heights_grow_with_the_losses(name, draw):
    heights = [draw(name, count).get_figheight() for count in (3, 8, 21)]
    assert heights == sorted(set(heights))


@pytest.mark.parametrize("name", NAMES)
def test_axes_are_named(name, draw):
    figure = draw(name, 3)
    assert figure.texts[0].get_text()
    assert all(axes.get_xlabel() for axes in figure.axes)
    if name not in ("leaderboard_forest", "difference_forest", "critical_difference_diagram"):  # their rows are named
        assert figure.axes[0].get_ylabel()


def test_drawing_leaves_the_defaults_as_they_are(board_of):
    before = dict(mpl.rcParams)
    comparison.leaderboard_forest(board_of(3), METRIC)
    assert dict(mpl.rcParams) == before


def test_matplotlib_loads_with_the_first_figure_and_pyplot_mlflow_and_tensorflow_never():
    code = (
        "import sys\n"
        "from runner.figures import comparison\n"
        "print('matplotlib' in sys.modules)\n"
        "print(all(callable(getattr(comparison, name)) for name in comparison.__all__), len(comparison.__all__))\n"
        "print('matplotlib' in sys.modules)\n"
        "print({'matplotlib.pyplot', 'mlflow', 'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["False", f"True {len(NAMES)}", "True", "set()", ""]
