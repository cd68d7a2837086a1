"""flashfit score: counts known beforehand, and strangers' models that are contained."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from flashfit.errors import DataError, SurroundingsError
from flashfit.tflite.divergence import diverge
from flashfit.tflite.samples import open_samples
from flashfit.tflite.scoring import Score, score
from tests.handmade import aborting, endless, identity

RIGHT = np.arange(600) % 4 != 0  # three of four


def some_right(one: float = 1.0) -> dict[str, np.ndarray]:
    """600 samples for `identity`, of which 450 are right: a one where the label says, or in the next place."""
    y = np.arange(600) % 3
    x = np.zeros((600, 3), np.float32)
    x[np.arange(600), np.where(RIGHT, y, (y + 1) % 3)] = one
    return {"x": x, "y": y}


def scored(folder: Path, tflite: bytes, arrays: dict[str, np.ndarray], limit_s: float = 60) -> Score:
    np.savez(folder / "samples.npz", **arrays)
    return score(tflite, open_samples(folder / "samples.npz"), "m.tflite", limit_s=limit_s)


def flashfit(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("flashfit")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, cwd=cwd)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "float32"])
def test_every_type_is_scored(dtype: str, tmp_path: Path) -> None:
    found = scored(tmp_path, identity(dtype), some_right())
    assert (found.accuracy_tflm, found.accuracy_litert, found.flips, found.n) == (0.75, 0.75, 0, 600)
    assert found.max_lsb == (None if dtype == "float32" else 0)
    assert found.interval_tflm == pytest.approx((0.7138, 0.7829), abs=1e-4)  # Wilson, 450 of 600


def test_stored_numbers_are_fed_as_they_are(tmp_path: Path) -> None:
    arrays = some_right()
    found = scored(tmp_path, identity(scale=None), {**arrays, "x": arrays["x"].astype(np.int8)})
    assert found.accuracy_tflm == 0.75


def test_progress_adds_up_to_every_sample(tmp_path: Path) -> None:
    np.savez(tmp_path / "samples.npz", **some_right())
    seen: list[int] = []
    score(identity(), open_samples(tmp_path / "samples.npz"), report=seen.append)
    assert sum(seen) == 600
    assert len(seen) > 1


def test_one_sample_and_a_block_with_one_left_are_scored(tmp_path: Path) -> None:
    arrays = some_right()
    for n in (1, 513):
        assert scored(tmp_path, identity(), {key: array[:n] for key, array in arrays.items()}).n == n


def test_labels_out_of_range_are_refused(tmp_path: Path) -> None:
    arrays = some_right()
    with pytest.raises(DataError, match=r"y\[2\] is 2, and the model's answers are 0 to 1"):
        scored(tmp_path, identity(values=2), {**arrays, "x": arrays["x"][:, :2]})


def test_divergence_takes_bytes_and_arrays() -> None:
    found = diverge(identity(), some_right()["x"][:300])
    assert found.n == 300
    assert [(pair.flips, pair.exact, pair.max_lsb) for pair in found.pairs] == [(0, 300, 0)] * 3


def test_divergence_of_no_inputs_is_refused() -> None:
    with pytest.raises(DataError, match="no inputs"):
        diverge(identity(), np.zeros((0, 3), np.float32))


def test_an_operator_that_tflm_lacks_is_named() -> None:
    def change(model: Any) -> None:
        model.operatorCodes[0].builtinCode = schema.BuiltinOperator.ATAN2

    with pytest.raises(DataError, match=r"TFLM has no operator ATAN2, which m\.tflite needs"):
        diverge(identity(change=change), some_right()["x"], "m.tflite")


def test_a_model_that_aborts_tflm_is_a_failure_with_a_name() -> None:
    with pytest.raises(SurroundingsError, match=r"TFLM could not load m\.tflite: killed by SIGABRT"):
        diverge(aborting(), some_right()["x"], "m.tflite")


def test_a_model_that_never_answers_is_stopped_at_its_limit() -> None:
    with pytest.raises(SurroundingsError, match=r"TFLM did not answer a sample with m\.tflite within 4 s"):
        diverge(endless(), np.zeros(3, np.float32), "m.tflite", limit_s=4)


def test_answers_that_are_no_numbers_are_refused() -> None:
    def change(model: Any) -> None:  # doubles its input, which TFLM saturates and LiteRT does not
        graph = model.subgraphs[0]
        model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = 0
        graph.operators[0].inputs = np.array([0, 0], np.int32)
        graph.operators[0].builtinOptions = schema.AddOptionsT()
        graph.operators[0].builtinOptionsType = schema.BuiltinOptions.AddOptions

    with pytest.raises(DataError, match="LiteRT answers with NaN or infinity"):
        diverge(identity("float32", change=change), np.full((2, 3), 3e38, np.float32))


@pytest.mark.parametrize("length", [20, 200, 400])
def test_a_truncated_model_is_one_line(length: int) -> None:
    with pytest.raises((DataError, SurroundingsError), match=r"m\.tflite") as caught:
        diverge(identity()[:length], some_right()["x"], "m.tflite")
    assert "\n" not in str(caught.value)


def test_models_with_flipped_bytes_are_scored_or_refused() -> None:
    random = np.random.default_rng(0)
    for _ in range(6):
        spoiled = bytearray(identity())
        for place in random.integers(8, len(spoiled), 6):
            spoiled[place] = random.integers(256)
        try:
            diverge(bytes(spoiled), some_right()["x"][:3], "m.tflite", limit_s=20)
        except (DataError, SurroundingsError) as error:
            assert "\n" not in str(error)


def test_the_command_prints_the_promised_keys_as_json(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(identity())
    np.savez(tmp_path / "s.npz", **some_right())
    done = flashfit("score", tmp_path / "m.tflite", "--samples", tmp_path / "s.npz", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    tree = json.loads(done.stdout)
    promised = ("accuracy_tflm", "accuracy_litert", "flips", "max_lsb", "n")
    assert [tree[key] for key in promised] == [0.75, 0.75, 0, 0, 600]


def test_the_command_says_which_figure_counts(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(identity())
    np.savez(tmp_path / "s.npz", **some_right())
    done = flashfit("score", tmp_path / "m.tflite", "--samples", tmp_path / "s.npz")
    assert (done.returncode, done.stderr) == (0, "")
    assert "71.4 – 78.3 %" in done.stdout
    assert "TFLM's 75.0 % is the figure that counts" in done.stdout


def test_modules_beside_a_strangers_model_are_not_run(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(identity())
    np.savez(tmp_path / "s.npz", **some_right())
    for name in ("numpy", "json", "flashfit"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('run')", encoding="utf-8")
    done = flashfit("score", "m.tflite", "--samples", "s.npz", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("tflite", "samples", "code", "message"),
    [
        (None, b"", 2, "m.tflite does not exist"),
        (b"no model at all", b"", 2, "m.tflite is no .tflite file"),
        (identity(), None, 2, "s.npz does not exist"),
        (identity(), b"no zip", 2, "s.npz is no readable .npz file"),
        (aborting(), some_right(), 3, "m.tflite: killed by SIGABRT"),
    ],
)
def test_the_command_ends_in_one_line_and_its_exit_code(
    tflite: bytes | None, samples: bytes | dict[str, np.ndarray] | None, code: int, message: str, tmp_path: Path
) -> None:
    if tflite is not None:
        (tmp_path / "m.tflite").write_bytes(tflite)
    if isinstance(samples, dict):
        np.savez(tmp_path / "s.npz", **samples)
    elif samples is not None:
        (tmp_path / "s.npz").write_bytes(samples)
    done = flashfit("score", tmp_path / "m.tflite", "--samples", tmp_path / "s.npz")
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
