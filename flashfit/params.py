"""params.yaml, read once at the edge into frozen values."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ByteSize, ConfigDict, Field, ValidationError, model_validator

from flashfit.errors import ConfigError

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Rate = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PositiveBytes = Annotated[ByteSize, Field(gt=0)]


class Section(BaseModel):
    """A part of params.yaml: frozen, and no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SklearnSource(Section):
    """A dataset that ships inside scikit-learn: nothing to download."""

    kind: Literal["sklearn"]
    dataset: Literal["digits"]


class NpzSource(Section):
    """An .npz file with `x` (n, …), `label` (n,), and optional `id`, `group` and `split` (n,)."""

    kind: Literal["npz"]
    path: Path
    sha256: Sha256


Source = Annotated[SklearnSource | NpzSource, Field(discriminator="kind")]


class Expectations(Section):
    """What every sample must be. `range` is closed; shares are of all samples."""

    shape: tuple[int, ...] = Field(min_length=1)
    range: tuple[float, float]
    least_samples: int = Field(default=100, gt=0)
    least_class_share: Share = 0.02
    most_class_share: Rate = 0.9
    most_duplicates: int = Field(default=0, ge=0)


class Split(Section):
    """Shares held out. `hash` splits by group (or content, without groups); `given` reads the source's own."""

    by: Literal["hash", "given"] = "hash"
    validation: Share = 0.15
    test: Share = 0.2

    @model_validator(mode="after")
    def _leaves_something_to_train_on(self) -> "Split":
        if self.validation + self.test > 0.8:
            raise ValueError("validation and test together may hold out at most 0.8 of the samples")
        return self


class ImageFrontend(Section):
    """value × scale + offset, one channel added where the picture has none."""

    kind: Literal["image"]
    scale: float = Field(default=1.0, gt=0)
    offset: float = 0.0


class Search(Section):
    """How wide and how long to look. `batch` trials are asked together and told together."""

    families: tuple[Literal["dense", "conv", "separable"], ...] = ("dense", "conv", "separable")
    trials: int = Field(default=16, gt=0)
    batch: int = Field(default=2, gt=0)
    epochs: int = Field(default=20, gt=0)


class Train(Section):
    """The winner's training: most epochs, and epochs without improvement before it stops."""

    epochs: int = Field(default=60, gt=0)
    patience: int = Field(default=15, gt=0)


class Quantize(Section):
    """Calibration draws this many training samples."""

    calibration_samples: int = Field(default=256, gt=0)


class Gates(Section):
    """Least int8 accuracy, largest drop from float (a share of all samples), least recall of any class."""

    least_accuracy: Rate
    largest_drop: Rate = 0.02
    least_class_recall: Rate = 0.0


class Product(Section):
    """What the company ships: a dataset, a task and its gates."""

    title: str
    task: Literal["classification"] = "classification"
    labels: tuple[str, ...] = Field(min_length=2)
    source: Source
    expectations: Expectations
    split: Split = Split()
    frontend: ImageFrontend
    search: Search = Search()
    train: Train = Train()
    quantize: Quantize = Quantize()
    gates: Gates

    @model_validator(mode="after")
    def _labels_are_distinct(self) -> "Product":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels repeat")
        return self


class Budget(Section):
    """What a product may use of a target. Flash counts the model's bytes, not TFLM's code."""

    flash: PositiveBytes
    arena: PositiveBytes
    macs: int = Field(gt=0)


class Build(Section):
    """One product on one target."""

    product: Name
    target: Name
    budget: Budget

    @property
    def name(self) -> str:
        """The key under `builds:` and the DVC stages' suffix."""
        return f"{self.product}-{self.target}"

    @property
    def registered_name(self) -> str:
        """The registered model's name."""
        return f"{self.product}.{self.target}"


class Params(Section):
    """All of params.yaml."""

    seed: int = Field(ge=0, lt=2**31)
    products: dict[Name, Product]
    builds: dict[str, Build]

    def product(self, name: str) -> Product:
        """The product of that name. Raises ConfigError naming those that exist."""
        if name not in self.products:
            raise ConfigError(f"no product {name!r} in params.yaml (there are: {', '.join(self.products)})")
        return self.products[name]

    def build(self, product: str, target: str) -> Build:
        """The build of product on target. Raises ConfigError naming those that exist."""
        targets = [build.target for build in self.builds_of(product)]
        if target not in targets:
            raise ConfigError(
                f"no build of {product!r} for target {target!r} in params.yaml (there are: {', '.join(targets)})"
            )
        return self.builds[f"{product}-{target}"]

    def builds_of(self, product: str) -> list[Build]:
        """Every build of a product, in the file's order."""
        self.product(product)
        builds = [build for build in self.builds.values() if build.product == product]
        if not builds:
            raise ConfigError(f"no build of {product!r} in params.yaml", next_step=f"add builds.{product}-TARGET")
        return builds


def load_params(path: Path, known_targets: Collection[str]) -> Params:
    """Read and check params.yaml. Raises ConfigError with every error, each with its path in the file."""
    import yaml  # not in the light client, whose command line needs this module's values alone

    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{path} holds no mapping")
    return parse_params(tree, known_targets, name=path.name)


def parse_params(tree: dict[str, Any], known_targets: Collection[str], name: str = "params.yaml") -> Params:
    """Check a parsed tree; see load_params."""
    errors = list(_dangling_names(tree, known_targets))
    try:
        params = Params.model_validate(tree)
    except ValidationError as error:
        errors += [_in_words(entry["loc"], entry["msg"], entry["input"]) for entry in error.errors()]
    if errors:
        count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        raise ConfigError("\n  ".join([f"{name}: {count}", *errors]))
    return params


def _in_words(location: tuple[int | str, ...], message: str, value: object) -> str:
    path = ".".join(str(part) for part in location if part not in ("sklearn", "npz"))
    shown = "" if isinstance(value, dict | list | tuple) else f" (got {value!r})"
    return f"{path or 'the file'}: {message[0].lower()}{message[1:]}{shown}"


def _dangling_names(tree: dict[str, Any], known_targets: Collection[str]) -> Iterator[str]:
    products, builds = tree.get("products"), tree.get("builds")
    for key, build in builds.items() if isinstance(builds, dict) else ():
        product = build.get("product") if isinstance(build, dict) else None
        target = build.get("target") if isinstance(build, dict) else None
        if isinstance(product, str) and isinstance(products, dict) and product not in products:
            yield f"builds.{key}.product: no product {product!r} under products"
        if isinstance(target, str) and target not in known_targets:
            there_are = ", ".join(sorted(known_targets))
            yield f"builds.{key}.target: no target {target!r} in deploy/targets (there are: {there_are})"
        if isinstance(product, str) and isinstance(target, str) and key != f"{product}-{target}":
            yield f"builds.{key}: the key must read {product}-{target}"
