"""What the tests of searches share: configs composed as a sweep's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig

from runner.config import schemas
from runner.config.options import CONF


@pytest.fixture
def loader() -> Iterator[ConfigLoader]:
    """Hydra's loader of the project's configs."""
    schemas.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


@pytest.fixture
def composed(loader: ConfigLoader) -> Callable[..., DictConfig]:
    """The config of a sweep with these overrides, with its `hydra` node."""
    return lambda *overrides: loader.load_configuration("config", list(overrides), run_mode=RunMode.MULTIRUN)
