"""`evaluation.groups`: from a column to the group of each row; the column stays what it was."""

import numpy as np
import pandas as pd
import pytest

from runner.data import Dataset, with_subgroups
from runner.data.sources import load_file
from runner.data.subgroups import make_subgroups
from runner.errors import InputError

TABLE = "a,site,age,y\n" + "".join(f"{i},{'07' if i % 2 else ' x '},{i / 10},{i % 3 == 0:d}\n" for i in range(12))


def named(groups):
    return [groups.names[code] for code in groups.codes]


def test_a_column_of_a_file_is_a_feature_or_not_and_no_part_of_the_digest(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    plain = load_file(path, "y")
    kept, dropped = (
        load_file(path, "y", subgroup_column="site"),
        load_file(path, "y", drop=["site"], subgroup_column="site"),
    )
    for dataset in (kept, dropped):
        assert dataset.subgroups is not None
        assert dataset.subgroups.column == "site"
        assert named(dataset.subgroups) == ["x", "07"] * 6
    assert plain.subgroups is None
    assert kept.features.columns.tolist() == plain.features.columns.tolist()
    assert dropped.features.columns.tolist() == ["a", "age"]
    assert kept.digest == plain.digest
    assert kept.subgroups is not None
    assert named(kept.subgroups.of(np.array([1, 2]))) == ["07", "x"]
    by_group = load_file(path, "y", group="site", subgroup_column="site")  # what else the column is for does not matter
    assert by_group.groups is not None
    assert by_group.subgroups is not None


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("sight", "evaluation.groups: no column 'sight': did you mean 'site'?"),
        ("y", "evaluation.groups=y is the target"),
        ("one", "evaluation.groups=one: all rows have the value '1', so there are no groups"),
        ("many", "evaluation.groups=many: 300 different values ('0', '1', '2' and 297 more), where at most 200"),
    ],
)
def test_refusals(tmp_path, column, message):
    table = pd.DataFrame(
        {"a": range(300), "site": ["x", "y"] * 150, "one": 1, "many": range(300), "y": [0, 1, 0] * 100}
    )
    table.to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(InputError) as refused:
        load_file(tmp_path / "table.csv", "y", subgroup_column=column)
    assert str(tmp_path) in str(refused.value)
    assert message in str(refused.value)


def test_a_feature_of_any_dataset_with_gaps_and_numbers():
    frame = pd.DataFrame({"x": np.arange(4.0), "floor": [1.0, 2.5, np.nan, 1.0], "ill": [True, False, True, True]})
    dataset = Dataset("some", frame, np.array([0, 1, 0, 1]), "some")
    floors = with_subgroups(dataset, "floor").subgroups
    assert floors is not None
    assert named(floors) == ["1", "2.5", "(missing)", "1"]
    ill = with_subgroups(dataset, "ill")
    assert ill.subgroups is not None
    assert named(ill.subgroups) == ["True", "False", "True", "True"]
    assert ill.features is frame
    with pytest.raises(InputError, match=r"evaluation.groups: some has no column 'flor': did you mean 'floor'\?"):
        with_subgroups(dataset, "flor")
    colours = pd.Series(pd.Categorical(["red", None, "blue"]))
    assert named(make_subgroups("colour", colours, where="some")) == ["red", "(missing)", "blue"]
