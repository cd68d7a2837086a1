"""What any .tflite is made of, read in a child process that may suffer from it."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from flashfit.child import run_child
from flashfit.errors import DataError
from flashfit.tflite.graph import Graph, graph_as_json
from flashfit.tflite.limits import CHILD_MEMORY_BYTES, CHILD_TIMEOUT_S


def read_graph(tflite: bytes, name: str = "the model") -> Graph:
    """The graph that a file's bytes describe. name: of the model, for messages.

    Raises DataError for damage, SurroundingsError when the child dies or outlasts its limit.
    """
    with TemporaryDirectory() as scratch:
        file, out = Path(scratch) / "model.tflite", Path(scratch) / "graph.json"
        file.write_bytes(tflite)
        arguments = [str(file), str(out)]
        run_child("flashfit.tflite.reading_child", arguments, f"reading {name}", CHILD_TIMEOUT_S, CHILD_MEMORY_BYTES)
        return parsed(out.read_bytes(), name)


def parsed(described: bytes, name: str) -> Graph:
    """What the child wrote, as a Graph. Raises DataError for its refusal."""
    tree = json.loads(described)
    if "refused" in tree:
        raise DataError(f"{name} {tree['refused']}")
    return graph_as_json().validate_python(tree)
