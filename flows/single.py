"""One build at a time in one checkout."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from tasks.paths import Paths


@contextmanager
def alone(paths: Paths, note: Callable[[str], None]) -> Iterator[None]:
    """Hold the checkout's build lock, which the kernel frees when we die; wait, and say so, while another holds it.

    Whoever holds it already in this process gets it again.
    """
    paths.build_lock.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(paths.build_lock, is_singleton=True, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        note("another build, or make serve, is at work in this checkout; waiting for it to end")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
