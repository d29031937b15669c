"""Which datasets share rows: every set that ships."""

import pandas as pd
import pytest

from runner.comparison.dataset_families import families, parent, parents
from runner.data.sources.imblearn import NAMES
from runner.data.sources.keel import keel_names

SETS_OF_SEVERAL = {
    *("abalone", "car", "ecoli", "glass", "kddcup", "kr_vs_k", "lymphography", "page_blocks", "poker"),
    *("shuttle", "vehicle", "winequality_red", "winequality_white", "yeast", "australian"),
}


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ("yeast1", "yeast"),
        ("yeast_1_vs_7", "yeast"),
        ("yeast_0_2_5_7_9_vs_3_6_8", "yeast"),
        ("yeast_me2", "yeast"),
        ("yeast_ml8", "yeast_ml"),  # another set of genes
        ("abalone9_18", "abalone"),
        ("led7digit_0_2_4_5_6_7_8_9_vs_1", "led7digit"),
        ("winequality_red_8_vs_6_7", "winequality_red"),
        ("wine_quality", "winequality_white"),
        ("page_blocks", "page_blocks"),
        ("page_blocks0", "page_blocks"),
        ("page_blocks_1_3_vs_4", "page_blocks"),
        ("shuttle_c0_vs_c4", "shuttle"),
        ("kddcup_land_vs_satan", "kddcup"),
        ("kr_vs_k_zero_one_vs_draw", "kr_vs_k"),
        ("car_vgood", "car"),
        ("car_eval_34", "car"),
        ("crx", "australian"),
        ("digits_8", "optical_digits"),
        ("breast_cancer", "wdbc"),
        ("wisconsin", "wisconsin"),  # the original set, not the diagnostic one
        ("mammographic", "mammographic"),
        ("mammography", "mammography"),
        ("my_customers", "my_customers"),
        ("7", "7"),
    ],
)
def test_parents(dataset, expected):
    assert parent(dataset) == expected


def test_the_keel_sets_that_share_rows_are_these_and_no_others():
    found = families(keel_names())
    assert {name for name, datasets in found.items() if len(datasets) > 1} == SETS_OF_SEVERAL
    assert sum(len(datasets) for datasets in found.values()) == len(keel_names())
    assert len(found["yeast"]) == 14


def test_the_sets_of_imbalanced_learn_join_their_keel_kin():
    found = families([*keel_names(), *NAMES, "page_blocks", "breast_cancer", "digits_3", "digits_8"])
    assert {"abalone", "abalone_19", "abalone19"} <= set(found["abalone"])
    assert found["optical_digits"] == ["optical_digits", "digits_3", "digits_8"]
    assert found["thyroid_garavan"] == ["hypothyroid", "sick_euthyroid", "thyroid_sick"]
    assert found["solar_flare"] == ["flaref", "solar_flare_m0"]


def test_datasets_and_parents_keep_their_order():
    assert families(["pima", "glass2", "ada", "glass0"]) == {
        "pima": ["pima"],
        "glass": ["glass2", "glass0"],
        "ada": ["ada"],
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [("keel", "yeast"), ("imblearn", "yeast"), ("file", "yeast1"), ("openml", "yeast1"), ("mine", "yeast1")],
)
def test_only_sets_that_are_known_to_be_cut_have_a_parent(source, expected):
    assert parents(pd.DataFrame({"dataset": ["yeast1"], "source": [source]})) == {"yeast1": expected}


def test_files_named_by_their_year_are_datasets_of_their_own():
    table = pd.DataFrame({"dataset": ["sales_2021", "sales_2022", "car_sales"], "source": "file"})
    assert list(families(list(table["dataset"]), parents(table))) == ["sales_2021", "sales_2022", "car_sales"]


def test_settings_of_a_dataset_share_its_rows():
    table = pd.DataFrame(
        {
            "dataset": ["my, epochs=2", "my, epochs=5", "yeast1, epochs=2", "my"],
            "source": ["file", "file", "keel", "file"],
            "setting": ["epochs=2", "epochs=5", "epochs=2", ""],
        }
    )
    assert parents(table) == {"my, epochs=2": "my", "my, epochs=5": "my", "yeast1, epochs=2": "yeast", "my": "my"}
