"""Files that are there whole or not at all."""

from __future__ import annotations

import errno

import pytest

from runner.runs.folder import RunFolder
from runner.writing.whole_files import whole_file, write_text


@pytest.mark.parametrize("before", [None, "before"])
def test_what_is_not_finished_leaves_what_was_there(tmp_path, before):
    path = tmp_path / "table.csv"
    if before:
        write_text(path, before)

    def write_half() -> None:
        with whole_file(path) as beside:
            assert beside.suffix == ".csv"  # by which libraries choose what they write
            beside.write_text("half")
            raise OSError(errno.ENOSPC, "the disk is full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert [each.read_text() for each in tmp_path.iterdir()] == ([before] if before else [])


def test_what_is_finished_takes_the_place_of_files_and_folders(tmp_path):
    for name in ("file", "folder", "folder.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old").write_text("old")
    with whole_file(tmp_path / "folder") as beside:
        beside.mkdir()
        (beside / "new").write_text("new")
    write_text(tmp_path / "file.txt", "größe")
    write_text(tmp_path / "file.txt", "größer")

    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder", "file.txt"}
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["new"]
    assert (tmp_path / "file.txt").read_text(encoding="utf-8") == "größer"


def test_a_disk_that_is_full_leaves_no_weights_that_cannot_be_read(tmp_path, monkeypatch):
    def savez(path, **arrays):
        path.write_bytes(b"PK")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("runner.runs.folder.np.savez", savez)
    with pytest.raises(OSError, match="No space"):
        RunFolder(tmp_path).write_weights([])
    assert list(tmp_path.iterdir()) == []
