"""Answers a second: TFLM, which ships, beside LiteRT as people score by default. Needs `make run` before it."""

import time
from pathlib import Path

import numpy as np

from flashfit.data.features import load_features
from flashfit.runtime.tflm import run_tflm
from tasks.paths import Paths

_REPEATS = 20


def main() -> None:
    """Print both for digits on nano33ble, their ratio, and how often they disagree."""
    from ai_edge_litert.interpreter import Interpreter

    paths = Paths(Path.cwd())
    files = paths.of_build("digits", "nano33ble")
    if not files.tflite.is_file():
        print("scoring: no model yet; next: make run")
        return
    x = np.tile(load_features(paths.of_product("digits").features("test")).x, (_REPEATS, 1, 1, 1))
    start_s = time.perf_counter()
    run = run_tflm(files.tflite.read_bytes(), x)
    tflm_s = time.perf_counter() - start_s

    litert = Interpreter(model_path=str(files.tflite), num_threads=1)
    litert.allocate_tensors()
    source, sink = litert.get_input_details()[0], litert.get_output_details()[0]
    stored = np.clip(np.round(x / run.input.scale) + run.input.zero_point, -128, 127).astype(np.int8)
    answers = []
    start_s = time.perf_counter()
    for sample in stored:
        litert.set_tensor(source["index"], sample[None])
        litert.invoke()
        answers.append(litert.get_tensor(sink["index"])[0])
    litert_s = time.perf_counter() - start_s

    flips = int(np.sum(np.stack(answers).argmax(axis=1) != run.outputs.argmax(axis=1))) // _REPEATS
    print(
        f"scoring digits.nano33ble: TFLM {len(x) / tflm_s:,.0f} answers a second, its process included; "
        f"LiteRT {len(x) / litert_s:,.0f}: {tflm_s / litert_s:.1f} ×; {flips} of {len(x) // _REPEATS} answers differ"
    )


if __name__ == "__main__":
    main()
