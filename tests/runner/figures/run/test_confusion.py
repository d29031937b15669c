import numpy as np
import pytest

from runner.figures import confusion_matrix

COUNTS = {"tn": 8900, "fp": 60, "fn": 10, "tp": 30}


def cell_texts(figure) -> str:
    return " | ".join(text.get_text().replace("\n", ", ") for text in figure.axes[0].texts)


def test_counts_and_row_rates():
    figure = confusion_matrix(COUNTS, threshold=0.125, subtitle="focal · seed 0")
    assert cell_texts(figure) == (
        "8,900 | true negatives, 99.3% of the row | 60 | false positives, 0.7% of the row | "
        "10 | false negatives, 25.0% of the row | 30 | true positives, 75.0% of the row"
    )
    assert figure.texts[0].get_text() == "30 of 40 positives found with 90 alarms"
    assert figure.texts[1].get_text() == "focal · seed 0"


def test_colour_is_by_row_so_that_the_rare_class_is_visible():
    (image,) = confusion_matrix(COUNTS, threshold=0.5).axes[0].images
    shares = image.get_array()
    assert shares is not None
    np.testing.assert_allclose(shares, [[8900 / 8960, 60 / 8960], [0.25, 0.75]])
    assert image.get_clim() == (0, 1)


def test_rows_are_actual_and_columns_predicted():
    (axes,) = confusion_matrix(COUNTS, threshold=0.5).axes
    columns = [label.get_text().replace("\n", " ") for label in axes.get_xticklabels()]
    assert columns == ["predicted negative below 0.5", "predicted positive from 0.5 on"]
    rows = [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]
    assert rows == ["actual negative 8,960 rows", "actual positive 40 rows"]
    top, bottom = axes.transData.transform([(0, 0), (0, 1)])[:, 1]
    assert top > bottom


@pytest.mark.parametrize("empty", [("fn", "tp"), ("tn", "fp"), ("tn", "fp", "fn", "tp")])
def test_a_class_without_rows(empty):
    figure = confusion_matrix(COUNTS | dict.fromkeys(empty, 0), threshold=0.5)
    figure.canvas.draw()
    assert cell_texts(figure).count("no such rows") == len(empty)


def test_numpy_counts_and_one_alarm():
    figure = confusion_matrix({name: np.int64(1) for name in ("tn", "fn", "tp")} | {"fp": 0}, threshold=0.5)
    assert figure.texts[0].get_text() == "1 of 2 positives found with 1 alarm"
