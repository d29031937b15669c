"""What a test, or a command that it runs, leaves in the process is undone: the next one starts as a new process would.

What is set up once in each process stays: loaded frameworks and their own loggers, Hydra's plugins and schemas.
"""

from __future__ import annotations

import inspect
import itertools
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SET_ONCE = {
    "PYTEST_CURRENT_TEST",
    "TF_CPP_MIN_LOG_LEVEL",
    "MLFLOW_DISABLE_TELEMETRY",
    "DO_NOT_TRACK",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES",
    "MLFLOW_HTTP_REQUEST_TIMEOUT",
}
"""Variables that belong to pytest, or that the runner sets when it loads TensorFlow and MLflow."""
LOGGERS = ("", "runner", "losses", "hydra")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
LOKY = "ExecutorManagerThread"


def heed_signals() -> None:
    """Has Ctrl-C and a closed terminal end processes that tests begin, also where whoever runs the tests ignores them.

    A shell's background jobs ignore Ctrl-C, what nohup begins the other; and processes inherit that.
    """
    ends = signal.SIG_DFL
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, ends), (signal.SIGQUIT, ends)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


class CachesOfPlaces:
    """The caches of the runner's functions about a folder or a server, found as their modules are loaded."""

    def __init__(self) -> None:
        self._found: list[Any] = []
        self._latest = ""

    def clear(self) -> None:
        """Empties them: a new process would have none."""
        for name in _loaded_after(self._latest):
            if name.partition(".")[0] == "runner":
                values = vars(sys.modules[name]).values()
                self._found += [value for value in values if hasattr(value, "cache_clear") and _takes_a_place(value)]
        self._latest = next(reversed(sys.modules))
        for cached in self._found:
            cached.cache_clear()


CACHES_OF_PLACES = CachesOfPlaces()


@contextmanager
def isolated(temporary: Path) -> Iterator[None]:
    """Puts back what the block changes of the process, and forgets what it loaded from under `temporary`.

    Args:
        temporary: the folder that all tests write under; modules found there are a test's own.
    """
    latest, environment = next(reversed(sys.modules)), dict(os.environ)
    folder, path, arguments = os.getcwd(), list(sys.path), list(sys.argv)
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    disabled, loggers = logging.root.manager.disable, {name: _logger_state(name) for name in LOGGERS}
    keras, hydra, stored = _keras_state(), _hydra_state(), _stored_configs()
    try:
        yield
    finally:
        os.chdir(folder)
        sys.path[:], sys.argv[:] = path, arguments
        _forget_modules(_loaded_after(latest), temporary)
        _forget_tracking_uri()
        _restore_environment(environment)
        for number, handler in handlers.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        if logging.root.manager.disable != disabled:
            logging.disable(disabled)
        for name, state in loggers.items():
            _restore_logger(name, *state)
        _restore_keras(*keras)
        _restore_hydra(*hydra)
        _forget_configs(stored)
        CACHES_OF_PLACES.clear()


def _loaded_after(name: str) -> list[str]:
    """The modules that were loaded after this one; all of them where it is no longer loaded."""
    return list(itertools.takewhile(lambda each: each != name, reversed(sys.modules)))


def _forget_modules(names: Iterable[str], temporary: Path) -> None:
    for name in names:
        module = sys.modules[name]
        places = [getattr(module, "__file__", None), *(getattr(module, "__path__", None) or ())]
        if any(isinstance(place, str) and Path(place).is_relative_to(temporary) for place in places):
            del sys.modules[name]


def _forget_tracking_uri() -> None:
    """MLflow remembers the address in a global as well as in the environment."""
    set_tracking_uri: Any = getattr(sys.modules.get("mlflow"), "set_tracking_uri", None)
    if set_tracking_uri is not None:
        set_tracking_uri(None)


def _restore_environment(before: dict[str, str]) -> None:
    now = dict(os.environ)
    if now == before:
        return
    for name in now.keys() - before.keys() - SET_ONCE:
        del os.environ[name]
    for name, value in before.items():
        if now.get(name) != value and name not in SET_ONCE:
            os.environ[name] = value


def _logger_state(name: str) -> tuple[int, bool, bool, list[logging.Handler]]:
    logger = logging.getLogger(name)
    return logger.level, logger.propagate, logger.disabled, list(logger.handlers)


def _restore_logger(name: str, level: int, propagate: bool, disabled: bool, handlers: list[logging.Handler]) -> None:
    """Also closes what was added, such as a run's log file."""
    logger = logging.getLogger(name)
    if logger.level != level:
        logger.setLevel(level)
    logger.propagate, logger.disabled = propagate, disabled
    for handler in [each for each in logger.handlers if each not in handlers]:
        logger.removeHandler(handler)
        handler.close()
    for handler in handlers:
        logger.addHandler(handler)  # does nothing where it still is


def _keras_state() -> tuple[Any, ...]:
    """Dtype policy, float type, epsilon, image format; nothing where Keras is not loaded yet."""
    config: Any = getattr(sys.modules.get("keras"), "config", None)
    if config is None:
        return ()
    return config.dtype_policy().name, config.floatx(), config.epsilon(), config.image_data_format()


def _restore_keras(
    policy: str = "float32", floatx: str = "float32", epsilon: float = 1e-7, images: str = "channels_last"
) -> None:
    config: Any = getattr(sys.modules.get("keras"), "config", None)
    if config is None or _keras_state() == (policy, floatx, epsilon, images):
        return
    config.set_floatx(floatx)
    config.set_epsilon(epsilon)
    config.set_image_data_format(images)
    config.set_dtype_policy(policy)


def _hydra_state() -> tuple[Any, Any]:
    """Whether Hydra is initialized, and the config of the run under way."""
    if "hydra.core.global_hydra" not in sys.modules or "hydra.core.hydra_config" not in sys.modules:
        return None, None
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    return GlobalHydra.instance().hydra, HydraConfig.instance().cfg


def _restore_hydra(hydra: Any, config: Any) -> None:
    if _hydra_state() == (hydra, config):
        return
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    GlobalHydra.instance().hydra = hydra
    HydraConfig.instance().cfg = config


def _stored_configs() -> dict[tuple[str, ...], Any]:
    """The nodes of Hydra's store of configs, by their place in it."""
    if "hydra.core.config_store" not in sys.modules:
        return {}
    from hydra.core.config_store import ConfigStore

    found: dict[tuple[str, ...], Any] = {}
    folders: list[tuple[tuple[str, ...], dict[str, Any]]] = [((), ConfigStore.instance().repo)]
    while folders:
        place, folder = folders.pop()
        for name, value in folder.items():
            if isinstance(value, dict):
                folders.append(((*place, name), value))
            else:
                found[*place, name] = value
    return found


def _forget_configs(before: dict[tuple[str, ...], Any]) -> None:
    """Takes out what was stored since then, but for what plugins store once, as they are loaded, under their names.

    Launchers send the whole store to their processes, which cannot load a class of a test.
    """
    new = {place: node for place, node in _stored_configs().items() if place not in before and node.provider is None}
    if not new:
        return
    from hydra.core.config_store import ConfigStore

    for place in new:
        path: list[dict[str, Any]] = [ConfigStore.instance().repo]
        for name in place[:-1]:
            path.append(path[-1][name])
        del path[-1][place[-1]]
        for folder, name in zip(reversed(path[:-1]), reversed(place[:-1]), strict=True):
            if not folder[name]:
                del folder[name]


def end_joblib_workers() -> None:
    """They wait for the next sweep of this process, in the folder of this one; it takes a second to start others."""
    if any(thread.name == LOKY for thread in threading.enumerate()):
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)


def _takes_a_place(function: Any) -> bool:
    """Whether a parameter is a path or a server's address."""
    parameters = inspect.signature(function).parameters.values()
    return any("Path" in str(each.annotation) or each.name == "uri" for each in parameters)
