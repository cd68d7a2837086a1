"""The verbs that need the whole installation ask for it here."""

from importlib.util import find_spec

from flashfit.errors import SurroundingsError


def require_pipeline(verb: str) -> None:
    """Raise SurroundingsError, with the install command, where only the light client is installed."""
    if find_spec("prefect") is None or find_spec("dvc") is None:
        raise SurroundingsError(
            f"flashfit {verb} needs the pipeline, and only the light client is installed",
            next_step="make setup, in a checkout",
        )
