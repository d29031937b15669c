"""What there is to choose from, for the command ``runner datasets``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from runner import data
from runner.data import sources
from runner.data.dataset import Dataset
from runner.errors import InputError
from runner.writing.wording import override

FEW_POSITIVES = 30


@dataclass(frozen=True)
class CatalogueRow:
    """One line of the catalogue; numbers are None where nothing was loaded.

    Attributes:
        option: the overrides that choose it, ``dataset=keel dataset.name=abalone19``.
        rows: number of rows.
        features: number of columns.
        positives: number of positive rows.
        prevalence: share of positive rows.
        duplicates: rows that repeat an earlier one.
        note: what to know before choosing it; the reason where it does not load.
    """

    option: str
    rows: int | None = None
    features: int | None = None
    positives: int | None = None
    prevalence: float | None = None
    duplicates: int | None = None
    note: str = ""


OTHER_SOURCES = (
    CatalogueRow("dataset=file dataset.path=FILE dataset.target=COLUMN", note="your own CSV or Parquet file"),
    CatalogueRow("dataset=openml dataset.data_id=NUMBER", note="any set of openml.org; needs a network once"),
    CatalogueRow("dataset=imblearn dataset.name=NAME", note="27 sets of imbalanced-learn; needs a network once"),
)


def datasets_table(names: Sequence[str] = ()) -> Iterator[CatalogueRow]:
    """One row a dataset, as they load (all of them take about 15 seconds).

    Args:
        names: keep the options that contain one of these texts; all without any.
    """

    def wanted(option: str) -> bool:
        return not names or any(str(name).casefold() in option.casefold() for name in names)

    for option, load in _bundled():
        if wanted(option):
            yield _row(option, load)
    try:
        keel = sources.keel_names()
    except InputError as error:
        keel = []
        if wanted("dataset=keel dataset.name=NAME"):
            yield CatalogueRow("dataset=keel dataset.name=NAME", note=str(error))
    for name in keel:
        chosen = f"dataset=keel {override('dataset.name', name)}"
        if wanted(chosen):
            yield _row(chosen, partial(sources.load_keel, name))
    yield from (row for row in OTHER_SOURCES if wanted(row.option))


def _bundled() -> list[tuple[str, Callable[[], Dataset]]]:
    return [
        ("dataset=page_blocks", sources.load_page_blocks),
        ("dataset=breast_cancer", sources.load_breast_cancer),
        ("dataset=digits", sources.load_digits),
        ("dataset=synthetic", sources.load_synthetic),
    ]


def _row(option: str, load: Callable[[], Dataset]) -> CatalogueRow:
    try:
        dataset = load()
    except InputError as error:
        return CatalogueRow(option, note=str(error))
    positives = int(dataset.labels.sum())
    return CatalogueRow(
        option=option,
        rows=len(dataset.labels),
        features=dataset.features.shape[1],
        positives=positives,
        prevalence=dataset.prevalence,
        duplicates=data.duplicate_rows(dataset.features),
        note=_note(option, positives),
    )


def _note(option: str, positives: int) -> str:
    if "=kddcup" in option or "=shuttle" in option:
        return "separates perfectly: says little about losses"
    if positives < FEW_POSITIVES:
        return f"only {positives} positives: wide intervals"
    return ""
