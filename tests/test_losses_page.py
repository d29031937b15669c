"""docs/losses.md says what the losses are, as they are now."""

import importlib.util
import subprocess

import pytest
from PIL import Image

from runner.config.options import CONF

_spec = importlib.util.spec_from_file_location("losses_page", CONF.parent / "docs" / "losses_page.py")
assert _spec is not None
assert _spec.loader is not None
losses_page = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(losses_page)

OPTIONS = {path.stem for path in (CONF / "loss").glob("*.yaml")}


@pytest.fixture(scope="module")
def losses() -> dict:
    return losses_page.every_loss()


def generated(page: str) -> str:
    return page.partition(losses_page.BEGIN)[2].partition(losses_page.END)[0]


@pytest.fixture(scope="module")
def page() -> str:
    return losses_page.PAGE.read_text()


def test_the_page_is_as_make_docs_writes_it(page, losses):
    assert losses_page.updated(page, losses) == page, "run make docs"


def test_what_is_written_by_hand_stays(losses):
    page = f"above\n{losses_page.BEGIN}\nold\n{losses_page.END}\nbelow\n"
    new = losses_page.updated(page, losses)
    assert new.startswith(f"above\n{losses_page.BEGIN}\n")
    assert new.endswith(f"{losses_page.END}\nbelow\n")
    assert "old\n" not in new


def test_every_option_has_a_row_and_every_class_of_ours_a_formula(page, losses):
    page = generated(page)
    for option in OPTIONS:
        assert page.count(f"\n| `{option}` |") == 1
        assert page.count(f"\n- `{option}`: ") == (option != "builtin")
    assert set(losses) == OPTIONS


def test_rows_are_whole(page, losses):
    rows = [line for line in generated(page).splitlines() if line.startswith("| ")]
    assert len(rows) == len(OPTIONS) + 2
    assert {line.replace(r"\|", "").count("|") for line in rows} == {len(losses_page.row("focal", losses["focal"])) + 1}


def test_cross_entropy_comes_first_and_losses_of_a_batch_last(losses):
    order = list(losses)
    assert order[:3] == ["builtin", "custom", "sparse_categorical"]
    of_a_batch = [option for option in order if getattr(losses[option], "whole_batch", False)]
    assert order[-len(of_a_batch) :] == of_a_batch
    assert of_a_batch[:4] == ["dice", "tversky", "focal_tversky", "soft_mcc"]


@pytest.mark.parametrize(
    ("option", "undone_by", "each", "source"),
    [
        ("builtin", "nothing to undo", "example", ""),
        ("custom", "nothing to undo", "example", ""),
        ("weighted", "closed form", "example", "King and Zeng 2001"),
        ("focal", "closed form", "example", "Lin et al. 2017"),
        ("asymmetric", "Platt scaling", "example", "Ridnik et al. 2021"),
        ("dice", "Platt scaling", "batch", "Pastor-Pellicer et al. 2013"),
    ],
)
def test_columns_read_from_the_code(losses, option, undone_by, each, source):
    row = losses_page.row(option, losses[option])
    assert (row["bias undone by"], row["a value for each"], row["source"]) == (undone_by, each, source)


def test_hyperparameters_have_their_defaults_and_ranges(losses):
    def said(option):
        return losses_page.row(option, losses[option])["hyper-parameters"].split("<br>")

    assert said("focal") == [
        "`gamma=2`: at least 0",
        "`alpha=0.25`: at least 0 and at most 1",
        "`alpha_mode=none`: one of balanced, positives, uniform, none",
    ]
    assert said("ldam")[2:] == [
        "`drw_epoch=null`: a whole number at least 0 or null",
        "`n1`, `n0`: from the training part",
    ]
    assert "`balanced=false`: true or false" in said("weighted")
    assert said("focal_tversky")[2] == "`gamma=1.33333`: above 0"
    assert said("soft_mcc") == ["none"]


def test_a_formula_is_the_docstrings_first_paragraph_and_the_list_after_it(losses):
    assert losses_page.formula("weighted", losses["weighted"]) == (
        "- `weighted`: Cross-entropy with class weights: w1 y softplus(-z) + w0 (1-y) softplus(z)."
    )
    _, *items = losses_page.formula("custom", losses["custom"]).splitlines()
    assert [item.partition(":")[0] for item in items] == ["  - `logits`", "  - `clipped`", "  - `keras2`"]


def test_the_figure_has_a_cell_for_each_option(losses):
    figure = losses_page.shapes(losses)
    title, *names = [text.get_text() for text in figure.texts if text.get_weight() == "bold"]
    assert title
    assert names == list(losses)
    assert len(figure.axes) == 2 * len(losses)
    assert "gamma=2" in {text.get_text() for text in figure.texts}


def test_the_figure_is_there_and_small(page):
    assert f"](images/{losses_page.FIGURE.name})" in page
    assert losses_page.FIGURE.stat().st_size < 300_000
    with Image.open(losses_page.FIGURE) as image:
        assert image.width >= 1000


def test_make_lists_docs():
    done = subprocess.run(["make", "help"], cwd=CONF.parent, capture_output=True, text=True, check=True)
    assert "make docs " in done.stdout
