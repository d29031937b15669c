"""The machine's settings of Keras change no digit and stop no run."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SETTINGS = {"backend": "jax", "epsilon": 0.01, "floatx": "float16", "image_data_format": "channels_first"}
SHOWN = """
import logging; logging.basicConfig(format="%(message)s")
from runner.models.keras_runtime import keras
config = keras.config
print(config.backend(), config.floatx(), config.epsilon(), config.image_data_format(), config.max_epochs())
print(keras.layers.Dense(3).dtype_policy.name, keras.layers.Conv2D(1, 3).data_format)
"""


def shown(tmp_path, settings, script=SHOWN, **variables):
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    inherited = {
        name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"
    }  # this process has set it
    environment = {**inherited, "KERAS_HOME": str(tmp_path), **variables}
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)


def test_a_run_has_keras_s_defaults_whatever_the_machine_says(tmp_path):
    done = shown(tmp_path, SETTINGS, KERAS_BACKEND="torch", KERAS_MAX_EPOCHS="1")
    assert done.stdout.splitlines() == ["tensorflow float32 1e-07 channels_last None", "float32 channels_last"]
    assert "KERAS_BACKEND=torch is passed over" in done.stderr
    assert "KERAS_MAX_EPOCHS is passed over" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "before", "words"),
    [
        ({"floatx": "float17"}, "", "keras.json: Keras refuses it: Invalid `floatx`"),
        ({"backend": "jax"}, "import keras", "Keras was loaded before with the backend jax"),
    ],
    ids=["invalid", "loaded before"],
)
def test_what_cannot_be_mended_is_refused_by_name(tmp_path, settings, before, words):
    done = shown(tmp_path, settings, f"{before}\n{SHOWN}")
    assert done.returncode == 1
    assert f"runner.errors.InputError: {words}" in done.stderr.replace(f"{tmp_path}/", "")
