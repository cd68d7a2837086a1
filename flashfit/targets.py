"""Boards that exist, one YAML file each."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ByteSize, ConfigDict, Field, ValidationError

from flashfit.errors import ConfigError
from flashfit.params import Build


class Target(BaseModel):
    """A board: its core, clock and memories as its data sheet gives them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    board: str
    core: str
    clock_hz: int = Field(gt=0)
    flash: ByteSize = Field(gt=0)
    sram: ByteSize = Field(gt=0)
    kernels: Literal["reference", "cmsis-nn"]


def known_targets(folder: Path) -> list[str]:
    """Names of the targets described in a folder, sorted."""
    return sorted(file.stem for file in folder.glob("*.yaml"))


def load_target(folder: Path, name: str) -> Target:
    """The target of that name. Raises ConfigError for a missing or wrong file."""
    import yaml  # not in the light client, whose command line needs this module's values alone

    file = folder / f"{name}.yaml"
    if not file.is_file():
        raise ConfigError(f"no target {name!r} in {folder} (there are: {', '.join(known_targets(folder))})")
    try:
        target = Target.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{file}: {' '.join(str(error).split())}") from None
    if target.name != name:
        raise ConfigError(f"{file}: name is {target.name!r}, but the file is {name}.yaml")
    return target


def check_budgets(builds: Iterable[Build], folder: Path) -> None:
    """Raise ConfigError, with every case, where a budget is more than its board has."""
    errors = [error for build in builds for error in _beyond(build, load_target(folder, build.target))]
    if errors:
        raise ConfigError("\n  ".join(["budgets beyond the board:", *errors]))


def _beyond(build: Build, target: Target) -> Iterator[str]:
    for name, wanted, has, memory in (
        ("flash", build.budget.flash, target.flash, "flash"),
        ("arena", build.budget.arena, target.sram, "SRAM"),
    ):
        if wanted > has:
            yield f"builds.{build.name}.budget.{name}: {wanted:,} B, but {target.name} has {has:,} B of {memory}"
