"""Which servers a run talks to: those the environment names, else those `make serve` runs, else none."""

import json
import os
from dataclasses import asdict, dataclass

import httpx

from tasks.paths import Paths

MLFLOW_URI = "MLFLOW_TRACKING_URI"
PREFECT_URL = "PREFECT_API_URL"


_PATIENCE_S = 10.0
"""A server on a machine that trains may answer late; where none listens, the refusal comes at once."""


@dataclass(frozen=True)
class Servers:
    """Addresses of the servers that `make serve` started: http://host:port, with no path."""

    mlflow: str
    prefect: str


def note_servers(paths: Paths, servers: Servers) -> None:
    """Leave the addresses where later runs in this checkout find them."""
    paths.servers.parent.mkdir(parents=True, exist_ok=True)
    paths.servers.write_text(json.dumps(asdict(servers)), encoding="utf-8")


def running_servers(paths: Paths) -> Servers | None:
    """The servers of `make serve`, if both answer now."""
    try:
        servers = Servers(**json.loads(paths.servers.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    alive = answers(f"{servers.mlflow}/health", _PATIENCE_S) and answers(f"{servers.prefect}/api/health", _PATIENCE_S)
    return servers if alive else None


def answers(url: str, timeout_s: float = 1.0) -> bool:
    """Whether a GET of url succeeds in time."""
    try:
        return httpx.get(url, timeout=timeout_s).is_success
    except httpx.HTTPError:
        return False


def mlflow_tracking_uri(paths: Paths) -> str:
    """Where runs and registered models go: by default SQLite in this checkout."""
    if uri := os.environ.get(MLFLOW_URI):
        return uri
    if servers := running_servers(paths):
        return servers.mlflow
    paths.mlflow_database.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{paths.mlflow_database.resolve()}"
