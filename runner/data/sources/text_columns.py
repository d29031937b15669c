"""From a column of texts to numbers, true/false or categories: by all of its values, or refused by name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from runner.data.sources.numbers import Ambiguous, NumberFormat, Numbers, Words, read_numbers
from runner.data.sources.reading import Reading, called
from runner.errors import InputError
from runner.writing.wording import join_names, override

log = logging.getLogger("runner.data")

MOST_WORDS = 20
"""Different words in a column of numbers, beyond which it is taken for one of categories."""

Place = Callable[[int], str]
"""From the number of a row, from 0, to where it stands in the file, in words."""


@dataclass
class TextColumns:
    """Reads columns of texts, and notes how.

    Attributes:
        where: the file, for messages.
        reading: what the user says of it.
        gaps: words that stand for a gap.
        place: see `Place`.
        point_is_usual: see `read_numbers`.
        formats: by column, how its numbers are written where that is not plain; filled while reading.
        told: columns that were warned of; filled while reading.
        target_gaps: words that were taken for gaps in the target; filled while reading.
    """

    where: str
    reading: Reading
    gaps: tuple[str, ...]
    place: Place
    point_is_usual: bool = True
    formats: dict[str, NumberFormat] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    target_gaps: list[str] = field(default_factory=list)

    def feature(self, name: str, texts: pa.ChunkedArray) -> pd.Series:
        """A feature: numbers with NaN for gaps, booleans, or texts with None for gaps.

        Raises:
            InputError: its numbers can be read in two ways, or it was to be numbers and has none.
        """
        values = self.without_gaps(texts)
        if name in self.reading.categorical:
            return codes(values)
        column = self.numbers(name, values, forced=name in self.reading.numeric)
        if column is not None:
            self._refuse_infinite(name, column, values)
            self._warn_of_zeros(name, column, values)
            return column
        truths = _booleans(values)
        return _texts(values) if truths is None else truths

    def target(self, texts: pa.ChunkedArray, named: set[str]) -> pd.Series:
        """The target: as a feature, but texts keep their blanks, and a word such as None may be a class.

        Args:
            texts: as they stand in the file.
            named: the values that ``positive_label`` names.
        """
        trimmed = pc.utf8_trim_whitespace(texts)
        there = [word for word in pc.unique(trimmed).to_pylist() if word]
        own = [word for word in there if word in self.gaps and word not in self.reading.own_gaps]
        classes = own if len(there) == 2 else [word for word in own if word in named]
        self.target_gaps = [word for word in own if word not in classes]
        values = self.without_gaps(texts, but=classes)
        name = "target"
        column = None if classes else self.numbers(name, values, quiet=True)
        if column is None:
            column = _booleans(values)
        if column is None:
            column = _texts(pc.if_else(pc.is_null(values), pa.scalar(None, pa.string()), texts))
        self.formats.pop(name, None)
        return column

    def numbers(
        self, name: str, values: pa.ChunkedArray, *, forced: bool = False, quiet: bool = False
    ) -> pd.Series | None:
        """The column as numbers, or None where it holds words.

        Args:
            name: of the column.
            values: trimmed texts, null for gaps.
            forced: words become gaps.
            quiet: nothing is said of a few words among numbers.

        Raises:
            InputError: the numbers can be read in two ways.
        """
        plain = _plain_numbers(values)
        point = self.point_is_usual if self.reading.decimal is None else self.reading.decimal == "."
        if plain is not None and (point or plain.dtype.kind == "i" or not _all_grouped(values)):
            return plain
        if plain is None and self.reading.thousands != ",":
            commas = _with_commas(values)
            if commas is not None and (self.reading.decimal == "," or not _all_grouped(values, ",")):
                self.formats[name] = NumberFormat(",")
                return commas
        encoded = pc.dictionary_encode(values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values)
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        texts: list[str] = encoded.dictionary.to_pylist()
        indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        if not texts:
            return None
        found = self._read(texts)
        if isinstance(found, Words):
            rows = found.numeric[indices] & (indices >= 0)
            words = [text for text, numeric in zip(texts, found.numeric, strict=True) if not numeric]
            if not forced:
                if not quiet:
                    self._warn_of_words(
                        name, {word: texts.index(word) for word in words[: MOST_WORDS + 1]}, rows, indices
                    )
                return None
            if not rows.any():
                raise InputError(f"{self.where}: dataset.numeric names the column '{name}', which holds no number")
            log.warning(
                "%s: column '%s': %d values are no numbers and taken as gaps, as dataset.numeric asks: %s",
                *(self.where, name, ((indices >= 0) & ~rows).sum(), join_names(words, 5)),
            )
            found = self._read([text for text, numeric in zip(texts, found.numeric, strict=True) if numeric])
            kept = np.cumsum(found_places := np.array([text not in set(words) for text in texts])) - 1
            indices = np.where(indices >= 0, np.where(found_places[indices], kept[indices], -1), -1)
        if isinstance(found, Ambiguous):
            raise InputError(self._two_ways(name, found, texts, indices))
        assert isinstance(found, Numbers)
        if found.format != NumberFormat():
            self.formats[name] = found.format
        return _spread(found.values, indices)

    def _read(self, texts: list[str]) -> Numbers | Ambiguous | Words:
        """The options decide what is not clear; a column that tells another sign by itself keeps it."""
        signs = self.reading.decimal, self.reading.thousands
        found = read_numbers(texts, *signs, point_is_usual=self.point_is_usual)
        if isinstance(found, Numbers) or signs == (None, None):
            return found
        return read_numbers(texts, point_is_usual=self.point_is_usual)

    def without_gaps(self, texts: pa.ChunkedArray, but: list[str] | None = None) -> pa.ChunkedArray:
        """The texts trimmed, null for gaps; the words of `but` are none."""
        trimmed = pc.utf8_trim_whitespace(texts)
        gaps = pa.array(["", *(word for word in self.gaps if word not in (but or []))], pa.string())
        return pc.if_else(pc.is_in(trimmed, value_set=gaps), pa.scalar(None, pa.string()), trimmed)

    def _warn_of_words(self, name: str, places: dict[str, int], rows: np.ndarray, indices: np.ndarray) -> None:
        words = list(places)
        there = indices >= 0
        if rows.sum() <= there.sum() / 2 or len(words) > MOST_WORDS:
            return
        self.told.add(name)
        first = int((there & ~rows).argmax())
        example = next(word for word in words if places[word] == indices[first])
        count = int((there & ~rows).sum())
        said = f"{count} value{'s' * (count > 1)} in all" + (f": {join_names(words, 5)}" if len(words) > 1 else "")
        log.warning(
            "%s: column '%s' is mostly numbers but is taken as categories because of %r in %s (%s);"
            " %s makes gaps of such words, %s of all words in the column",
            *(self.where, name, example, self.place(first), said),
            *(override("dataset.missing", words[:5]), override("dataset.numeric", [name])),
        )

    def _warn_of_zeros(self, name: str, column: pd.Series, values: pa.ChunkedArray) -> None:
        padded = pc.match_substring_regex(values, r"^0\d") if column.dtype.kind == "i" else pa.array([False])
        if pc.any(padded).as_py():
            self.told.add(name)
            log.warning(
                "%s: column '%s' has numbers that begin with 0 (%s), as codes do; %s takes them as categories",
                *(self.where, name, values.filter(padded)[0].as_py(), override("dataset.categorical", [name])),
            )

    def _two_ways(self, name: str, found: Ambiguous, texts: list[str], indices: np.ndarray) -> str:
        begin = f"{self.where}: column '{name}': "
        place = self.place(int((indices == texts.index(found.example)).argmax()))
        categories, without = (override(f"dataset.{option}", [name]) for option in ("categorical", "drop"))
        keep = f"{categories} takes it as categories, {without} leaves it out"
        if found.other:
            other = self.place(int((indices == texts.index(found.other)).argmax()))
            return (
                f"{begin}{found.example!r} ({place}) and {found.other!r} ({other}) are not written in one way; write"
                f" its numbers alike in the file; {keep}"
            )
        sign = "," if "," in found.example else "."
        decimal = found.example.replace(sign, ".")
        grouped = found.example.replace(sign, "")
        return (
            f"{begin}{found.example!r} ({place}) may be {decimal} or {grouped}, and no other value of the column tells;"
            f" say which: {override('dataset.decimal', called(sign))} or {override('dataset.thousands', called(sign))};"
            f" {keep}"
        )

    def _refuse_infinite(self, name: str, column: pd.Series, values: pa.ChunkedArray) -> None:
        if column.dtype.kind != "f":
            return
        infinite = np.isinf(column.to_numpy())
        if infinite.any():
            words = pc.unique(values.filter(pa.array(infinite))).to_pylist()[:4]
            raise InputError(
                f"{self.where}: column '{name}': {infinite.sum()} infinite values, the first in"
                f" {self.place(int(infinite.argmax()))}; {override('dataset.missing', words)} takes them as gaps,"
                f" {override('dataset.drop', [name])} leaves the column out"
            )


def codes(values: pa.ChunkedArray) -> pd.Series:
    """Categories as texts; whole numbers without leading zeros are written as scoring writes them: 34, not 34.0."""
    column = _texts(values)
    different = column.dropna().drop_duplicates()
    numbers = pd.to_numeric(different, errors="coerce")
    padded = different.str.fullmatch(r"[-+]?0\d+.*")
    if len(different) and numbers.notna().all() and not padded.any():
        written = {text: code(number) for text, number in zip(different, numbers, strict=True)}
        column = column.map(written, na_action="ignore").astype("str")
    return column


def code(number: Any) -> str:
    """A number as the text of a category."""
    return str(int(number)) if float(number).is_integer() else str(number)


def _plain_numbers(values: pa.ChunkedArray) -> pd.Series | None:
    """Whole numbers or numbers with a decimal point, as any program writes them."""
    if values.null_count == len(values):
        return pd.Series(np.full(len(values), np.nan))
    try:
        whole = pc.cast(values, pa.int64())
        if not pc.any(pc.match_substring(values, "x", ignore_case=True)).as_py():  # 0x1A is read as hexadecimal
            return pd.Series(
                whole.to_numpy(zero_copy_only=False) if not isinstance(whole, pa.ChunkedArray) else whole.to_numpy()
            )
    except pa.ArrowInvalid:
        pass
    try:
        decimals = pc.cast(values, pa.float64())
    except pa.ArrowInvalid:
        return None
    return pd.Series(
        decimals.to_numpy() if isinstance(decimals, pa.ChunkedArray) else decimals.to_numpy(zero_copy_only=False)
    )


def _with_commas(values: pa.ChunkedArray) -> pd.Series | None:
    """Numbers of which some have a decimal comma and none a point, however large the column."""
    some = pc.any(pc.match_substring(values, ",")).as_py()
    if not some or pc.any(pc.match_substring(values, ".")).as_py():
        return None
    return _plain_numbers(pc.replace_substring(values, ",", "."))


def _all_grouped(values: pa.ChunkedArray, sign: str = ".") -> bool:
    """Whether every value with the sign could have it between thousands."""
    pointed = pc.match_substring(values, sign)
    grouped = pc.match_substring_regex(values, rf"^[-+]?[1-9]\d{{0,2}}([{sign}]\d{{3}})+$")
    return bool(pc.any(pointed).as_py()) and bool(pc.all(pc.or_(pc.invert(pointed), grouped)).as_py())


def _spread(values: np.ndarray, indices: np.ndarray) -> pd.Series:
    column = np.append(values, np.nan)[indices]
    whole = np.isfinite(column).all() and (column == np.floor(column)).all() and (np.abs(column) < 2**53).all()
    return pd.Series(column.astype(np.int64) if whole else column)


def _booleans(values: pa.ChunkedArray) -> pd.Series | None:
    lower = pc.utf8_lower(values)
    if values.null_count == len(values):
        return None
    if not pc.all(pc.is_in(pc.drop_null(lower), value_set=pa.array(["true", "false"]))).as_py():
        return None
    truths = pd.Series(pc.equal(lower, "true").to_pandas())
    return truths.astype("float64") if truths.isna().any() else truths.astype("bool")


def _texts(values: Any) -> pd.Series:
    return pd.Series(values.to_pandas()).astype("str")
