"""flashfit inspect: any .tflite is described, measured and judged, and a stranger's is contained."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from benchmarks.mutated_models import Random, mutate
from flashfit.errors import DataError
from flashfit.gates.verdict import Verdict
from flashfit.targets import Target, known_targets, load_target
from flashfit.tflite.inspection import Inspection, inspect, inspected
from flashfit.tflite.measuring import Measured, measure
from flashfit.tflite.reading import parsed, read_graph
from flashfit.tflite.reading_child import described
from tasks.paths import Paths
from tests.handmade import aborting, endless, identity

TARGETS = Path(__file__).parents[2] / "deploy" / "targets"
PROMISED = (
    "flash_bytes",
    "arena_bytes",
    "arena_head_bytes",
    "arena_tail_bytes",
    "macs",
    "operators",
    "inputs",
    "outputs",
    "verdicts",
)


def boards() -> list[Target]:
    return [load_target(TARGETS, name) for name in known_targets(TARGETS)]


def seen(tflite: bytes) -> Inspection:
    return inspect(tflite, boards(), "m.tflite")


def flashfit(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("flashfit")
    return subprocess.run([program, "inspect", *map(str, arguments)], capture_output=True, text=True, cwd=cwd)


def test_the_arena_is_what_a_build_measured(line: Paths) -> None:
    build = line.of_build("tiny", "nano33ble")
    found, footprint = (
        seen(build.tflite.read_bytes()),
        Verdict.model_validate_json(build.verdict.read_bytes()).footprint,
    )
    assert (found.flash_bytes, found.arena_bytes, found.macs) == (
        footprint.flash_bytes,
        footprint.arena_bytes,
        footprint.macs,
    )
    assert found.arena_bytes == (found.arena_head_bytes or 0) + (found.arena_tail_bytes or 0)


def test_what_is_alive_at_most_is_what_tflm_plans_for_a_plain_network(line: Paths) -> None:
    found = seen(line.of_build("tiny", "nano33ble").tflite.read_bytes())
    assert found.arena_head_bytes is not None
    most = max(row.live_bytes for row in found.operators)
    assert most <= found.arena_head_bytes <= most + 512  # 16-byte steps, and kernels' scratch


def test_tflms_own_float_model_is_measured_but_not_timed() -> None:
    tflite = files("tflite_micro.python.tflite_micro").joinpath("sine_float.tflite").read_bytes()
    found = seen(tflite)
    assert (found.flash_bytes, found.macs, found.reason) == (3164, 16 + 256 + 16, None)
    assert {name: verdict.verdict for name, verdict in found.verdicts.items()} == dict.fromkeys(
        known_targets(TARGETS), "FITS"
    )
    assert all(verdict.latency_ms is None for verdict in found.verdicts.values())


def test_several_inputs_are_all_listed_and_run() -> None:
    def change(model: Any) -> None:
        graph, code = model.subgraphs[0], model.operatorCodes[0]
        graph.tensors.append(graph.tensors[0])
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.ADD
        graph.inputs = graph.operators[0].inputs = np.array([0, 3], np.int32)
        graph.operators[0].builtinOptions = schema.AddOptionsT()
        graph.operators[0].builtinOptionsType = schema.BuiltinOptions.AddOptions

    found = seen(identity(change=change))
    assert (len(found.inputs), len(found.outputs), found.reason) == (2, 1, None)


def test_a_model_with_a_dynamic_shape_is_described_and_not_run() -> None:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[0].shapeSignature = np.array([1, -1], np.int32)

    found = seen(identity(change=change))
    assert found.arena_bytes is None
    assert found.reason == "input 0 has a dynamic shape, 1 × -1; TFLM takes fixed ones"


def test_an_operator_that_tflm_lacks_is_named_and_fits_nowhere() -> None:
    def change(model: Any) -> None:
        model.operatorCodes[0].builtinCode = schema.BuiltinOperator.ATAN2

    found = seen(identity(change=change))
    assert found.missing_operators == ["ATAN2"]
    assert {verdict.verdict for verdict in found.verdicts.values()} == {"DOES NOT FIT"}


def test_a_model_that_aborts_tflm_is_described_and_its_end_named() -> None:
    assert seen(aborting()).reason == "TFLM failed: killed by SIGABRT"


def test_a_model_that_never_answers_is_stopped_at_its_limit() -> None:
    tflite = endless()
    assert measure(tflite, read_graph(tflite), timeout_s=3).refusal == "TFLM did not end within 3 s"


def test_a_model_larger_than_any_board_is_measured_and_does_not_fit() -> None:
    found = seen(identity(values=300_000))
    assert found.arena_head_bytes == 600_000
    assert "over by" in found.verdicts["nano33ble"].reasons[0]


def test_mutated_models_are_described_or_refused_in_one_line() -> None:
    generator, models = Random(1), [identity(), identity("float32"), endless()]
    for _ in range(100):
        try:
            graph = parsed(described(mutate(generator, models)), "m.tflite")
        except DataError as error:
            assert str(error).startswith("m.tflite")
            assert "\n" not in str(error)
        else:
            assert inspected(1, graph, Measured(None, "not run"), boards()).model_dump_json()


@pytest.mark.parametrize("seed", range(4))
def test_the_command_stands_a_mutated_model(seed: int, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(mutate(Random(seed), [identity(), identity("float32")]))
    done = flashfit(tmp_path / "m.tflite", "--picture", tmp_path / "arena.png")
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr


def test_the_command_prints_the_promised_keys_as_json(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(identity())
    done = flashfit(tmp_path / "m.tflite", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    tree = json.loads(done.stdout)
    assert set(PROMISED) <= set(tree)
    assert set(tree["verdicts"]) == set(known_targets(TARGETS))


def test_the_command_says_what_a_person_asks(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(identity())
    done = flashfit(tmp_path / "m.tflite", "--picture", tmp_path / "arena.png")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"flash {len(identity()):,} B   arena " in done.stdout
    assert "RESHAPE" in done.stdout
    assert "FITS          nano33ble: flash " in done.stdout
    assert (tmp_path / "arena.png").read_bytes().startswith(b"\x89PNG")


def test_the_exit_code_is_the_verdict_of_the_target_asked_for(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(identity(values=10_000))
    assert flashfit(tmp_path / "m.tflite", "--target", "nano33ble").returncode == 0
    done = flashfit(tmp_path / "m.tflite", "--target", "nucleo-l053r8")
    assert (done.returncode, done.stderr) == (1, "")
    assert "DOES NOT FIT  nucleo-l053r8" in done.stdout
    assert "nano33ble" not in done.stdout


def test_outside_a_checkout_there_are_no_targets_and_a_model_is_inspected_still(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(identity())
    done = flashfit("m.tflite", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no verdict: the targets are those of a checkout" in done.stdout


def test_modules_beside_a_strangers_model_are_not_run(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(identity())
    for name in ("numpy", "json", "flashfit"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('run')", encoding="utf-8")
    done = flashfit("m.tflite", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no run" not in done.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "m.tflite does not exist; next: ls -l "),
        (b"", "m.tflite: 0 B is too short for a .tflite file; next: sha256sum "),
        (b"no model at all", "m.tflite is no .tflite file"),
        (identity()[:200], "m.tflite is cut short or damaged"),
        (b"\xf0\xff\xff\x7f" + identity()[4:], "m.tflite is cut short or damaged: its root lies at"),
    ],
)
def test_what_is_no_model_is_one_line_and_exit_code_2(content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "m.tflite").write_bytes(content)
    done = flashfit(tmp_path / "m.tflite")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "; next: " in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "m.tflite").open("wb") as file:
        file.truncate(2**40)
    done = flashfit(tmp_path / "m.tflite")
    assert done.returncode == 2
    assert "1,099,511,627,776 B is more than 67,108,864 B" in done.stderr


@pytest.mark.parametrize(("place", "message"), [(".", "is no regular file"), ("/dev/zero", "is no regular file")])
def test_a_folder_or_a_device_is_refused(place: str, message: str, tmp_path: Path) -> None:
    done = flashfit(place, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_an_unknown_target_is_named_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(identity())
    done = flashfit(tmp_path / "m.tflite", "--target", "nano")
    assert done.returncode == 2
    assert "no target 'nano'" in done.stderr
    assert "nano33ble" in done.stderr
