"""The flow over a line whose stages do what a test tells them to. Prefect and DVC are real."""

import asyncio
from dataclasses import dataclass, field

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import State

from flashfit.errors import SurroundingsError, UserError
from flashfit.footprint import Footprint
from flashfit.gates.against import AgainstProduction
from flashfit.gates.claims import drop_gate
from flashfit.gates.estimate import Drop
from flashfit.gates.verdict import Quality
from flashfit.params import Gates
from flows.build import build
from flows.outcome import Outcome
from flows.watch import Watch, watched_by
from tasks.verdict import summary
from tests.flows.play_line import PlayLine

pytestmark = pytest.mark.usefixtures("prefect_server")

LARGE = Footprint(flash_bytes=10_000, arena_bytes=61_440, macs=20_000, source="predicted")
NANO = [f"{verb}@digits-nano33ble" for verb in ("search", "train", "evaluate", "bundle")]
NUCLEO = [f"{verb}@digits-nucleo-l053r8" for verb in ("search", "train", "evaluate", "bundle")]
PUBLISHED = ["publish@digits-nano33ble", "publish@digits-nucleo-l053r8"]


@dataclass
class Recorder(Watch):
    """Remembers what a person would have seen."""

    columns: int | None = None
    ends: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)

    def ended(self, step: str, how: str, seconds: float | None) -> None:
        self.ends[step] = how

    def failed(self, step: str, why: str) -> None:
        self.ends[step] = "failed"

    def line(self, text: str) -> None:
        self.lines.append(text)

    def draft(self, text: str) -> None:
        self.drafts.append(text)


def run(target: str | None = None, watch: Watch | None = None) -> tuple[State, Outcome]:
    with watched_by(watch or Watch()):
        state = build("digits", target, return_state=True)
    outcome = state.result(raise_on_failure=False)
    assert isinstance(outcome, Outcome)
    return state, outcome


def test_first_run_runs_every_stage_and_registers_and_a_second_does_nothing(line: PlayLine) -> None:
    state, outcome = run()
    assert (state.is_completed(), outcome.exit_code) == (True, 0)
    assert line.ran() == ["fetch@digits", "validate@digits", *NANO, *NUCLEO, *PUBLISHED]
    watch = Recorder()
    _, again = run(watch=watch)
    assert (line.ran(), again.ran) == ([], ())
    assert set(watch.ends.values()) == {"up to date"}
    assert again.standings == outcome.standings
    assert [summary(standing).version for standing in again.standings] == [1, 1]


def test_changed_stage_runs_with_those_below_it_and_changed_back_comes_from_the_cache(line: PlayLine) -> None:
    run("nano33ble")
    line.ran()
    line.act("train@digits-nano33ble", "say more")
    run("nano33ble")
    assert line.ran() == ["train@digits-nano33ble"]
    line.act("train@digits-nano33ble", "say hello")
    watch = Recorder()
    run("nano33ble", watch)
    assert line.ran() == []
    assert watch.ends["train@digits-nano33ble"] == "from the cache"


def test_missed_gate_ends_its_build_alone_and_fails_the_run_saying_why(line: PlayLine) -> None:
    line.answers("nano33ble", 0.90)
    state, outcome = run()
    assert state.is_failed()
    assert "DOES NOT FIT  digits → nano33ble: int8 accuracy 90.00 % against 97 %" in (state.message or "")
    assert outcome.exit_code == 1
    ran = line.ran()
    assert "bundle@digits-nano33ble" not in ran
    assert ran[-2:] == ["bundle@digits-nucleo-l053r8", "publish@digits-nucleo-l053r8"]


def test_what_may_be_worse_than_production_is_a_verdict_and_no_fault(line: PlayLine) -> None:
    quality, drop = Quality(int8=0.98, float_=0.99, n=100), Drop(0.01, -0.01, 0.03, 0.3, 100, 400, "exact", 0.05)
    gate = drop_gate("production version 1", drop, quality, Gates(least_accuracy=0.9))
    against = AgainstProduction(bundle_sha256="DIGEST", version=1, look=1, gate=gate)
    (line.paths.root / "production-is-better.json").write_text(against.model_dump_json(), encoding="utf-8")
    state, outcome = run("nano33ble")
    assert (state.is_failed(), outcome.exit_code, outcome.errors) == (True, 1, ())
    assert (state.message or "").startswith(
        "NOT ENOUGH EVIDENCE  digits → nano33ble: drop from production version 1 1.00 %"
    )
    assert outcome.standings[0].published is None


def test_search_in_which_nothing_fits_gives_the_nearest_miss_as_the_verdict(line: PlayLine) -> None:
    line.finds("nano33ble", LARGE, fits=False)
    state, outcome = run("nano33ble")
    assert line.ran()[-1] == "search@digits-nano33ble"
    assert "arena 61,440 B of 8,192 B (over by 53,248 B)" in (state.message or "")
    flat = summary(outcome.standings[0])
    assert (flat.verdict, flat.arena_bytes, flat.int8, flat.version) == ("DOES NOT FIT", 61_440, None, None)


def test_failed_stage_gives_its_own_message_and_code_and_nothing_after_it_runs(line: PlayLine) -> None:
    line.act("validate@digits", "fail 2 sample 7 is NaN")
    state, outcome = run()
    assert state.is_failed()
    assert (outcome.exit_code, outcome.why) == (2, "sample 7 is NaN")
    assert isinstance(outcome.errors[0], UserError)
    assert line.ran() == ["fetch@digits", "validate@digits"]


def test_failure_of_one_build_does_not_hold_up_what_is_ready(line: PlayLine) -> None:
    line.act("train@digits-nucleo-l053r8", "fail 3 the disk is full")
    _, outcome = run()
    assert outcome.exit_code == 3
    assert line.ran()[-1] == "publish@digits-nano33ble"


def test_killed_stage_is_named_with_its_signal_and_the_next_run_goes_on_from_there(line: PlayLine) -> None:
    line.act("train@digits-nano33ble", "kill-once")
    _, outcome = run("nano33ble")
    message = "stage train@digits-nano33ble was killed (SIGKILL); next: flashfit build digits"
    assert (outcome.exit_code, outcome.why) == (3, message)
    line.ran()
    assert run("nano33ble")[1].exit_code == 0
    assert line.ran() == [*NANO[1:], PUBLISHED[0]]


def test_defect_of_ours_names_the_stage_and_the_last_line_of_its_traceback(line: PlayLine) -> None:
    line.act("fetch@digits", "crash")
    with pytest.raises(SurroundingsError, match=r"stage fetch@digits ended with exit code 1: RuntimeError: a defect"):
        raise run()[1].errors[0]


def test_registry_that_is_away_is_tried_three_times_and_a_later_run_trains_nothing(
    line: PlayLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = line.paths.root / "registry-is-away"
    away.touch()
    _, outcome = run("nano33ble")
    assert outcome.exit_code == 3
    assert outcome.why.startswith("publish@digits-nano33ble ended with exit code 1: the registry is away")
    line.ran()
    away.unlink()
    _, later = run("nano33ble")
    assert (later.exit_code, line.ran()) == (0, [PUBLISHED[0]])


def test_outputs_lie_on_the_remote_and_those_that_could_not_be_pushed_are_pushed_later(line: PlayLine) -> None:
    remote = line.paths.state / "dvc-remote"
    line.paths.state.mkdir()
    remote.touch()
    _, outcome = run("nano33ble")
    assert (outcome.exit_code, outcome.standings[0].published is not None) == (3, True)
    assert outcome.why.startswith("push ended with exit code")
    remote.unlink()
    assert run("nano33ble")[1].exit_code == 0
    assert any(file.is_file() for file in remote.rglob("*"))


def test_wrong_params_fail_the_run_with_every_error(line: PlayLine) -> None:
    text = line.paths.params.read_text(encoding="utf-8")
    line.paths.params.write_text(text.replace("trials: 16", "trials: 0\n      tryals: 3"), encoding="utf-8")
    state, outcome = run()
    assert outcome.exit_code == 2
    assert "products.digits.search.trials" in (state.message or "")
    assert "products.digits.search.tryals" in (state.message or "")


def test_person_sees_a_stages_lines_and_bar_and_the_log_has_no_drawing(line: PlayLine) -> None:
    line.act("search@digits-nano33ble", "draw")
    watch = Recorder(columns=80)
    state, _ = run("nano33ble", watch)
    assert "search@digits-nano33ble drew a bar" in watch.lines
    assert any("60 %" in draft for draft in watch.drafts)
    assert not any("dvc.lock" in text or text.startswith("> ") for text in watch.lines)
    logged = asyncio.run(logs(state))
    assert "search@digits-nano33ble drew a bar" in logged
    assert not any("%" in text or "\x1b" in text for text in logged)


def test_run_shows_every_gate_in_an_artifact(line: PlayLine) -> None:
    line.answers("nano33ble", 0.90)
    state, _ = run()
    page = asyncio.run(artifact(state))
    assert "## digits → nano33ble: DOES NOT FIT" in page
    assert "| int8 accuracy | 90.0 % |  | 97.0 % | -7.0 % | **missed** |" in page
    assert "| arena | 5,000 B |  | 8,192 B | 3,192 B | passed |" in page
    assert "Registered as **digits.nucleo-l053r8 version 1** @candidate" in page


async def logs(state: State) -> list[str]:
    async with get_client() as client:
        run_id = state.state_details.flow_run_id
        for _ in range(50):
            found = await client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id])), limit=200)
            if any("Finished in state" in log.message for log in found):
                break
            await asyncio.sleep(0.2)
        return [log.message for log in found if "Finished in state" not in log.message]


async def artifact(state: State) -> str:
    async with get_client() as client:
        wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[state.state_details.flow_run_id]))
        (found,) = await client.read_artifacts(artifact_filter=wanted)
        return str(found.data)
