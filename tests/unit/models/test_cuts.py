"""Cuts of a network whose file is written by hand: what ends a body, and what its operators read."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from flashfit.errors import ConfigError
from flashfit.models.cuts import read_cuts

CONV = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "dilation_rate": [1, 1], "groups": 1}
RELU = {"negative_slope": 0.0, "max_value": None}


def conv(name: str, *reads: str, filters: int = 4, activation: str = "relu", **options: Any) -> dict[str, Any]:
    return layer("Conv2D", name, *reads, **CONV | {"filters": filters, "activation": activation} | options)


def layer(kind: str, name: str, *reads: str, **options: Any) -> dict[str, Any]:
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [read, 0, 0]}} for read in reads]
    return {"class_name": kind, "config": {"name": name, **options}, "inbound_nodes": [{"args": tensors}]}


def write(folder: Path, *layers: dict[str, Any], kind: str = "Functional") -> Path:
    first = {**layer("InputLayer", "in", batch_shape=[None, 8, 8, 1]), "inbound_nodes": []}
    with zipfile.ZipFile(folder / "b.keras", "w") as packed:
        packed.writestr("config.json", json.dumps({"class_name": kind, "config": {"layers": [first, *layers]}}))
    return folder / "b.keras"


def cuts(path: Path) -> list[str]:
    return [backbone.cut for backbone in read_cuts(path)]


def test_a_body_ends_before_the_first_layer_that_is_none_of_a_body(tmp_path: Path) -> None:
    path = write(tmp_path, conv("a", "in"), conv("b", "a"), layer("Flatten", "flat", "b"), conv("c", "flat"))
    assert cuts(path) == ["a", "b"]


def test_a_cut_lies_behind_what_the_converter_merges(tmp_path: Path) -> None:
    norm = layer("BatchNormalization", "norm", "a")
    path = write(tmp_path, conv("a", "in", activation="linear"), norm, layer("ReLU", "relu", "norm", **RELU))
    assert cuts(path) == ["relu"]


def test_nothing_is_cut_between_a_sum_and_what_it_adds(tmp_path: Path) -> None:
    path = write(tmp_path, conv("a", "in"), conv("b", "a"), conv("c", "b"), layer("Add", "sum", "c", "a"))
    whole = read_cuts(path)[-1]
    assert cuts(path) == ["a", "sum"]
    assert [(one.name, one.reads) for one in whole.operators[-2:]] == [("CONV_2D", (1,)), ("ADD", (1, 3))]


def test_a_sum_of_single_pixels_ends_the_body(tmp_path: Path) -> None:
    pixel = conv("a", "in", strides=[8, 8])
    path = write(tmp_path, pixel, conv("b", "a"), conv("c", "b"), layer("Add", "sum", "c", "b"), conv("d", "sum"))
    assert cuts(path)[-1] == "b"


def test_a_sequential_network_reads_from_top_to_bottom(tmp_path: Path) -> None:
    path = write(tmp_path, conv("a"), conv("b", filters=6, padding="valid", strides=[2, 2]), kind="Sequential")
    deepest = read_cuts(path)[-1]
    assert (deepest.cut, deepest.input_shape, deepest.output_shape) == ("b", (8, 8, 1), (3, 3, 6))
    assert deepest.operators[1].macs == 3 * 3 * (9 * 4 * 6)


@pytest.mark.parametrize(
    "stranger",
    [conv("a", "in", activation="gelu"), conv("a", "in", groups=2), layer("Embedding", "a", "in")],
    ids=["activation", "groups", "kind"],
)
def test_a_network_that_starts_with_a_stranger_offers_nothing(tmp_path: Path, stranger: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"b\.keras starts with no convolution that could be kept"):
        read_cuts(write(tmp_path, stranger))
