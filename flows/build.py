"""The flow that takes a product from data to registry: the stages that DVC declares, then the effects."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flashfit.errors import DoesNotFit, FlashfitError
from flashfit.gates.verdict import FITS, Verdict
from flashfit.params import Build
from flows.graph import Stage, read_graph
from flows.outcome import Outcome
from flows.publish import publish, push
from flows.report import markdown
from flows.single import alone
from flows.stage import UP_TO_DATE, run_stage
from flows.watch import current_watch
from tasks.paths import Paths
from tasks.source import require_source
from tasks.stage import read_params
from tasks.verdict import Standing, missed_in_search, read_verdict, standing


@flow(name="build", flow_run_name="build {product}", persist_result=False)  # type: ignore[untyped-decorator]
def build(product: str = "digits", target: str | None = None) -> State[Outcome]:
    """Bring a product's builds, or the one on target, up to date; Failed, saying why, unless all of them fit."""
    paths = Paths.here()
    with alone(paths, current_watch().note):
        try:
            outcome = _build(paths, product, target)
        except FlashfitError as error:
            outcome = Outcome(standings=(), ran=(), errors=(error,))
    kind = Failed if outcome.exit_code else Completed
    return kind(message=outcome.why, data=outcome)


def _build(paths: Paths, product: str, target: str | None) -> Outcome:
    builds = chosen_builds(paths, product, target)
    line = _Line(paths, builds)
    line.run(read_graph(paths, builds))
    line.publish()
    line.push()
    standings = tuple(line.standing(build) for build in builds)
    create_markdown_artifact(markdown(standings), key=f"verdict-{product}", description=f"Verdicts of {product}")
    return Outcome(standings, tuple(line.ran), tuple(line.errors))


def chosen_builds(paths: Paths, product: str, target: str | None) -> list[Build]:
    """The product's builds, or the one on target.

    Raises ConfigError with every fault of params.yaml, and DataError where the product's data are not here.
    """
    params = read_params(paths)
    require_source(paths, params.product(product))
    return [params.build(product, target)] if target else params.builds_of(product)


@dataclass
class _Line:
    """One way through the stages. A missed gate ends its build alone; any other failure ends the stages."""

    paths: Paths
    builds: Sequence[Build]
    ran: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    missed: set[str] = field(default_factory=set)
    unpublished: set[str] = field(default_factory=set)
    errors: list[FlashfitError] = field(default_factory=list)

    def standing(self, build: Build) -> Standing:
        """What this run can vouch for: nothing of a build that it did not bring to its verdict."""
        if build.name not in self.missed and f"bundle@{build.name}" not in self.done:
            return Standing(build, None, None, None)
        known = standing(self.paths, build)
        return replace(known, published=None) if build.name in self.unpublished else known

    def run(self, stages: Sequence[Stage]) -> None:
        """One after the other, in the graph's order: search uses every core already."""
        for stage in stages:
            if stage.subject in self.missed:
                continue
            try:
                self._advance(stage)
            except FlashfitError as error:
                current_watch().failed(stage.name, str(error))
                self.errors.append(error)
                return

    def publish(self) -> None:
        """Every bundle that is ready: a failure further on does not hold up what fits.

        That one is worse than the version in production is a verdict, which its standing tells.
        """
        for build in self.builds:
            if f"bundle@{build.name}" not in self.done:
                continue
            try:
                publish(build.product, build.target, self.paths.root)
            except DoesNotFit as error:
                current_watch().failed(f"publish@{build.name}", str(error))
                self.unpublished.add(build.name)
            except FlashfitError as error:
                current_watch().failed(f"publish@{build.name}", str(error))
                self.unpublished.add(build.name)
                self.errors.append(error)

    def push(self) -> None:
        """To DVC's remote, if a stage ran now, or in an earlier run that was ended before it could push."""
        if not self.done or not self.paths.unpushed.exists():
            return
        try:
            push(self.paths.root)
            self.paths.unpushed.unlink()
        except FlashfitError as error:
            current_watch().failed("push", str(error))
            self.errors.append(error)

    def _advance(self, stage: Stage) -> None:
        again = f"flashfit build {self.builds[0].product}"
        if not stage.fresh:
            self.paths.unpushed.touch()
        state = run_stage(stage.name, self.paths.root, stage.fresh, again, return_state=True)
        if state.result() != UP_TO_DATE:
            self.ran.append(stage.name)
        self.done.append(stage.name)
        verdict = self._verdict_after(stage)
        if verdict is not None and verdict.verdict != FITS:
            self.missed.add(stage.subject)

    def _verdict_after(self, stage: Stage) -> Verdict | None:
        """search and evaluate can say that a build does not fit."""
        built = next((build for build in self.builds if build.name == stage.subject), None)
        if built is None or stage.verb not in ("search", "evaluate"):
            return None
        files = self.paths.of_build(built.product, built.target)
        return (missed_in_search if stage.verb == "search" else read_verdict)(files, built)
