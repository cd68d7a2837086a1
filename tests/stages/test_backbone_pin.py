"""The backbone that params.yaml pins: another file is refused before any trial, and DVC sees a changed pin."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from flashfit.errors import ConfigError
from flashfit.params import Backbone, Search
from tasks.paths import Paths
from tasks.search import offered_backbones

CONV = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "dilation_rate": [1, 1], "groups": 1}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A network of one convolution."""
    layers: list[dict[str, Any]] = [
        {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [None, 8, 8, 1]}},
        {"class_name": "Conv2D", "config": {"name": "a", "filters": 4, "activation": "relu", **CONV}},
    ]
    with zipfile.ZipFile(tmp_path / "b.keras", "w") as packed:
        packed.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
    return tmp_path / "b.keras"


def search_on(file: Path, sha256: str | None) -> Search:
    return Search(families=("transfer",), backbone=Backbone(path=file, sha256=sha256))


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("pinned", [True, False])
def test_the_pinned_file_and_an_unpinned_one_offer_their_cuts(file: Path, pinned: bool) -> None:
    (cut,) = offered_backbones(search_on(file, sha256_of(file) if pinned else None), "signs")
    assert (cut.cut, cut.sha256) == ("a", sha256_of(file))


def test_another_file_than_the_pinned_one_is_refused_with_both_checksums_and_the_next_command(file: Path) -> None:
    pinned = sha256_of(file)
    file.write_bytes(file.read_bytes()[:-1])
    message = f"{file} has the sha256 {sha256_of(file)}, and params.yaml pins {pinned}; next: .* flashfit build signs"
    with pytest.raises(ConfigError, match=message):
        offered_backbones(search_on(file, pinned), "signs")


def test_a_pinned_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.keras does not exist"):
        offered_backbones(search_on(tmp_path / "gone.keras", "0" * 64), "signs")


def test_a_search_without_a_backbone_is_offered_none() -> None:
    assert offered_backbones(Search(), "signs") == ()


def test_the_search_stage_depends_on_the_pin() -> None:
    graph = yaml.safe_load(Paths(Path(__file__).parents[2]).dvc_yaml.read_text(encoding="utf-8"))
    assert "products.${item.product}.search" in graph["stages"]["search"]["do"]["params"]
