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


@pytest.mark.parametrize(
    ("files", "arguments", "words"),
    [
        (["loss/focal.yaml"], ["hydra.searchpath=[{}]"], "loss/focal.yaml would be passed over.*another name"),
        (["loss/focal.yaml"], ["hydra.searchpath=[file://{}]"], "loss/focal.yaml would be passed over"),
        (["loss/focal.yaml"], ["hydra.searchpath=['{}']", "-m"], "loss/focal.yaml would be passed over"),
        (["a/loss/x.yaml", "b/loss/x.yaml"], ["hydra.searchpath=[{}/a,{}/b]"], "b/loss/x.yaml would be.*a/loss/x.yaml"),
        (["a/x.yaml", "b/x.yaml"], ["--config-dir={}/b", "hydra.searchpath=[{}/a]"], "a/x.yaml would be.*b/x.yaml is"),
        (["loss/focal.yml"], ["--config-dir", "{}"], "focal.yml would be passed over.*end in .yaml"),
        (["loss/focal.yaml"], ["--config-d={}"], "loss/focal.yaml would be passed over"),
        ([], ["hydra.searchpath=[{}/nowhere]"], "hydra.searchpath: .*/nowhere is not there"),
        ([], ["hydra.searchpath=[pkg://no.where]"], "hydra.searchpath: pkg://no.where is not there"),
        (["a/x.yaml"], ["-cd", "{}/a", "--config-dir", "{}"], "more than once.*hydra.searchpath="),
    ],
)
def test_files_of_several_folders_are_refused_where_another_is_read(own, files, arguments, words):
    for number, place in enumerate(files):
        own(place, f"seed: {number}\n")
    folder = own("other/readme.yaml")
    with pytest.raises(InputError, match=words):
        check_config_dir([argument.replace("{}", folder) for argument in arguments])


def test_a_file_that_is_too_deep_is_said_and_refuses_nothing(own):
    for place in ("conf/loss/focal.yaml", "a b/c/model/mlp.yaml", "experiment/loss/focal.yaml", ".venv/loss/dice.yaml"):
        own(place)
    own("conf/loss/dice.yaml", (CONF / "loss" / "dice.yaml").read_text())
    folder = own("conf/loss/mine.yaml")
    deep, blank = sorted(check_config_dir(["--config-dir", folder]), key=len)
    if "mlp" in deep:
        deep, blank = blank, deep

    assert deep.startswith(f"{folder}/conf/loss/focal.yaml is not read, as it is too deep in {folder}")
    assert deep.endswith(f"--config-dir {folder}/conf")
    assert blank.endswith(f"--config-dir '{folder}/a b/c'")


def test_where_our_configs_are_not_read_nothing_is_passed_over(own):
    folder = own("loss/focal.yaml")
    assert check_config_dir(["--config-path", folder, "--config-dir", folder]) == []


def test_the_package_of_our_configs_can_be_searched_again():
    assert check_config_dir(["hydra.searchpath=[pkg://conf]", "hydra.searchpath=[pkg://conf]"]) == []
    assert check_config_dir(["hydra.searchpath=[x"]) == []  # Hydra says what is wrong


def test_other_files_and_copies_of_ours_are_fine(own):
    own("loss/mine.yaml")
    own("my_config.yaml")
    folder = own("loss/focal.yaml", (CONF / "loss" / "focal.yaml").read_text())
    check_config_dir(["--config-dir", folder])
    check_config_dir(["--config-dir"])  # argparse says what is missing
    check_config_dir([])
