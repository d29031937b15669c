"""Configs of a user's own: read, or refused where ours would be read instead."""

from __future__ import annotations

import pytest

from runner.config.options import CONF
from runner.config.own_configs import check_config_dir
from runner.errors import InputError


@pytest.fixture
def own(tmp_path):
    def write(place, text="seed: 7\n"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(tmp_path)

    return write


@pytest.mark.parametrize("given", ["--config-dir {}", "--config-dir={}", "-cd {}"])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("config.yaml", "experiment=NAME"),
        ("loss/focal.yaml", "loss=focal"),
        ("experiment/article.yaml", "another name"),
    ],
)
def test_a_file_in_the_place_of_ours_is_refused(own, given, place, words):
    arguments = ["-m", *given.format(own(place)).split(), "seed=1"]
    with pytest.raises(InputError, match=f"{place} would be passed over.*{words}"):
        check_config_dir(arguments)


def test_other_files_and_copies_of_ours_are_fine(own):
    own("loss/mine.yaml")
    own("my_config.yaml")
    folder = own("loss/focal.yaml", (CONF / "loss" / "focal.yaml").read_text())
    check_config_dir(["--config-dir", folder])
    check_config_dir(["--config-dir"])  # argparse says what is missing
    check_config_dir([])
