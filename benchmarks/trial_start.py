"""What a trial's process costs before it works: forked from a server with TensorFlow loaded, or spawned."""

import multiprocessing
import time
from multiprocessing.context import BaseContext

from flashfit.search.pool import trial_context

_FORKED, _SPAWNED = 10, 2


def main() -> None:
    """Print both, and their ratio."""
    forked, spawned = trial_context(), multiprocessing.get_context("spawn")
    _seconds(forked)  # the server loads TensorFlow once, for all trials
    forked_s = min(_seconds(forked) for _ in range(_FORKED))
    spawned_s = min(_seconds(spawned) for _ in range(_SPAWNED))
    print(f"trial's process start: {forked_s:.3f} s forked, {spawned_s:.2f} s spawned: {spawned_s / forked_s:,.0f} ×")


def _seconds(context: BaseContext) -> float:
    start_s = time.perf_counter()
    process = context.Process(target=_load)  # type: ignore[attr-defined]
    process.start()
    process.join()
    return time.perf_counter() - start_s


def _load() -> None:
    import tensorflow  # noqa: F401


if __name__ == "__main__":
    main()
