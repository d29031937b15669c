"""Loads TensorFlow and Keras once per process: quietly, and as every run needs them, whatever the machine's settings.

Whoever uses Keras takes it from here, so that it is loaded in this way also where nothing has been loaded before.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
from collections.abc import Iterator

from runner.errors import InputError

log = logging.getLogger("runner.models")

BACKEND = "tensorflow"
CAPS = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")
"""Variables by which Keras would end every training early, for debugging."""


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """TensorFlow's C++ side writes notices to file descriptor 2 while it loads, past any logging setting."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """The block makes half a million objects that stay: to look among them for garbage takes a quarter of its time.

    They are left out of all later collections as well, each of which would look through them for half a second.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()


def _set_environment() -> None:
    """For this process and those that it starts. What a user's shell says of Keras is told, not obeyed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if os.environ.get("KERAS_BACKEND", BACKEND) != BACKEND:
        log.warning(
            "KERAS_BACKEND=%s is passed over: runs train with TensorFlow; the losses alone work with any backend",
            os.environ["KERAS_BACKEND"],
        )
    os.environ["KERAS_BACKEND"] = BACKEND
    for name in CAPS:
        if os.environ.pop(name, ""):
            log.warning("%s is passed over: use trainer.epochs", name)


def use_defaults() -> None:
    """Sets what `keras.json` or a module of the user's may have changed: it would change digits, or crash a run."""
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


_set_environment()
try:
    with _silent_stderr(), _uncollected():
        import keras
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")  # it warns of retracing, which every run of a sweep must do once
        tf.config.list_physical_devices()  # the search for drivers has notices of its own
except ValueError as problem:
    folder = os.environ.get("KERAS_HOME", os.path.join("~", ".keras"))
    raise InputError(f"{os.path.join(folder, 'keras.json')}: Keras refuses it: {problem}") from problem
if keras.config.backend() != BACKEND:
    raise InputError(
        f"Keras was loaded before with the backend {keras.config.backend()}: runs train with TensorFlow; "
        "load runner first, or set KERAS_BACKEND=tensorflow"
    )
use_defaults()
