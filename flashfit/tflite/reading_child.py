"""The child's side of flashfit.tflite.reading: `python -m flashfit.tflite.reading_child FILE OUT.json`.

Writes the graph that FILE describes, or why it is none as `{"refused": …}`.
"""

import json
import sys
from pathlib import Path

from flashfit.errors import DataError
from flashfit.tflite.flatbuffer import read_flatbuffer
from flashfit.tflite.graph import graph_as_json


def main(file: Path, out: Path) -> None:
    """Read one model."""
    out.write_bytes(described(file.read_bytes()))


def described(tflite: bytes) -> bytes:
    """A model's graph, or its refusal, as JSON."""
    try:
        return graph_as_json().dump_json(read_flatbuffer(tflite))
    except DataError as error:
        return json.dumps({"refused": error.message}).encode()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
