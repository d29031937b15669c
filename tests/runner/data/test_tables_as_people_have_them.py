"""Tables as spreadsheets, exports and downloads are: each is read right, told of, or refused with the way out."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from runner.data import RandomSplit, make_splits
from runner.data.sources import load_file
from runner.errors import InputError

ROWS = np.arange(400)
RNG = np.random.default_rng(0)
POSITIVE = (RNG.random(400) < 0.2).astype(int)
BASE = pd.DataFrame({"a": RNG.normal(size=400) + 1.5 * POSITIVE, "b": RNG.normal(size=400), "y": POSITIVE})
COUNTS = RNG.integers(1_000, 98_757, 400)
MILLIONS = np.append(COUNTS[1:], 1_234_567)


def base(**columns: Any) -> pd.DataFrame:
    return BASE.assign(**columns)


def csv(frame: pd.DataFrame, **arguments: Any) -> str:
    return frame.to_csv(index=False, **arguments)


def grouped(values: np.ndarray, sign: str) -> list[str]:
    return [f"{value:,}".replace(",", sign) for value in values]


def some(value: str, usual: Any, every: int = 40) -> np.ndarray:
    return np.where(ROWS % every == 3, value, np.asarray(usual).astype(str))


Load = Callable[..., Any]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def _load(content: str | bytes, name: str = "table.csv", **arguments: Any) -> Any:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_file(path, **{"target": "y", **arguments})

    return _load


@pytest.fixture
def refused(load: Load) -> Callable[..., str]:
    def _refused(content: str | bytes, **arguments: Any) -> str:
        with pytest.raises(InputError) as error:
            load(content, **arguments)
        assert "\n" not in str(error.value)
        return str(error.value)

    return _refused


@pytest.mark.parametrize(
    ("frame", "written", "options", "expected"),
    [
        (base(n=grouped(MILLIONS, ",")), {"sep": ";"}, {}, MILLIONS),
        (base(n=grouped(COUNTS, ",")), {"sep": ";"}, {"thousands": "comma"}, COUNTS),
        (base(n=grouped(COUNTS, ",")), {"sep": ";"}, {"decimal": "comma"}, COUNTS / 1000),
        (base(n=grouped(COUNTS, ",")), {"sep": ";"}, {"decimal": "point"}, COUNTS),
        (base(n=grouped(COUNTS, ",")), {}, {"thousands": ","}, COUNTS),
        (base(n=[f"{value:,.2f}" for value in COUNTS]), {}, {}, COUNTS),
        (base(n=grouped(MILLIONS, ".")), {"sep": ";"}, {}, MILLIONS),
        (base(n=grouped(COUNTS, ".")), {"sep": ";", "decimal": ","}, {"decimal": "comma"}, COUNTS),
        (base(n=grouped(COUNTS, ".")), {"sep": ";"}, {"thousands": "point"}, COUNTS),
        (base(n=grouped(COUNTS, ".")), {"sep": ";"}, {"decimal": "point"}, COUNTS / 1000),
        (base(n=grouped(COUNTS, ".")), {}, {}, COUNTS / 1000),
        (base(n=[value + ",5" for value in grouped(COUNTS, ".")]), {"sep": "\t"}, {}, COUNTS + 0.5),
        (base(n=grouped(COUNTS, " ")), {}, {}, COUNTS),
        (base(n=grouped(COUNTS, "\u00a0")), {}, {}, COUNTS),
        (base(n=grouped(COUNTS, "'")), {"sep": ";"}, {}, COUNTS),
        (base(n=[f"${value:,.2f}" for value in COUNTS]), {}, {}, COUNTS),
        (base(n=[f"{value} €" for value in COUNTS]), {}, {}, COUNTS),
        (base(n=[f"{value / 10} %" for value in COUNTS]), {}, {}, COUNTS / 10),
        (base(n=[f"0,{value}" for value in COUNTS]), {"sep": ";"}, {}, [float(f"0.{value}") for value in COUNTS]),
        (base(n=COUNTS / 4), {"sep": ";", "decimal": ","}, {}, COUNTS / 4),
    ],
)
def test_numbers_as_people_write_them(load, frame, written, options, expected):
    dataset = load(csv(frame, **written), **options)
    np.testing.assert_allclose(dataset.features["n"], expected, rtol=1e-12)
    np.testing.assert_allclose(dataset.features["a"], BASE["a"], rtol=1e-12)


@pytest.mark.parametrize(
    ("frame", "written", "named"),
    [
        (base(n=grouped(COUNTS, ",")), {"sep": ";"}, ["dataset.decimal=comma or dataset.thousands=comma", "row 1"]),
        (base(n=grouped(COUNTS, ",")), {}, ["dataset.decimal=comma or dataset.thousands=comma"]),
        (base(n=grouped(COUNTS, ",")), {"sep": "|"}, ["dataset.decimal=comma or dataset.thousands=comma"]),
        (base(n=some("1,234", ROWS)), {}, ["may be 1.234 or 1234", "row 4"]),
        (base(n=grouped(COUNTS, ".")), {"sep": ";"}, ["dataset.decimal=point or dataset.thousands=point"]),
        (base(n=grouped(COUNTS, ".")), {"sep": "\t", "decimal": ","}, ["dataset.thousands=point"]),
        (base(n=some("0,77", ROWS / 2)), {"sep": ";"}, ["'0.0' (row 1)", "'0,77' (row 4)"]),
        (base(n=some("12%", ROWS / 2)), {}, ["'12%' (row 4)", "not written in one way"]),
        (base(n=some("€5", [f"${row}" for row in ROWS])), {}, ["'€5' (row 4)", "not written in one way"]),
    ],
)
def test_numbers_that_can_be_read_in_two_ways_are_not_guessed(load, refused, frame, written, named):
    message = refused(csv(frame, **written))
    for text in ["column 'n'", *named]:
        assert text in message
    assert load(csv(frame, **written), drop=["n"]).features.columns.tolist() == ["a", "b"]
    assert load(csv(frame, **written), categorical=["n"]).features["n"].dtype == "str"


ANSWERS = np.where(POSITIVE == 1, "yes", "no")


@pytest.mark.parametrize(
    ("answers", "positive", "told"),
    [
        (ANSWERS, "yes", f"positive 'yes' ({POSITIVE.sum()}); negative 'no' ({400 - POSITIVE.sum()})"),
        (some("?", ANSWERS), "yes", "'?' (10)"),
        (some("maybe", ANSWERS), ["yes", "maybe"], "'maybe' (10); negative 'no'"),
        (some("maybe", ANSWERS), {"not": "no"}, "'maybe' (10); negative 'no'"),
        (some("maybe", ANSWERS), {"not": ["no", "maybe"]}, "negative 'no'"),
        (some("Yes", ANSWERS), ["yes", "Yes"], "'Yes' (10); negative 'no'"),
        (POSITIVE, None, f"positive 1 ({POSITIVE.sum()}); negative 0"),
        (np.where(POSITIVE == 1, " yes", " no"), "yes", "positive ' yes'"),
        (np.where(POSITIVE == 1, "attack", "None"), "attack", "negative 'None'"),
        (np.where(POSITIVE == 1, "null", "fine"), "null", "positive 'null'"),
        (some("dos", np.where(POSITIVE == 1, "attack", "NA")), {"not": "NA"}, "negative 'NA'"),
    ],
)
def test_the_classes_are_told(load, answers, positive, told):
    dataset = load(csv(base(y=answers)), positive_label=positive)
    assert told in dataset.summary
    assert dataset.summary.startswith(dataset.source)
    assert "400 rows, 3 columns (2 features), separator comma, utf-8, decimal point" in dataset.summary
    labels = pd.Series(POSITIVE)
    if positive == ["yes", "maybe"] or positive == {"not": "no"}:
        labels[ROWS % 40 == 3] = 1
    if told in ("'?' (10)", "negative 'no'") or positive == {"not": "NA"}:
        labels[ROWS % 40 == 3] = int(positive == {"not": "NA"})
    if positive == ["yes", "Yes"]:
        labels[ROWS % 40 == 3] = 1
    assert dataset.labels.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("answers", "positive", "named"),
    [
        (
            some("Yes", ANSWERS),
            "yes",
            ["'Yes' (10 rows)", "'yes' (", "upper and lower case", "dataset.positive_label="],
        ),
        (some("YES ", ANSWERS), "yes", ["'YES ' (10 rows)"]),
        (some("yes ", ANSWERS), "yes", ["'yes ' (10 rows)", "surrounding blanks"]),
        (some("No", ANSWERS), {"not": "no"}, ["'No' (10 rows)"]),
        (ANSWERS, ["yes", "no"], ["every value counts as positive", "none is negative"]),
        (ANSWERS, {"not": ["yes", "no"]}, ["every value counts as negative", "none is positive"]),
        (ANSWERS, ["yes", "maybe"], ["dataset.positive_label=maybe is not among its values: 'no', 'yes'"]),
        (ANSWERS, {"but": "no"}, ["{not: VALUE}"]),
        (ANSWERS, [], ["names no value"]),
        (
            np.where(POSITIVE == 1, "attack", "None"),
            None,
            ["dataset.positive_label=None or dataset.positive_label=att"],
        ),
        (
            some("dos", np.where(POSITIVE == 1, "attack", "NA")),
            "attack",
            ["'NA' counts as one", "dataset.missing=none"],
        ),
        (some("", ANSWERS), "yes", ["10 of 400 values are missing", "row 4"]),
    ],
)
def test_answers_that_are_not_clear_are_refused(refused, answers, positive, named):
    message = refused(csv(base(y=answers)), positive_label=positive)
    for text in ["target column 'y'"] * (positive != {"but": "no"}) + named:
        assert text in message


NUMBERS = RNG.integers(0, 99, 400)


@pytest.mark.parametrize(
    ("values", "options", "gaps"),
    [
        (some(" ", NUMBERS), {}, 10),
        (some("NA", NUMBERS), {}, 10),
        (some("?", NUMBERS), {"missing": ["?"]}, 10),
        (some("-", some("unknown", NUMBERS, 50)), {"missing": ["-", "unknown"]}, 16),
        (some("-", NUMBERS), {"missing": "-"}, 10),
        (some("soon", some("?", NUMBERS, 50)), {"numeric": ["n"]}, 16),
        (some("-999", NUMBERS), {"missing": [-999]}, 10),
        (some("Infinity", NUMBERS / 2), {"missing": ["Infinity"]}, 10),
        (some("NA", NUMBERS), {"numeric": ["n"], "missing": "none"}, 10),
    ],
)
def test_gaps_in_numbers(load, values, options, gaps):
    column = load(csv(base(n=values)), **options).features["n"]
    assert column.isna().sum() == gaps
    assert column.isna()[3]
    assert column.dtype == np.float64
    assert column[1] == float(values[1])


@pytest.mark.parametrize(
    ("values", "options", "told"),
    [
        (some("?", NUMBERS), {}, "because of '?' in row 4 (10 values in all); dataset.missing=\"['?']\" makes gaps"),
        (some("soon", NUMBERS), {}, "'dataset.missing=[soon]' makes gaps of such words, 'dataset.numeric=[n]' of all"),
        (some("-", some("?", NUMBERS, 50)), {}, "16 values in all: '"),
        (some("?", NUMBERS), {"numeric": ["n"]}, "10 values are no numbers and taken as gaps"),
        (some("NA", NUMBERS), {"missing": "none"}, "because of 'NA' in row 4"),
        (RNG.choice([5411, 5812, 4829], 400), {}, "'dataset.categorical=[n]'"),
        (RNG.choice(["007", "012", "020"], 400), {}, "numbers that begin with 0"),
        (NUMBERS, {}, None),
        (np.full(400, 7), {}, "constant, the same value in every row, so that nothing can be learned of it: 'n'"),
        (POSITIVE * 3 + RNG.random(400), {}, "column 'n' gives the answer alone"),
        (np.where(POSITIVE == 1, "p", "q"), {}, "column 'n' gives the answer alone"),
        (np.where(POSITIVE == 1, RNG.random(400), np.nan), {}, "column 'n' gives the answer alone"),
        (-POSITIVE, {}, "column 'n' gives the answer alone"),
    ],
)
def test_columns_are_warned_of(load, caplog, values, options, told):
    load(csv(base(n=values)), **options)
    lines = [line for line in caplog.messages if "'n'" in line]
    assert len(lines) == (told is not None)
    assert told is None or told in lines[0]


def test_codes_are_told_by_their_name_and_read_as_texts(load, caplog):
    frame = base(product_code=RNG.integers(1, 5, 400), zip=RNG.choice(["01234", "02345", "10115"], 400))
    load(csv(frame))
    assert sorted(line.split("'")[1] for line in caplog.messages) == ["product_code", "zip"]

    caplog.clear()
    dataset = load(csv(frame), categorical=["product_code", "zip"])
    assert caplog.messages == []
    assert set(dataset.features["zip"]) == {"01234", "02345", "10115"}
    assert set(dataset.features["product_code"]) == {"1", "2", "3", "4"}


def test_equal_rows_with_two_answers_are_told(load, caplog):
    frame = pd.concat([BASE, BASE.head(3).assign(y=1 - BASE["y"].head(3))])
    load(csv(frame))
    (line,) = caplog.messages
    assert "6 of 403 rows have a row that is equal in all features but has the other label" in line


def packed(content: str, suffix: str) -> bytes:
    if suffix == ".zip":
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("__MACOSX/._table.csv", "x")
            archive.writestr("table.csv", content)
        return made.getvalue()
    if suffix == ".zst":
        buffer = pa.BufferOutputStream()
        with pa.CompressedOutputStream(buffer, "zstd") as stream:
            stream.write(content.encode())
        return buffer.getvalue().to_pybytes()
    pack: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    return pack[suffix](content.encode())


TOWNS = BASE.assign(town=np.where(RNG.random(400) < 0.5, "Köln", "Bonn"))
TEXT = csv(TOWNS)


@pytest.mark.parametrize(
    ("content", "name", "options"),
    [
        *[(csv(TOWNS, sep=sign), "table.csv", {}) for sign in "\t|;,"],
        (csv(TOWNS, sep="\t"), "table.txt", {}),
        (csv(TOWNS, sep=" "), "table.csv", {"separator": "space"}),
        (csv(TOWNS, sep="~"), "table.csv", {"separator": "~"}),
        ("sep=;\r\n" + csv(TOWNS, sep=";").replace("\n", "\r\n"), "table.csv", {}),
        ("\n\n" + TEXT, "table.csv", {}),
        (TEXT.replace("\n", "\r"), "table.csv", {}),
        (TEXT.encode("utf-8-sig"), "table.csv", {}),
        (TEXT.encode("utf-8-sig"), "table.csv", {"encoding": "utf-8"}),
        (TEXT.encode("utf-16"), "table.csv", {}),
        (TEXT.encode("utf-16-le"), "table.csv", {"encoding": "utf-16-le"}),
        (TEXT.encode("cp1252"), "table.csv", {"encoding": "cp1252"}),
        *[(packed(TEXT, suffix), f"table.csv{suffix}", {}) for suffix in (".gz", ".bz2", ".xz", ".zst", ".zip")],
        (packed(TEXT, ".zip"), "table.zip", {}),
    ],
)
def test_kinds_of_text_files(load, content, name, options):
    features = load(content, name, **options).features
    pd.testing.assert_frame_equal(features, TOWNS[["a", "b", "town"]].astype({"town": "str"}), rtol=1e-14)


@pytest.mark.parametrize("suffix", ["parquet", "feather", "orc", "jsonl", "json", "xlsx", "dta"])
def test_kinds_of_files_with_types(tmp_path, suffix):
    frame, path = TOWNS.round(6), tmp_path / f"table.{suffix}"
    write: dict[str, Callable[[Path], object]] = {
        "parquet": frame.to_parquet,
        "feather": frame.to_feather,
        "orc": frame.to_orc,
        "jsonl": lambda path: frame.to_json(path, orient="records", lines=True),
        "json": lambda path: frame.to_json(path, orient="records"),
        "xlsx": lambda path: frame.to_excel(path, index=False),
        "dta": lambda path: frame.to_stata(path, write_index=False),
    }
    write[suffix](path)
    dataset = load_file(path, "y")
    pd.testing.assert_frame_equal(dataset.features, frame[["a", "b", "town"]].astype({"town": "str"}))
    assert dataset.labels.tolist() == POSITIVE.tolist()
    assert suffix in dataset.summary


@pytest.mark.parametrize(
    ("content", "options", "named"),
    [
        (TEXT.encode("cp1252"), {}, ["not UTF-8", "line 2" if TOWNS.town[0] == "Köln" else "line", "encoding=cp1252"]),
        (TEXT.encode("utf-16-le"), {}, ["NUL bytes", "dataset.encoding=utf-16-le"]),
        (TEXT.encode("cp1252"), {"encoding": "utf-8"}, ["is not utf-8 text", "dataset.encoding"]),
        (TEXT, {"encoding": "utf-99"}, ["dataset.encoding=utf-99", "cp1252"]),
        (TEXT, {"separator": "::"}, ["dataset.separator=::", "semicolon"]),
        (TEXT, {"decimal": "dot"}, ["dataset.decimal=dot is none of auto, point, comma"]),
        (TEXT, {"thousands": "_"}, ["dataset.thousands=_"]),
        (TEXT, {"decimal": ",", "thousands": ","}, ["have to differ"]),
        (TEXT, {"numeric": ["a"], "categorical": ["a"]}, ["both name the column 'a'"]),
        (TEXT, {"numeric": ["aa"]}, ["dataset.numeric: no column 'aa': did you mean 'a'?"]),
        (TEXT, {"numeric": ["town"]}, ["dataset.numeric names the column 'town', which holds no number"]),
        ("x" * 140_000 + "y\n1\n2\n", {}, ["one column only", "dataset.separator"]),
        ("a,b;y\n1,5;0\n2,5;1\n", {"target": "q"}, ["dataset.separator=comma or dataset.separator=semicolon"]),
        ("a,b,y\n1,2,0\n3,1\n", {}, ["row 2 has 2 values where the header has 3 names"]),
        ("a,b,y\n1,2,0\n3,1,0,1\n", {}, ["row 2 has 4 values", "3,1,0,1"]),
        ("0.5,b,0\n1,b,1\n", {}, ["dataset.target: no column 'y'"]),
        ("0.5,1.5,0\n2,3,1\n", {}, ["the first line holds numbers: has the file a header?"]),
        (
            csv(base(n=some("inf", NUMBERS / 2))),
            {},
            ["column 'n': 10 infinite", "row 4", "dataset.missing=\"['inf']\""],
        ),
        (csv(BASE) + csv(BASE[["b", "a", "y"]]), {}, ["row 401 is a header with its columns in another order"]),
        (
            csv(BASE.set_axis(["a", "a", "y"], axis=1)),
            {},
            ["more than one column is called 'a', with different values"],
        ),
        (csv(BASE.assign(**{"a ": 1})), {"drop": [" a"]}, ["'a', 'a ' differ by blanks only"]),
    ],
)
def test_files_that_are_not_clear_are_refused(refused, content, options, named):
    message = refused(content, **options)
    for text in named:
        assert text in message


def test_a_header_of_many_columns_is_read(load):
    wide = pd.DataFrame(RNG.integers(0, 9, (12, 14_000)), columns=[f"column {place:05}" for place in range(14_000)])
    dataset = load(csv(wide.assign(y=[0, 1] * 6)), features=["column 00007", "column 13999"])
    assert dataset.features["column 13999"].tolist() == wide["column 13999"].tolist()


def test_a_comma_in_a_name_does_not_cut_a_semicolon_file(load):
    frame = BASE.rename(columns={"a": "a, in kg"})
    for text in (csv(frame, sep=";"), csv(frame, sep=";", quoting=2), csv(frame)):
        assert load(text).features.columns.tolist() == ["a, in kg", "b"]


def test_headers_in_the_middle_are_left_out(load, caplog):
    dataset = load(csv(BASE[:150]) + csv(BASE[150:300]) + csv(BASE[300:]))
    assert dataset.features["a"].tolist() == BASE["a"].tolist()
    (line,) = caplog.messages
    assert "2 rows repeat the header and are left out, the first is row 151" in line


def test_rows_lost_in_an_open_quote_are_told(load, caplog):
    lines = [f"{row},{'text'},{row % 2}" for row in range(40)]
    lines[7], lines[20] = '7,"5 inch,1', '20,"6 inch,0'
    dataset = load("x,t,y\n" + "\n".join(lines) + "\n")
    assert len(dataset.labels) == 27
    assert "row 8: its value of column 't' holds line breaks and separators like whole rows" in caplog.text

    caplog.clear()
    load(csv(base(t=np.where(ROWS % 3 == 0, "two\nlines, yes", "one"))))
    assert caplog.messages == []


def test_a_download_with_blanks_copies_and_infinities(load, caplog):
    """The form of CICIDS2017."""
    frame = pd.DataFrame({" Duration": NUMBERS, " Length": COUNTS, "Rate": some("Infinity", NUMBERS / 2)})
    frame["copy"], frame[" Label"] = COUNTS, np.where(POSITIVE == 1, "Web Attack \x96 XSS", "BENIGN")
    text = csv(frame).replace("copy", " Length", 1).encode("latin-1")
    options = {"target": "Label", "positive_label": {"not": "BENIGN"}, "encoding": "cp1252"}
    dataset = load(text, missing=["Infinity"], drop=["Duration"], **options)
    assert dataset.features.columns.tolist() == [" Length", "Rate"]
    assert dataset.features["Rate"].isna().sum() == 10
    assert dataset.labels.tolist() == POSITIVE.tolist()
    assert "taken once, though there twice with equal values: ' Length'" in caplog.text
    assert "'Web Attack – XSS'" in dataset.summary


def test_several_files_are_one_table(tmp_path):
    BASE[:150].to_csv(tmp_path / "day1.csv", index=False)
    BASE[150:][["y", "b", "a"]].to_csv(tmp_path / "day2.csv.gz", index=False, sep=";")
    for path in ([str(tmp_path / "day1.csv"), str(tmp_path / "day2.csv.gz")], str(tmp_path / "day*")):
        dataset = load_file(path, "y", name="week")
        pd.testing.assert_frame_equal(dataset.features, BASE[["a", "b"]], rtol=1e-14)
        assert (dataset.name, dataset.labels.tolist()) == ("week", POSITIVE.tolist())
        assert "day1.csv and 1 more file: 400 rows" in dataset.summary
    assert load_file(str(tmp_path / "day*"), "y").name == "day"
    for kind in (1, 2):
        BASE.to_parquet(tmp_path / f"part{kind}.parquet")
    assert len(load_file(str(tmp_path / "*.parquet"), "y").labels) == 800


@pytest.mark.parametrize(
    ("paths", "named"),
    [
        (["one.csv", "other.csv"], ["other.csv: has no 'b' and has also 'c', unlike"]),
        (["one.csv", "one.csv"], ["more than once"]),
        (["one.csv", "typed.parquet"], ["text files and others"]),
        (["one.csv", "nowhere.csv"], ["nowhere.csv: no such file"]),
        ("no*.csv", ["no file matches this pattern"]),
        ([], ["names no file"]),
        (["one.csv", "words.csv"], ["column 'a'", "row 4 of words.csv"]),
    ],
)
def test_files_that_do_not_fit_together_are_refused(tmp_path, monkeypatch, paths, named):
    monkeypatch.chdir(tmp_path)
    BASE.to_csv("one.csv", index=False)
    BASE.rename(columns={"b": "c"}).to_csv("other.csv", index=False)
    base(a=some("0,77", ROWS)).to_csv("words.csv", index=False)
    BASE.to_parquet("typed.parquet")
    with pytest.raises(InputError) as refused:
        load_file(paths, "y")
    for text in named:
        assert text in str(refused.value)


def test_columns_without_a_name(tmp_path, caplog):
    BASE.rename(columns={"b": ""}).to_parquet(tmp_path / "table.parquet")
    with pytest.raises(InputError, match=r"columns without a name.*dataset\.drop=.\['Unnamed: 1'\]"):
        load_file(tmp_path / "table.parquet", "y")
    assert load_file(tmp_path / "table.parquet", "y", drop=["Unnamed: 1"]).features.columns.tolist() == ["a"]
    BASE.to_csv(tmp_path / "indexed.csv")
    assert load_file(tmp_path / "indexed.csv", "y").features.columns.tolist() == ["Unnamed: 0", "a", "b"]
    assert "'Unnamed: 0' has no name in the header" in caplog.text


def test_a_parquet_index_is_a_column_that_is_asked_for(tmp_path):
    path = tmp_path / "table.parquet"
    BASE.assign(customer=ROWS // 4).set_index("customer").to_parquet(path)
    assert load_file(path, "y").features.columns.tolist() == ["a", "b"]
    assert load_file(path, "y", features=["a", "customer"]).features.columns.tolist() == ["a", "customer"]
    grouped_by = load_file(path, "y", group="customer")
    assert grouped_by.groups is not None
    assert grouped_by.groups.tolist() == (ROWS // 4).tolist()


def test_names_that_are_numbers_are_told(tmp_path, caplog):
    BASE.set_axis([0, 1, 2], axis=1).to_parquet(tmp_path / "table.parquet")
    assert load_file(tmp_path / "table.parquet", "2").features.columns.tolist() == ["0", "1"]
    assert "frame.columns.astype(str)" in caplog.text


def test_numbers_as_text_in_a_file_with_types(tmp_path, caplog):
    path = tmp_path / "table.parquet"
    base(n=some(" ", grouped(MILLIONS, ","))).to_parquet(path)
    assert load_file(path, "y").features["n"].dtype == "str"
    assert load_file(path, "y", numeric=["n"]).features["n"].isna().sum() == 10
    base(n=NUMBERS.astype(str)).to_parquet(path)
    load_file(path, "y")
    assert "column 'n' is text, but most of its values are numbers; 'dataset.numeric=[n]'" in caplog.text


def test_sheets_of_excel(tmp_path, caplog):
    """The word None is a class, a blank cell a gap, and a further sheet is told of."""
    frame = base(n=[None if row % 40 == 3 else row / 4 for row in ROWS], y=np.where(POSITIVE == 1, "attack", "None"))
    with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
        frame.to_excel(book, sheet_name="data", index=False)
        frame.head().to_excel(book, sheet_name="notes", index=False)
    dataset = load_file(tmp_path / "book.xlsx", "y", "attack")
    assert dataset.labels.tolist() == POSITIVE.tolist()
    np.testing.assert_allclose(dataset.features["n"], frame["n"])
    assert "has 2 sheets; the first, 'data', is read" in caplog.text
    assert "xlsx, decimal point" in dataset.summary


def test_words_among_numbers_of_a_file_with_types(tmp_path, caplog):
    values = ["?", *(None if row % 40 == 0 else row for row in range(1, 400))]
    records = [{"n": value, "y": row % 2} for row, value in enumerate(values)]
    (tmp_path / "table.json").write_text(json.dumps(records))
    load_file(tmp_path / "table.json", "y")
    assert "column 'n' is text, but most of its values are numbers; 'dataset.numeric=[n]'" in caplog.text
    numbers = load_file(tmp_path / "table.json", "y", numeric=["n"]).features["n"]
    assert (numbers.isna().sum(), numbers[1]) == (10, 1)


@pytest.mark.parametrize("values", [1.7e308 * RNG.random(400), np.where(ROWS == 7, 1e39, RNG.random(400))])
def test_values_that_overflow_are_refused_by_their_column(load, values):
    dataset = load(csv(base(n=values)))
    refused = []
    for seed in range(10):  # a single value overflows in float32 where it is not in the training part
        try:
            make_splits(dataset, RandomSplit(seed=seed, validation=0.2, test=0.2))
        except InputError as error:
            refused.append(str(error))
    assert refused
    assert all("column 'n' is not finite once it is standardised" in message for message in refused)
