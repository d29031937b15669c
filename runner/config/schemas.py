"""The schemas that Hydra checks a config's types and keys against, with the range of each number. No heavy imports.

They stand in Hydra's defaults lists (`- schema`, `- /schema/dataset@_here_: file`), so a key they do not know
or a word where a number belongs is refused when the config is composed. Defaults are in conf/, not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from losses.domains import Domain, Flag, Number, above, at_least, between, inside, one_of, some_of, up_to, whole
from runner.metrics import EPOCH_METRICS, OBJECTIVES
from runner.terms.findings import CODES

RETENTION_OPTIONS = (
    "auto",
    "all",
    "best",
    "none",
)
"""Of which runs figures and models are kept."""


def limited(domain: Domain) -> Any:
    """A field that a config must give, with a value inside `domain`."""
    return field(default=MISSING, metadata={"domain": domain})


@dataclass
class DatasetConfig:
    """What every dataset option has."""

    _target_: str = MISSING
    image_shape: list[int] | None = None
    cost_fn: Any = None
    cost_fp: Any = None
    gain_tp: Any = None
    unlabelled: bool | None = None


@dataclass
class PageBlocks(DatasetConfig):
    """conf/dataset/page_blocks.yaml"""

    _target_: str = "runner.data.sources.load_page_blocks"


@dataclass
class Keel(DatasetConfig):
    """conf/dataset/keel.yaml"""

    _target_: str = "runner.data.sources.load_keel"
    name: str = MISSING


@dataclass
class BreastCancer(DatasetConfig):
    """conf/dataset/breast_cancer.yaml"""

    _target_: str = "runner.data.sources.load_breast_cancer"


@dataclass
class Digits(DatasetConfig):
    """conf/dataset/digits.yaml"""

    _target_: str = "runner.data.sources.load_digits"
    digit: int = limited(whole(0, 9))


@dataclass
class Synthetic(DatasetConfig):
    """conf/dataset/synthetic.yaml"""

    _target_: str = "runner.data.sources.load_synthetic"
    rows: int = limited(whole(20))
    features: int = limited(whole(1))
    prevalence: float = limited(inside(0, 1))
    separation: float = limited(at_least(0))
    label_noise: float = limited(up_to(0, 0.5))
    seed: int = limited(whole(0))


@dataclass
class File(DatasetConfig):
    """conf/dataset/file.yaml"""

    _target_: str = "runner.data.sources.load_file"
    path: Any = MISSING
    test_path: Any = None
    validation_path: Any = None
    target: str = MISSING
    positive_label: Any = None
    features: list[str] | None = None
    drop: list[str] = field(default_factory=list)
    sample_weight: str | None = None
    group: str | None = None
    name: str | None = None
    separator: str = MISSING
    decimal: str = MISSING
    thousands: str | None = MISSING
    encoding: str = MISSING
    missing: Any = MISSING
    categorical: list[str] | None = None
    numeric: list[str] | None = None
    streaming: Any = limited(Flag(word="auto"))


@dataclass
class OpenML(DatasetConfig):
    """conf/dataset/openml.yaml"""

    _target_: str = "runner.data.sources.load_openml"
    name: str | None = None
    data_id: int | None = None
    version: int | None = None
    target: str | None = None
    positive_label: Any = None


@dataclass
class Imblearn(DatasetConfig):
    """conf/dataset/imblearn.yaml"""

    _target_: str = "runner.data.sources.load_imblearn"
    name: str = MISSING


@dataclass
class ModelConfig:
    """What every model option has."""

    _target_: str = MISSING
    bias_init: str = limited(one_of("prior", "zero"))


@dataclass
class Logistic(ModelConfig):
    """conf/model/logistic.yaml"""

    _target_: str = "runner.models.logistic"
    learning_rate: float = limited(above(0))


@dataclass
class Mlp(ModelConfig):
    """conf/model/mlp.yaml and mlp_wide.yaml"""

    _target_: str = "runner.models.mlp"
    units: list[int] = limited(whole(1))
    activation: str = MISSING
    batch_normalization: bool = MISSING
    dropout: float = limited(up_to(0, 1))


@dataclass
class Cnn(ModelConfig):
    """conf/model/cnn.yaml"""

    _target_: str = "runner.models.cnn"
    filters: list[int] = limited(whole(1))
    units: int = limited(whole(1))
    dropout: float = limited(up_to(0, 1))


@dataclass
class OptimizerConfig:
    """What every optimizer option has."""

    _target_: str = MISSING
    learning_rate: float = limited(above(0))


@dataclass
class Adam(OptimizerConfig):
    """conf/optimizer/adam.yaml"""

    _target_: str = "keras.optimizers.Adam"
    beta_1: float = limited(up_to(0, 1))
    beta_2: float = limited(up_to(0, 1))


@dataclass
class AdamW(Adam):
    """conf/optimizer/adamw.yaml"""

    _target_: str = "keras.optimizers.AdamW"
    weight_decay: float = limited(at_least(0))


@dataclass
class Sam(Adam):
    """conf/optimizer/sam.yaml"""

    _target_: str = "runner.training.SAM"
    radius: float = limited(at_least(0))


@dataclass
class Sgd(OptimizerConfig):
    """conf/optimizer/sgd.yaml"""

    _target_: str = "keras.optimizers.SGD"
    momentum: float = limited(up_to(0, 1))
    nesterov: bool = MISSING


@dataclass
class RmsProp(OptimizerConfig):
    """conf/optimizer/rmsprop.yaml"""

    _target_: str = "keras.optimizers.RMSprop"
    rho: float = limited(up_to(0, 1))
    momentum: float = limited(up_to(0, 1))


@dataclass
class EarlyStoppingConfig:
    """When to stop before the last epoch; the best epoch's weights are restored."""

    monitor: str = limited(one_of(*EPOCH_METRICS))
    mode: str = limited(one_of("min", "max"))
    patience: int = limited(whole(0))
    min_delta: float = limited(at_least(0))


@dataclass
class FitConfig:
    """conf/trainer/fit.yaml"""

    _target_: str = "runner.training.FitTrainer"
    epochs: int = limited(whole(1))
    batch_size: int = limited(whole(1))
    stratified_batches: bool = MISSING
    positive_share: float | None = limited(inside(0, 1, optional=True))
    early_stopping: EarlyStoppingConfig | None = None
    device: str = limited(one_of("auto", "cpu", "gpu"))
    precision: str = limited(one_of("float32", "mixed_float16", "mixed_bfloat16"))
    deterministic: bool = MISSING


@dataclass
class CompiledConfig(FitConfig):
    """conf/trainer/compiled.yaml"""

    _target_: str = "runner.training.CompiledTrainer"


@dataclass
class EvaluationConfig:
    """conf/evaluation/default.yaml"""

    threshold: str = limited(
        one_of(
            "max_f1",
            "max_mcc",
            "youden",
            "cost",
            "precision_at_least",
            "recall_at_least",
            "fpr_at_most",
            "top_k",
            "max_fbeta",
            "net_benefit",
            "fixed",
        )
    )
    cost_fp: float = limited(at_least(0))
    cost_fn: float = limited(at_least(0))
    min_precision: float = limited(between(0, 1))
    fixed_threshold: float = limited(between(0, 1))
    min_recall: float = limited(between(0, 1))
    max_fpr: float = limited(inside(0, 1))
    top_k: float = limited(above(0))
    beta: float = limited(above(0))
    threshold_probability: float = limited(inside(0, 1))
    guarantee: Any = None
    groups: str | None = None
    importance: bool = False
    confidence: float = limited(inside(0, 1))
    bootstrap: int = limited(whole(0))
    calibration_bins: int = limited(whole(2))
    calibrator: str = limited(
        one_of("auto", "none", "platt", "temperature", "beta", "quadratic", "isotonic", "venn_abers")
    )


@dataclass
class TrackingConfig:
    """conf/tracking/"""

    backend: str = limited(one_of("local", "server", "none"))
    uri: str | None = None
    experiment_name: str = MISSING
    flush_seconds: float = limited(above(0))
    system_metrics: bool = MISSING
    models: str = limited(one_of(*RETENTION_OPTIONS))
    patience: float = field(default=120.0, metadata={"domain": at_least(0)})  # configs of older runs lack it


PREPROCESSING = ("standard", "robust", "quantile", "piecewise_linear")
"""How numbers may be rescaled; see `runner.data.preprocessing`."""


@dataclass
class RandomSplit:
    """conf/split/random.yaml

    It has no `_target_`: configs and runs recorded before there were other splits have none either, and are recognised.
    """

    seed: int = limited(whole(0))
    validation: float = limited(inside(0, 1))
    test: float = limited(inside(0, 1))
    duplicates: str = limited(one_of("together", "drop"))


@dataclass
class HashSplit:
    """conf/split/hash.yaml"""

    _target_: str = "runner.data.HashSplit"
    seed: int = limited(whole(0))
    validation: float = limited(inside(0, 1))
    test: float = limited(inside(0, 1))


@dataclass
class KFoldSplit:
    """conf/split/kfold.yaml; `fold` may be the word all, which a sweep replaces: see `runner.config.fold_sweeps`."""

    _target_: str = "runner.data.KFoldSplit"
    folds: int = limited(whole(2))
    repeats: int = limited(whole(1))
    fold: Any = limited(whole(0))
    repeat: int = limited(whole(0))
    seed: int = limited(whole(0))
    validation: float = limited(inside(0, 1))
    duplicates: str = limited(one_of("together", "drop"))


@dataclass
class GroupSplit:
    """conf/split/group.yaml"""

    _target_: str = "runner.data.GroupSplit"
    folds: int = limited(whole(2))
    fold: Any = limited(whole(0))
    seed: int = limited(whole(0))
    validation: float = limited(inside(0, 1))


@dataclass
class TimeSplit:
    """conf/split/time.yaml"""

    _target_: str = "runner.data.TimeSplit"
    column: str = MISSING
    validation: float = limited(inside(0, 1))
    test: float = limited(inside(0, 1))
    folds: int = limited(whole(1))
    fold: Any = limited(whole(0))
    window: str = limited(one_of("expanding", "rolling"))
    gap: int = limited(whole(0))


@dataclass
class GivenSplit:
    """conf/split/given.yaml"""

    _target_: str = "runner.data.GivenSplit"
    column: str | None = None
    seed: int = limited(whole(0))
    validation: float = limited(inside(0, 1))


@dataclass
class NoSampling:
    """conf/sampling/none.yaml: no keys, as configs recorded before there was sampling have none."""


@dataclass
class RandomSampling:
    """What every sampling option has but none."""

    _target_: str = MISSING
    ratio: float = limited(Number(low=0, high=1, low_open=True))


@dataclass
class Undersample(RandomSampling):
    """conf/sampling/undersample.yaml"""

    _target_: str = "runner.data.Undersample"


@dataclass
class Oversample(RandomSampling):
    """conf/sampling/oversample.yaml"""

    _target_: str = "runner.data.Oversample"


@dataclass
class Smote(RandomSampling):
    """conf/sampling/smote.yaml"""

    _target_: str = "runner.data.Smote"
    k_neighbors: int = limited(whole(1))


@dataclass
class InitConfig:
    """What training starts from: the weights of a recorded run, by its id; None: the seed's."""

    weights: str | None = None


@dataclass
class SweepConfig:
    """How a sweep treats what is done already, failures, and runs that fall behind."""

    resume: Any = False
    fail_fast: bool = False
    prune: str | None = None


REFERENCES = ("logistic", "gradient_boosting")
"""Models of scikit-learn that networks are measured against; see `runner.training.references`."""


ENSEMBLES = ("seeds", "selection")
"""Ensembles that a report may have; see `runner.reports.ensembles`."""


@dataclass
class ComparisonConfig:
    """conf/comparison/"""

    report: bool = MISSING
    baseline: str = MISSING
    metric: str | None = None
    rope: float = limited(at_least(0))
    alpha: float = limited(inside(0, 1))
    allow: list[str] = field(default_factory=list)
    references: Any = field(default=None, metadata={"domain": some_of(*REFERENCES, or_none=True)})
    ensembles: Any = field(default=None, metadata={"domain": some_of(*ENSEMBLES, or_none=True)})


@dataclass
class ChecksConfig:
    """Which checks of data, runs and sweeps are silent."""

    ignore: Any = field(default=None, metadata={"domain": some_of(*CODES, or_none=True)})

    @property
    def ignored(self) -> tuple[str, ...]:
        """Their codes."""
        if not self.ignore or self.ignore in ("none", MISSING):
            return ()
        return (self.ignore,) if isinstance(self.ignore, str) else tuple(self.ignore)


@dataclass
class PathsConfig:
    """conf/paths/"""

    outputs: str = MISSING


@dataclass
class RootConfig:
    """The whole config. Groups whose options differ, or may be a user's own, are typed by their own schema."""

    seed: int = limited(whole(0, 2**32 - 1))
    objective: Any = limited(some_of(*OBJECTIVES))
    figures: str = limited(one_of(*RETENTION_OPTIONS))
    preprocessing: str = limited(one_of(*PREPROCESSING))
    dataset: Any = MISSING
    split: Any = MISSING
    sampling: Any = MISSING
    model: Any = MISSING
    loss: Any = MISSING
    optimizer: Any = MISSING
    trainer: Any = MISSING
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    init: InitConfig = field(default_factory=InitConfig)
    sweep: SweepConfig = field(default_factory=SweepConfig)
    comparison: ComparisonConfig = field(default_factory=ComparisonConfig)
    checks: ChecksConfig = field(default_factory=ChecksConfig)
    paths: PathsConfig = field(default_factory=PathsConfig)


SCHEMAS: dict[str, dict[str, type]] = {
    "dataset": {
        "page_blocks": PageBlocks,
        "keel": Keel,
        "breast_cancer": BreastCancer,
        "digits": Digits,
        "synthetic": Synthetic,
        "file": File,
        "openml": OpenML,
        "imblearn": Imblearn,
    },
    "split": {
        "random": RandomSplit,
        "hash": HashSplit,
        "kfold": KFoldSplit,
        "time": TimeSplit,
        "given": GivenSplit,
        "group": GroupSplit,
    },
    "sampling": {"none": NoSampling, "undersample": Undersample, "oversample": Oversample, "smote": Smote},
    "model": {"logistic": Logistic, "mlp": Mlp, "cnn": Cnn},
    "optimizer": {"adam": Adam, "adamw": AdamW, "sgd": Sgd, "rmsprop": RmsProp, "sam": Sam},
    "trainer": {"fit": FitConfig, "compiled": CompiledConfig},
}


def register() -> None:
    """Puts the schemas where Hydra's defaults lists find them."""
    store = ConfigStore.instance()
    store.store(name="schema", node=RootConfig)
    for group, options in SCHEMAS.items():
        for option, node in options.items():
            store.store(group=f"schema/{group}", name=option, node=node)
