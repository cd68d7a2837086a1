"""A build in this process: lock, surroundings, flow, outcome. Imports Prefect only once its settings stand."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

from httpx import HTTPError

from flashfit.errors import SurroundingsError
from flows.outcome import Outcome
from flows.server import answers_prefect, own_prefect
from flows.single import alone
from flows.watch import Watch, watched_by
from tasks.paths import Paths
from tasks.source import require_source
from tasks.stage import read_params
from tasks.surroundings import PREFECT_URL, running_servers

OPT_OUTS = {
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}

_LAST_WORDS_S = 5.0
"""For Prefect's events and log lines that are still on their way when the flow has ended."""


def run_build(product: str, target: str | None = None, watch: Watch | None = None, verbose: bool = False) -> Outcome:
    """Build a product on all its targets or one, while watch looks on. verbose: Prefect's log on stderr too.

    Once in a process: Prefect reads its settings when it is first imported.

    Raises ConfigError, before Prefect starts, for a fault in params.yaml; SurroundingsError where Prefect
    cannot run. Every failure of the build itself is in the outcome.
    """
    watch, paths = watch or Watch(), Paths.here()
    params = read_params(paths)
    _ = params.build(product, target) if target else params.builds_of(product)
    require_source(paths, params.product(product))
    with terminable(), alone(paths, watch.note), watched_by(watch), surroundings(paths, verbose):
        return _run_flow(product, target)


@contextmanager
def surroundings(paths: Paths, verbose: bool = False) -> Iterator[None]:
    """Settings for the libraries that are imported in the block: no telemetry, and where Prefect keeps its runs.

    That is where PREFECT_API_URL says, else the server of `make serve`, else a server of the run's own over
    a database in this checkout (in PREFECT_HOME, where that is set).
    """
    os.environ.update(OPT_OUTS)
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    if PREFECT_URL in os.environ:
        yield
        return
    os.environ.setdefault("PREFECT_HOME", str(paths.prefect_home.resolve()))
    if servers := running_servers(paths):
        os.environ[PREFECT_URL] = f"{servers.prefect}/api"
        yield
        return
    with own_prefect(paths) as server:
        for needed_soon in ("flows.build", "dvc.repo"):
            import_module(needed_soon)
        server.wait_until(answers_prefect(os.environ[PREFECT_URL]))
        yield


def _run_flow(product: str, target: str | None) -> Outcome:
    from prefect.events.worker import EventsWorker
    from prefect.exceptions import PrefectException
    from prefect.logging.handlers import APILogWorker

    from flows.build import build

    try:
        state = build(product, target, return_state=True)
        outcome = state.result(raise_on_failure=False)
    except (PrefectException, HTTPError, RuntimeError) as error:
        raise _prefect_fault(error) from error
    finally:
        for sender in (EventsWorker, APILogWorker):
            sender.drain_all(timeout=_LAST_WORDS_S)
    if isinstance(outcome, Outcome):
        return outcome
    if isinstance(outcome, PrefectException | HTTPError):
        raise _prefect_fault(outcome) from outcome
    if isinstance(outcome, BaseException):
        raise outcome
    raise SurroundingsError(f"Prefect ended the build as {state.name}: {state.message}")


def _prefect_fault(error: Exception) -> SurroundingsError:
    words = " ".join(str(error).split())[:300]
    return SurroundingsError(f"Prefect cannot run the build: {words}", next_step="the same command again")


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does: children first."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
