"""params.yaml, read once at the edge."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import Field, ValidationError, model_validator

from flashfit.errors import ConfigError
from flashfit.params.frontends import Frontend
from flashfit.params.product import Build, Product
from flashfit.params.section import Name, Section
from flashfit.params.sources import Source

_KINDS = {
    get_args(kind.model_fields["kind"].annotation)[0]
    for union in (Source, Frontend)
    for kind in get_args(get_args(union)[0])
}
"""Pydantic puts a discriminator's value into an error's path; the file does not have it there."""


class Params(Section):
    """All of params.yaml."""

    seed: int = Field(ge=0, lt=2**31)
    products: dict[Name, Product]
    builds: dict[str, Build]

    @model_validator(mode="after")
    def _leave_room_for_datasets(self) -> "Params":
        if "datasets" in self.products:
            raise ValueError("products.datasets: this name is taken, its files would lie where data sets do")
        return self

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
    path = ".".join(str(part) for part in location if part not in _KINDS)
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
