"""The graph as DVC declares it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flashfit.errors import ConfigError
from flashfit.params import Build
from flows.graph import Stage, read_graph
from tasks.stage import read_params
from tests.flows.play_line import PlayLine

BOTH = [
    "fetch@digits",
    "validate@digits",
    *(f"{verb}@digits-nano33ble" for verb in ("search", "train", "evaluate", "bundle")),
    *(f"{verb}@digits-nucleo-l053r8" for verb in ("search", "train", "evaluate", "bundle")),
]


def graph(line: PlayLine, *targets: str) -> list[Stage]:
    return read_graph(line.paths, builds(line, *targets))


def builds(line: PlayLine, *targets: str) -> list[Build]:
    params = read_params(line.paths)
    return [params.build("digits", target) for target in targets or ("nano33ble", "nucleo-l053r8")]


def reproduce(line: PlayLine) -> None:
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    command = [sys.executable, "-m", "dvc", "repro", "-q"]
    subprocess.run(command, cwd=line.paths.root, env=os.environ | {"PATH": path}, check=True)


def test_stages_come_in_an_order_in_which_they_can_run_one_build_after_the_other(line: PlayLine) -> None:
    stages = graph(line)
    assert [stage.name for stage in stages] == BOTH
    for number, stage in enumerate(stages):
        assert set(stage.upstream) <= set(BOTH[:number])


def test_data_that_dvc_add_follows_are_no_stage(line: PlayLine) -> None:
    (line.paths.root / "recordings.txt").write_text("a folder of recordings\n", encoding="utf-8")
    command = [sys.executable, "-m", "dvc", "add", "-q", "recordings.txt"]
    subprocess.run(command, cwd=line.paths.root, check=True)
    assert [stage.name for stage in graph(line)] == BOTH


def test_one_target_leaves_out_the_stages_of_the_other(line: PlayLine) -> None:
    assert [stage.name for stage in graph(line, "nano33ble")] == BOTH[:6]


def test_stage_name_tells_its_verb_and_subject() -> None:
    stage = Stage("train@digits-nano33ble", upstream=(), fresh=False)
    assert (stage.verb, stage.subject) == ("train", "digits-nano33ble")


def test_nothing_is_fresh_before_the_first_run_and_all_is_after_it(line: PlayLine) -> None:
    assert not any(stage.fresh for stage in graph(line))
    reproduce(line)
    assert all(stage.fresh for stage in graph(line))


def test_stage_below_a_stale_one_is_not_fresh_though_its_own_files_are(line: PlayLine) -> None:
    reproduce(line)
    line.act("validate@digits", "say something else")
    assert [stage.name for stage in graph(line) if stage.fresh] == ["fetch@digits"]


def test_graph_reads_the_same_from_a_folder_below(line: PlayLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(line.paths.root / "acts")
    assert [stage.name for stage in graph(line)] == BOTH


def test_dvc_yaml_that_dvc_cannot_read_is_a_config_error(line: PlayLine) -> None:
    text = line.paths.dvc_yaml.read_text(encoding="utf-8")
    line.paths.dvc_yaml.write_text(text.replace("acts/fetch@${key}", "dvc.yaml"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"DVC file 'dvc\.yaml' cannot be a dependency"):
        graph(line)


def test_build_without_stages_is_a_config_error(line: PlayLine) -> None:
    text = line.paths.dvc_yaml.read_text(encoding="utf-8")
    line.paths.dvc_yaml.write_text(text.replace("  bundle:\n", "  wrap:\n"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"dvc\.yaml has no stage bundle@digits-nano33ble"):
        graph(line)
