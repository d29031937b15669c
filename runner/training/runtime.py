"""Sets TensorFlow and Keras up for one run."""

from __future__ import annotations

from runner.models.keras_runtime import keras, tf, use_defaults

import contextlib

from runner.errors import InputError

__all__ = ["keras", "placement", "start", "tf"]


def start(*, seed: int, device: str = "auto", precision: str = "float32", deterministic: bool = True) -> str:
    """Prepares TensorFlow and Keras for a run: a clean slate, device, precision, determinism, seeds.

    Args:
        seed: of weights, dropout, and everything else random in Keras.
        device: `auto`, `cpu` or `gpu`.
        precision: a Keras dtype policy's name.
        deterministic: whether operations may only use deterministic kernels. Once on, it stays on in this process.

    Returns:
        The device in words: `cpu`, `gpu: NVIDIA ...`.

    Raises:
        InputError: `gpu` asked for and none there.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if device == "gpu" and not gpus:
        raise InputError("trainer.device=gpu, but TensorFlow sees no GPU here: use trainer.device=auto or cpu")
    with contextlib.suppress(RuntimeError):  # a second run in this process: TensorFlow has its devices already
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    keras.backend.clear_session(free_memory=False)
    use_defaults()
    keras.config.set_dtype_policy(precision)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    if device == "cpu" or not gpus:
        return "cpu"
    names = {tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus}
    return f"gpu: {len(gpus)} x {', '.join(sorted(names))}"


def placement(device: str) -> tf.distribute.Strategy:
    """Where variables live and steps run: all GPUs of the machine where there are several, else one device."""
    gpus = tf.config.list_logical_devices("GPU")
    if gpus and device == "cpu":
        return tf.distribute.OneDeviceStrategy("/cpu:0")
    if len(gpus) > 1:
        return tf.distribute.MirroredStrategy([gpu.name for gpu in gpus])
    return tf.distribute.get_strategy()
