"""The stage graph as dvc.yaml declares it, cut to what is built. DVC's door in flows."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flashfit.errors import ConfigError, SurroundingsError
from flashfit.params import Build
from tasks.paths import Paths

if TYPE_CHECKING:
    from dvc.repo import Repo

LAST_VERB = "bundle"


@dataclass(frozen=True)
class Stage:
    """One stage of dvc.yaml.

    name: `train@digits-nano33ble`. upstream: names of the stages whose files it reads. fresh: whether
    neither it nor any stage above it has anything to do, as far as DVC could tell before the run.
    """

    name: str
    upstream: tuple[str, ...]
    fresh: bool

    @property
    def verb(self) -> str:
        """`train`."""
        return self.name.partition("@")[0]

    @property
    def subject(self) -> str:
        """The product or the build that it works on: `digits`, `digits-nano33ble`."""
        return self.name.partition("@")[2]


def read_graph(paths: Paths, builds: Collection[Build]) -> list[Stage]:
    """Every stage that the builds need, in an order in which they can run.

    What a build shares with others comes first, then one build after the other. Raises ConfigError where
    DVC cannot read dvc.yaml, SurroundingsError where it cannot read anything else.
    """
    with _repository(paths) as repo:
        graph = _stages_alone(repo)
        addresses = {stage.name: stage.addressing for stage in graph}
        upstream = {stage.name: tuple(above.name for above in graph.successors(stage)) for stage in graph}
        names = _in_order([f"{LAST_VERB}@{build.name}" for build in builds], upstream)
        stale = repo.status(targets=[addresses[name] for name in names])
    fresh: set[str] = set()
    for name in names:
        if addresses[name] not in stale and fresh.issuperset(upstream[name]):
            fresh.add(name)
    return [Stage(name, upstream[name], name in fresh) for name in names]


def _stages_alone(repo: "Repo") -> Any:
    """The graph without what `dvc add` follows: data have nothing to run."""
    from dvc.stage import PipelineStage

    graph = repo.index.graph
    return graph.subgraph([stage for stage in graph if isinstance(stage, PipelineStage)])


def _in_order(ends: Collection[str], upstream: dict[str, tuple[str, ...]]) -> list[str]:
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in order:
            for above in upstream[name]:
                visit(above)
            order[name] = None

    for end in ends:
        if end not in upstream:
            raise ConfigError(f"dvc.yaml has no stage {end}")
        visit(end)
    return list(order)


@contextmanager
def _repository(paths: Paths) -> "Iterator[Repo]":
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.ERROR)
    try:
        with Repo(str(paths.root), _wait_for_lock=True) as repo:
            yield repo
    except DvcException as error:
        words = " ".join(str(error).split())
        raise (ConfigError if "dvc.yaml" in words else SurroundingsError)(f"DVC: {words}") from error
