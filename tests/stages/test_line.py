"""The whole line on a small product: what it leaves, and that it leaves the same again."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flashfit.data.features import load_features
from flashfit.gates.verdict import FITS, Verdict
from flashfit.manifest import verify_folder
from flashfit.runtime.operators import operators
from flashfit.runtime.tflm import run_tflm
from flashfit.search.outcome import SearchOutcome
from flashfit.tflite.divergence import PAIRS, Divergence
from tasks.lineage import file_sha256
from tasks.paths import BuildPaths, Paths

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def build(line: Paths) -> BuildPaths:
    return line.of_build("tiny", "nano33ble")


def test_the_bundle_is_complete_and_true_to_its_manifest(build: BuildPaths) -> None:
    assert set(verify_folder(build.bundle).files) == {
        "MODEL_CARD.md",
        "divergence.json",
        "labels.txt",
        "model.tflite",
        "model_data.cc",
        "model_data.h",
        "model_ops.h",
        "model_settings.h",
        "verdict.json",
    }


def test_the_manifest_names_the_inputs_by_content(line: Paths, build: BuildPaths) -> None:
    lineage = verify_folder(build.bundle).lineage
    assert lineage["data_sha256"] == file_sha256(line.of_product("tiny").samples)
    assert lineage["package_lock_sha256"] == file_sha256(line.package_lock)
    assert {"parameters_sha256", "stage_code_sha256", "target_sha256"} < set(lineage)


def test_no_file_of_the_bundle_names_this_machine(line: Paths, build: BuildPaths) -> None:
    for file in build.bundle.iterdir():
        assert str(line.root).encode() not in file.read_bytes()


def test_the_verdict_carries_its_footprint_as_measured(build: BuildPaths) -> None:
    verdict = Verdict.model_validate_json(build.verdict.read_bytes())
    assert (verdict.verdict, verdict.footprint.source) == (FITS, "measured")
    assert verdict.footprint.flash_bytes == build.tflite.stat().st_size


def test_every_runtime_is_compared_on_the_whole_test_split(line: Paths, build: BuildPaths) -> None:
    divergence = Divergence.model_validate_json(build.divergence.read_bytes())
    assert divergence.n == len(load_features(line.of_product("tiny").features("test")).x)
    assert {(pair.one, pair.other) for pair in divergence.pairs} == set(PAIRS)
    first = divergence.pairs[0].in_words()
    assert first in build.report.read_text(encoding="utf-8")
    assert first in (build.bundle / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_the_model_is_int8_from_input_to_output(line: Paths, build: BuildPaths) -> None:
    test = load_features(line.of_product("tiny").features("test"))
    run = run_tflm(build.tflite.read_bytes(), test.x[:1])
    assert (run.input.dtype, run.output.dtype) == ("int8", "int8")


def test_the_op_resolver_holds_exactly_the_operators_used(build: BuildPaths) -> None:
    header = (build.bundle / "model_ops.h").read_text(encoding="utf-8")
    used = {operator.name for operator in operators(build.tflite.read_bytes())}
    assert f"kOperatorCount = {len(used)};" in header
    assert header.count("resolver.Add") == len(used)


def test_buffers_of_the_model_are_aligned_to_16_bytes(build: BuildPaths) -> None:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(build.tflite.read_bytes(), 0)
    buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
    starts = [buffer._tab.Vector(buffer._tab.Offset(4)) for buffer in buffers if not buffer.DataIsNone()]
    assert starts
    assert {start % 16 for start in starts} == {0}


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler; apt-get install g++")
def test_the_c_array_compiles_without_a_warning_and_holds_the_model(build: BuildPaths, tmp_path: Path) -> None:
    main = tmp_path / "main.cc"
    main.write_text(
        '#include <cstdio>\n#include <cstdint>\n#include "model_data.h"\n#include "model_settings.h"\n'
        "using namespace tiny_nano33ble;\n"
        "int main() {\n"
        "  if (reinterpret_cast<std::uintptr_t>(kModel) % 16 != 0 || kArenaBytes % 16 != 0) return 1;\n"
        "  return std::fwrite(kModel, 1, kModelBytes, stdout) == kModelBytes ? 0 : 2;\n"
        "}\n",
        encoding="utf-8",
    )
    sources = [str(main), str(build.bundle / "model_data.cc")]
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{build.bundle}", "-o", str(tmp_path / "main")]
    subprocess.run(["g++", *flags, *sources], check=True)
    printed = subprocess.run([str(tmp_path / "main")], check=True, capture_output=True).stdout
    assert printed == build.tflite.read_bytes()


def test_float_on_tflm_answers_as_the_float_model_in_keras_does(line: Paths, build: BuildPaths, run: Run) -> None:
    script = (
        "import sys, numpy, keras; from flashfit.data.features import load_features;"
        "x = load_features(__import__('pathlib').Path(sys.argv[2])).x;"
        "numpy.save(sys.argv[3], keras.models.load_model(sys.argv[1], compile=False).predict(x, verbose=0))"
    )
    test, answers = line.of_product("tiny").features("test"), build.root / "keras.npy"
    done = run(line.root, "python", "-c", script, str(build.keras), str(test), str(answers))
    assert done.returncode == 0, done.stderr
    tflm = run_tflm(build.float_tflite.read_bytes(), load_features(test).x)
    np.testing.assert_allclose(tflm.values, np.load(answers), atol=1e-5)


def test_int8_answers_stay_near_those_of_float(build: BuildPaths) -> None:
    with np.load(build.answers) as answers:
        int8 = (answers["int8"].astype(np.float32) + 128) / 256
        assert np.abs(int8 - answers["float"]).max() < 0.1


def test_every_picture_is_a_picture(build: BuildPaths) -> None:
    pictures = [*build.search.glob("*.png"), *build.training.glob("*.png")]
    assert len(pictures) == 5
    for picture in pictures:
        with Image.open(picture) as image:
            assert image.getextrema() != ((255, 255),) * 3


def test_the_report_shows_every_gate(build: BuildPaths) -> None:
    page = build.report.read_text(encoding="utf-8")
    for gate in Verdict.model_validate_json(build.verdict.read_bytes()).gates:
        assert gate.name in page.replace("&#39;", "'")


def test_dvc_has_nothing_left_to_do(line: Paths, run: Run) -> None:
    assert json.loads(run(line.root, "dvc", "status", "--json").stdout) == {}


def test_the_search_tells_every_trial(build: BuildPaths) -> None:
    outcome = SearchOutcome.model_validate_json(build.search_outcome.read_bytes())
    assert [trial.number for trial in outcome.trials] == [0, 1]
    assert outcome.winner is not None


def test_one_changed_parameter_runs_only_what_depends_on_it_and_changing_it_back_runs_nothing(
    line: Paths, tmp_path: Path, run: Run
) -> None:
    copy = Paths(tmp_path / "copy")
    shutil.copytree(line.root, copy.root, symlinks=True)
    before = hashlib.sha256(copy.of_build("tiny", "nano33ble").manifest.read_bytes()).hexdigest()
    original = copy.params.read_text(encoding="utf-8")
    assert "least_accuracy: 0.0\n" in original

    copy.params.write_text(original.replace("least_accuracy: 0.0\n", "least_accuracy: 0.01\n"), encoding="utf-8")
    changed = run(copy.root, "dvc", "repro")
    ran = [word.split("'")[1].split("@")[0] for word in changed.stdout.splitlines() if word.startswith("Running stage")]
    assert ran == ["quantize", "evaluate", "bundle"], changed.stdout + changed.stderr

    copy.params.write_text(original, encoding="utf-8")
    back = run(copy.root, "dvc", "repro")
    assert "Running stage" not in back.stdout
    assert hashlib.sha256(copy.of_build("tiny", "nano33ble").manifest.read_bytes()).hexdigest() == before
