"""What the benchmarks of products share: their winners, trained anew and answered on TFLM."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from pydantic import BaseModel

from flashfit.data.features import Features
from flashfit.gates.answers import answers_of
from flashfit.gates.metrics import accuracy
from flashfit.params import Product
from flashfit.quantize.calibration import calibration_inputs
from flashfit.quantize.converter import convert
from flashfit.runtime.tflm import run_tflm
from flashfit.search.outcome import SearchOutcome, TrialRecord
from tasks.lineage import file_sha256, folder_sha256, values_sha256
from tasks.paths import Paths
from tasks.stage import FOR_THE_SAME_BYTES, read_params, same_everywhere

_PROCESSES = 2


class Kept(BaseModel):
    """What a benchmark found. of: the hash of the data, the winner and the training that it is of."""

    of: str
    product: str
    target: str


_Kept = TypeVar("_Kept", bound=Kept)


def winner_of(paths: Paths, product: str, target: str) -> TrialRecord:
    """The trial that a build's search chose; ends the program where there is none."""
    place = paths.of_build(product, target).search_outcome
    winner = SearchOutcome.model_validate_json(place.read_bytes()).winner if place.is_file() else None
    if winner is None:
        sys.exit(f"{product} → {target} has no winner; next: flashfit build {product} --target {target}")
    return winner


def place_of(paths: Paths, product: str, target: str, name: str) -> Path:
    """Where a benchmark of a build is kept."""
    return paths.of_build(product, target).verdict.parent.parent / f"{name}.json"


def measured_once(
    name: str, kind: type[_Kept], measure: Callable[[Paths, str, str, str], _Kept], product: str, target: str
) -> _Kept:
    """What measure finds, kept in a file; not measured again for the same data, winner and training."""
    same_everywhere()
    paths = Paths.here()
    place = place_of(paths, product, target, name)
    winner = winner_of(paths, product, target)
    files = paths.of_build(product, target)
    settings = read_params(paths).product(product)
    of = values_sha256(
        file_sha256(files.search_outcome),
        folder_sha256(paths.of_product(product).prepared),
        settings.augment,
        settings.train,
        *FOR_THE_SAME_BYTES.values(),
        name,
    )
    if place.is_file() and (known := kind.model_validate_json(place.read_bytes())).of == of:
        print(f"{name} of {product}: measured before, see {place.relative_to(paths.root)}")
        return known
    print(f"{name} of {product}: {winner.candidate.spec.family}, trained anew")
    found = measure(paths, product, target, of)
    place.write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return found


def in_two_processes(work: Callable[..., Any], cases: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    """work(*case) of every case, in order; each in a process that never trained before."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, context, max_tasks_per_child=1) as pool:
        yield from pool.map(work, *zip(*cases, strict=True))


def int8_and_float(
    settings: Product, parts: Mapping[str, Features], seed: int, train: Callable[[Any], Any]
) -> dict[str, float]:
    """Accuracy on parts["test"], by TFLM, of what train makes of the lesson that the other parts are."""
    from flashfit.training.keras_file import save_keras
    from flashfit.training.lesson import Lesson

    lesson = Lesson(
        task=settings.task,
        train=parts["train"],
        augmented=parts["augmented"],
        validation=parts["validation"],
        epochs=settings.train.epochs,
        patience=settings.train.patience,
        balance=settings.train.balance,
        mixup=settings.augment.mixup,
        seed=seed,
    )
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / "model.keras"
        save_keras(train(lesson), file)
        converted = convert(file, calibration_inputs(lesson.train, settings.quantize.calibration_samples, seed))
    test = parts["test"]
    return {
        name: accuracy(test.y, answers_of(settings.task, test.x, run_tflm(tflite, test.x).values).values)
        for name, tflite in (("int8", converted.int8), ("float", converted.float32))
    }
