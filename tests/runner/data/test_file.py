"""A table of one's own: what is read, and what is refused by name."""

import gzip

import numpy as np
import pandas as pd
import pytest

from runner.data.sources import load_file
from runner.errors import InputError
from runner.writing.wording import override

ROWS = "age,town,y\n1,a,0\n2,b,1\n3,a,0\n4,b,1\n"


@pytest.fixture
def write(tmp_path):
    def _write(text: str | bytes, name: str = "table.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return _write


def test_all_kinds_of_files_give_the_same_table(write, tmp_path):
    frame = pd.DataFrame({"age": [1, 2, 3, 4], "town": ["a", "b", "a", "b"], "y": [0, 1, 0, 1]})
    frame.to_parquet(tmp_path / "table.parquet")
    paths = [
        write(ROWS),
        write(gzip.compress(ROWS.encode()), "table.csv.gz"),
        write(ROWS.replace(",", "\t"), "table.tsv"),
        write(ROWS.replace(",", ";"), "semicolons.csv"),
        write(b"\xef\xbb\xbf" + ROWS.encode(), "marked.csv"),
        tmp_path / "table.parquet",
    ]
    loaded = [load_file(str(path), "y") for path in paths]
    assert len({dataset.digest for dataset in loaded}) == 1
    assert {dataset.name for dataset in loaded} == {"table", "semicolons", "marked"}
    assert loaded[0].source == str(paths[0])
    assert loaded[0].features.columns.tolist() == ["age", "town"]
    assert loaded[0].labels.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("values", "positive_label", "expected"),
    [
        (["0", "1", "1"], None, [0, 1, 1]),
        (["-1", "1", "1"], None, [0, 1, 1]),
        (["true", "False", "TRUE"], None, [1, 0, 1]),
        (["1.0", "0.0", "1.0"], None, [1, 0, 1]),
        (["yes", "no", "no"], "yes", [1, 0, 0]),
        (["1", "2", "2"], 2, [0, 1, 1]),
        (["1", "2", "2"], "2", [0, 1, 1]),
        (["1.0", "2.0", "2.0"], "2", [0, 1, 1]),
        (["true", "false", "true"], True, [1, 0, 1]),
        (["true", "false", "true"], "false", [0, 1, 0]),
        (["true", "false", "x"], True, [1, 0, 0]),
        (["a", "b", "c"], "b", [0, 1, 0]),
        (["0", "1", "1"], 0, [1, 0, 0]),
        (["1", "x", "2"], 1, [1, 0, 0]),
    ],
)
def test_labels(write, values, positive_label, expected):
    path = write("x,y\n" + "".join(f"{row},{value}\n" for row, value in enumerate(values)))
    assert load_file(path, "y", positive_label).labels.tolist() == expected


def test_weights_groups_and_chosen_columns(write):
    path = write("id,a,b,w,who,y\n1,1,5,0.5,p,0\n2,2,6,1,q,1\n3,3,7,2,p,1\n")
    loaded = load_file(path, "y", drop=["id"], sample_weight="w", group="who")
    assert loaded.features.columns.tolist() == ["a", "b"]
    assert loaded.weights is not None
    assert loaded.weights.tolist() == [0.5, 1, 2]
    assert loaded.groups is not None
    assert loaded.groups.tolist() == ["p", "q", "p"]
    assert load_file(path, "y", features=["b", "a"]).features.columns.tolist() == ["b", "a"]
    assert load_file(path, "y", features=["b", "a"], drop="a").features.columns.tolist() == ["b"]
    pixels = load_file(path, "y", features=["a", "b"], image_shape=[1, 2])
    assert pixels.image_shape == (1, 2, 1)


def test_suspects_are_told(write, caplog):
    ages = ["?", *map(str, range(20, 40))]
    text = ",age,price,y\n" + "".join(f'{row},{age},"1,{row}",{row % 2}\n' for row, age in enumerate(ages))
    features = load_file(write(text), "y").features
    assert features["age"].dtype == "str"
    assert "'Unnamed: 0'" in caplog.text
    assert "'age' is mostly numbers but is taken as categories because of '?' in row 1 (1 value in all);" in caplog.text
    assert "dataset.missing=\"['?']\"" in caplog.text
    assert "dataset.numeric=[age]" in caplog.text
    assert features["price"].tolist()[:2] == [1.0, 1.1]


def test_decimal_commas_of_a_semicolon_file(write, caplog):
    rng = np.random.default_rng(0)
    numbers = [f"{value:.12g}" for value in rng.normal(size=300)]
    points = "x;gap;y\n" + "".join(
        f"{value};{'' if row % 7 else row}.5;{row % 2}\n" for row, value in enumerate(numbers)
    )
    points = points.replace(";.5;", ";;")
    commas = write(points.replace(".", ","), "commas.csv")
    assert load_file(commas, "y").digest == load_file(write(points.replace(";", ",")), "y").digest

    few = load_file(write("a;b;y\n-0,77;1;0,0\n1e3;2,5;1,0\n;;0,0\n", "few.csv"), "y")
    assert few.features["a"].tolist() == pytest.approx([-0.77, 1000, np.nan], nan_ok=True)
    assert few.features["b"].tolist() == pytest.approx([1, 2.5, np.nan], nan_ok=True)
    assert few.labels.tolist() == [0, 1, 0]
    assert caplog.messages == []


ROW = np.arange(400)
LABELS = np.random.default_rng(1).integers(0, 2, 400)
SHUFFLED = np.random.default_rng(0).permutation(400)
TOWNS = [f"town {row % 8}" for row in ROW]
DATES = pd.date_range("2019-12-20", periods=400).to_series()
ID, DATE, RARE = (
    "looks like an identifier",
    "looks like dates: drop it or turn it into numbers",
    "too rare to be told apart",
)


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("name", [f"Ms {row}" for row in ROW], RARE),
        ("street", [f"street {row // 5}" for row in ROW], RARE),
        ("comment", [None if row % 4 else f"said {row}" for row in ROW], RARE),
        ("town", [f"Ms {row}" if row % 10 else "Bonn" for row in ROW], RARE),
        ("when", DATES.dt.strftime("%Y-%m-%d"), DATE),
        ("when", DATES.dt.strftime("%Y-%m-%dT%H:%M:%SZ"), DATE),
        ("when", DATES.dt.strftime("%d.%m.%Y"), DATE),
        ("when", DATES.dt.strftime("%m/%d/%y %H:%M"), DATE),
        ("when", DATES.dt.strftime("%d %b %Y"), DATE),
        ("when", DATES.dt.strftime("%B %d, %Y"), DATE),
        ("when", ["unknown" if row % 20 == 1 else "2020-01-05" if row % 3 else None for row in ROW], DATE),
        ("when", ["2020-13-45" if row % 2 else "2020-99-99" for row in ROW], None),
        ("month", ["may" if row % 2 else "mar" for row in ROW], None),
        ("version", [f"1.{row % 3}.2" for row in ROW], None),
        ("when", ["2020-01-05" if row % 2 else "soon" for row in ROW], None),
        ("id", SHUFFLED, ID),
        ("customer_id", SHUFFLED, ID),
        ("PassengerId", SHUFFLED, ID),
        ("index", SHUFFLED, ID),
        ("counter", ROW + 1000, ID),
        ("counter", 1000 - ROW, ID),
        ("steps", SHUFFLED, None),
        ("id", ROW % 399, None),
        ("sorted", ROW // 2, None),
        ("humid", SHUFFLED, None),
        ("id", SHUFFLED + 0.5, None),
        ("time", ROW / 7, None),
        ("town", TOWNS, None),
        ("flag", ROW % 3 == 0, None),
    ],
)
def test_columns_to_drop_are_told_in_one_line(tmp_path, caplog, name, values, told):
    path = tmp_path / "table.csv"
    pd.DataFrame({name: list(values), "y": LABELS}).to_csv(path, index=False)
    load_file(path, "y")
    of_columns = [message for message in caplog.messages if "column '" in message]
    assert len(of_columns) == (told is not None)
    for text in [] if told is None else [str(path), f"column '{name}'", told, override("dataset.drop", [name])]:
        assert text in caplog.text

    caplog.clear()
    pd.DataFrame({name: list(values), "x": SHUFFLED, "y": LABELS}).to_parquet(tmp_path / "table.parquet")
    load_file(tmp_path / "table.parquet", "y", drop=[name])
    assert caplog.messages == []


def test_a_category_too_rare_is_told(tmp_path, caplog):
    frame = pd.DataFrame({"kind": pd.Categorical([f"kind {row}" for row in ROW]), "x": SHUFFLED, "y": LABELS})
    frame.to_parquet(tmp_path / "table.parquet")
    load_file(tmp_path / "table.parquet", "y")
    (line,) = caplog.messages
    assert "column 'kind'" in line
    assert "100% of its values are too rare" in line


FOUR = "a,b,w,g,y\n1,2,1,p,0\n3,4,2,q,1\n5,6,3,r,0\n7,8,4,s,1\n"


@pytest.mark.parametrize(
    ("text", "arguments", "named"),
    [
        ("", {}, ["table.csv", "empty"]),
        ("a,y\n", {}, ["no rows"]),
        (b"a,y\n\xff\xfe,1\n", {}, ["UTF-8"]),
        ("a,y\n1,0\n2,1,3\n", {}, ["cannot be read"]),
        ("a,y\n1,0,9\n2,1,9\n", {}, ["cannot be read"]),
        ("a,a,y\n1,2,0\n1,2,1\n", {}, ["more than one column", "'a'"]),
        (FOUR, {"target": "Y2"}, ["dataset.target", "'Y2'", "'y'"]),
        (FOUR, {"target": "outcome"}, ["dataset.target", "'outcome'", "there are: 'a', 'b', 'w', 'g', 'y'"]),
        ("income,y\n1,0\n2,1\n", {"drop": ["incom"]}, ["dataset.drop", "did you mean 'income'?"]),
        (FOUR, {"features": ["a", "nope"]}, ["dataset.features", "'nope'"]),
        (FOUR, {"features": ["a", "y"]}, ["dataset.features", "target column 'y'"]),
        (FOUR, {"sample_weight": "weight"}, ["dataset.sample_weight", "'weight'"]),
        (FOUR, {"group": "patient"}, ["dataset.group", "'patient'"]),
        (FOUR, {"drop": ["a", "b", "w", "g"]}, ["no feature columns left"]),
        (FOUR, {"features": []}, ["no feature columns left"]),
        ("a,y\n1,0\n2,0\n", {}, ["target column 'y'", "one class only", "0"]),
        ("a,y\n1,0\n2,1\n3,2\n", {}, ["target column 'y'", "3 different values", "dataset.positive_label"]),
        ("a,y\n1,0\n2,\n3,1\n4,\n", {}, ["target column 'y'", "2 of 4", "row 2"]),
        ("a,y\n1,no\n2,yes\n", {}, ["dataset.positive_label=no or dataset.positive_label=yes"]),
        ("a,y\n1,1\n2,2\n", {}, ["dataset.positive_label=1 or dataset.positive_label=2"]),
        ("a,y\n1,no\n2,yes\n", {"positive_label": "maybe"}, ["positive_label=maybe", "'no', 'yes'"]),
        ("a,y\n1,no\n2,yes\n", {"positive_label": True}, ["positive_label=True", "quote"]),
        (FOUR, {"sample_weight": "g"}, ["weight column 'g'", "not numbers", "row 1", "'p'"]),
        ("a,w,y\n1,1,0\n2,-1,1\n", {"sample_weight": "w"}, ["weight column 'w'", "negative", "row 2"]),
        ("a,w,y\n1,,0\n2,1,1\n", {"sample_weight": "w"}, ["weight column 'w'", "missing", "row 1"]),
        ("a,w,y\n1,0,0\n2,0,1\n", {"sample_weight": "w"}, ["weight column 'w'", "weighs 0"]),
        ("a,w,y\n1,inf,0\n2,0,1\n", {"sample_weight": "w"}, ["weight column 'w'", "infinite"]),
        ("a,g,y\n1,p,0\n2,,1\n", {"group": "g"}, ["group column 'g'", "missing", "row 2"]),
        ("a,y\n1,0\ninf,1\n", {}, ["column 'a'", "infinite", "row 2"]),
        ("a,b,y\n,,0\n,,1\n", {}, ["no feature columns left"]),
        (FOUR, {"features": ["a", "b"], "image_shape": [8, 8, 1]}, ["image_shape=[8, 8, 1]", "64 pixel columns"]),
    ],
)
def test_refusals(write, text, arguments, named):
    path = write(text)
    with pytest.raises(InputError) as refused:
        load_file(path, **{"target": "y", **arguments})
    message = str(refused.value)
    assert "\n" not in message
    for part in [str(path) if "image_shape" not in arguments else "table", *named]:
        assert part in message


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("table.pickle", b"x", ["unknown kind", ".parquet"]),
        ("table.parquet", b"not a parquet file", ["cannot be read"]),
        ("table.csv.gz", b"not gzip", ["cannot be read"]),
        ("table.csv.gz", gzip.compress(ROWS.encode(), mtime=0)[:20], ["cannot be read"]),
    ],
)
def test_unreadable_files(write, name, content, named):
    with pytest.raises(InputError) as refused:
        load_file(write(content, name), "y")
    for part in [name, *named]:
        assert part in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there(write, tmp_path):
    write(ROWS, "patients.csv")
    with pytest.raises(InputError, match=r"did you mean 'patients\.csv'"):
        load_file(tmp_path / "patient.csv", "y")
    with pytest.raises(InputError, match="does not exist"):
        load_file(tmp_path / "nowhere" / "patient.csv", "y")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="folder"):
        load_file(tmp_path / "folder.csv", "y")


def test_parquet_keeps_its_types(tmp_path):
    path = tmp_path / "typed.parquet"
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None, 3], "Int64"),
            "kind": pd.Categorical([1, 2, 1]),
            "when": pd.date_range("2020", periods=3),
            "y": pd.array([True, False, True], "boolean"),
        }
    )
    frame.to_parquet(path)
    loaded = load_file(path, "y", drop=["when"])
    assert loaded.features["n"].dtype == np.float64
    assert loaded.features["kind"].tolist() == [1, 2, 1]
    assert loaded.labels.tolist() == [1, 0, 1]
    with pytest.raises(InputError, match=r"'when'.*datetime"):
        load_file(path, "y")
