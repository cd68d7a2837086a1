"""dvc.yaml against the code: where files lie, and what a stage depends on."""

import re
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml

from flashfit.params import load_params
from flashfit.targets import known_targets
from tasks.paths import Paths

PATHS = Paths(Path(__file__).parents[2])
STAGES: dict[str, Any] = yaml.safe_load(PATHS.dvc_yaml.read_text(encoding="utf-8"))["stages"]

OBSERVERS = {"tasks.tracking", "tasks.progress", "tasks.surroundings"}
"""What watches a stage and changes none of its bytes is no dependency of it."""

OUTPUTS = {
    "fetch": {"data/P/raw"},
    "validate": {"data/P/validated", "data/P/data_docs"},
    "prepare": {"data/P/prepared"},
    "search": {"build/P/T/search"},
    "train": {"build/P/T/train"},
    "quantize": {"build/P/T/quantize"},
    "evaluate": {"build/P/T/evaluate"},
    "bundle": {"build/P/T/bundle"},
}


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("flashfit", "tasks", "flows")


def code_of(stage: str) -> list[str]:
    return [name for name in STAGES[stage]["do"]["deps"] if name.split("/")[0] in ("flashfit", "tasks")]


def imported_by(imports: grimp.ImportGraph, module: str) -> set[str]:
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in seen and name not in OBSERVERS:
            seen.add(name)
            waiting += imports.find_modules_directly_imported_by(name)
            waiting += run_as_children(name)
    return {name.replace(".", "/") for name in seen} - {"flashfit", "tasks"}


def run_as_children(module: str) -> list[str]:
    """Modules that one names to run_child: a stage runs them as much as those that it imports."""
    file = PATHS.root / f"{module.replace('.', '/')}.py"
    return re.findall(r'run_child\(\s*"([\w.]+)"', file.read_text(encoding="utf-8")) if file.is_file() else []


def covers(dependency: str, module: str) -> bool:
    return dependency in (module, f"{module}.py") or module.startswith(f"{dependency}/")


def filled(text: str) -> str:
    for name, value in (("${key}", "P"), ("${item.product}", "P"), ("${item.target}", "T")):
        text = text.replace(name, value)
    return text


def outputs_by_paths() -> list[tuple[str, set[str]]]:
    product, build = PATHS.of_product("P"), PATHS.of_build("P", "T")
    folders = {
        "fetch": (product.raw,),
        "validate": (product.validated, product.data_docs),
        "prepare": (product.prepared,),
        "search": (build.search,),
        "train": (build.training,),
        "quantize": (build.quantized,),
        "evaluate": (build.evaluation,),
        "bundle": (build.bundle,),
    }
    return [
        (stage, {place.relative_to(PATHS.root).as_posix() for place in places}) for stage, places in folders.items()
    ]


def test_the_stages_are_those_of_the_line_in_its_order() -> None:
    assert list(STAGES) == list(OUTPUTS)


@pytest.mark.parametrize(("stage", "places"), outputs_by_paths())
def test_outputs_lie_where_the_code_writes_them(stage: str, places: set[str]) -> None:
    assert {filled(output) for output in STAGES[stage]["do"]["outs"]} == places


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_run_by_the_module_of_its_name(stage: str) -> None:
    assert STAGES[stage]["do"]["cmd"].startswith(f"python -m tasks.{stage} ")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_the_code_that_it_imports(stage: str, imports: grimp.ImportGraph) -> None:
    needed = imported_by(imports, f"tasks.{stage}")
    assert {module for module in needed if not any(covers(name, module) for name in code_of(stage))} == set()


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "bundle"])
def test_a_stage_depends_on_no_code_that_it_does_not_import(stage: str, imports: grimp.ImportGraph) -> None:
    needed = imported_by(imports, f"tasks.{stage}")
    assert [name for name in code_of(stage) if not any(covers(name, module) for module in needed)] == []


@pytest.mark.parametrize("stage", STAGES)
def test_the_bundle_depends_on_the_code_of_every_stage(stage: str) -> None:
    listed = code_of("bundle")
    assert [name for name in code_of(stage) if not any(covers(wider, name) for wider in listed)] == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_package_lock(stage: str) -> None:
    assert PATHS.package_lock.name in STAGES[stage]["do"]["deps"]


def test_params_yaml_of_the_repository_is_valid() -> None:
    assert load_params(PATHS.params, known_targets(PATHS.targets)).builds
