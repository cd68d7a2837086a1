"""The registry over plain HTTP: which version a name stands for, and the bytes of its files.

Speaks to an MLflow server and imports no MLflow. Reads only; publishing is tasks/publish.py.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from flashfit.errors import ConfigError, SurroundingsError
from flashfit.manifest import BundleError

SHA256_TAG = "sha256"
"""The version tag that names the bundle's digest."""

_API = "/api/2.0/mlflow"
_PAUSES_S = (0.2, 0.6, 1.5)
_TIMEOUT = httpx.Timeout(30.0, connect=3.0)
_LARGEST_ANSWER_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Reference:
    """What a person asks for: NAME@ALIAS or NAME/VERSION."""

    name: str
    alias: str | None = None
    version: int | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.alias}" if self.alias else f"{self.name}/{self.version}"


@dataclass(frozen=True)
class Version:
    """One registered version. source: where the server keeps its files; run_id: the run that published it."""

    name: str
    number: int
    source: str
    run_id: str
    tags: Mapping[str, str]

    @property
    def sha256(self) -> str | None:
        """The digest of the bundle it holds, as the publisher tagged it."""
        return self.tags.get(SHA256_TAG)


def parse_reference(text: str) -> Reference:
    """Read NAME@ALIAS or NAME/VERSION. Raises ConfigError with an example."""
    name, at, alias = text.partition("@")
    if at and name and alias and "/" not in text:
        return Reference(name, alias=alias)
    name, slash, number = text.partition("/")
    if slash and name and "@" not in text and number.isascii() and number.isdecimal():
        return Reference(name, version=int(number))
    example = name if name and not (at or slash) else "digits.nano33ble"
    raise ConfigError(
        f"{text!r} is neither NAME@ALIAS nor NAME/VERSION", next_step=f"flashfit pull {example}@candidate"
    )


class Registry:
    """An MLflow server, read over HTTP. A context manager.

    Connection failures and 5xx answers are tried again a few times, then raise SurroundingsError naming
    the address (exit code 3). What the server does not know raises ConfigError (2).
    """

    def __init__(
        self,
        address: str,
        *,
        transport: httpx.BaseTransport | None = None,
        pauses_s: Sequence[float] = _PAUSES_S,
    ) -> None:
        """address: http://host:port, with user:password@ where the server asks for it."""
        url = _checked(address)
        self.address = str(url.copy_with(username=None, password=None)).rstrip("/")
        self._pauses_s = pauses_s
        self._http = httpx.Client(base_url=url, transport=transport, timeout=_TIMEOUT, follow_redirects=True)

    def __enter__(self) -> "Registry":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def resolve(self, reference: Reference) -> Version:
        """The version a reference stands for now. Raises ConfigError for a name, alias or number unknown."""
        if reference.alias:
            query = {"name": reference.name, "alias": reference.alias}
            answer = self._json("registered-models/alias", query)
        else:
            query = {"name": reference.name, "version": str(reference.version)}
            answer = self._json("model-versions/get", query)
        if answer is None:
            raise self._unknown(reference)
        return _version(answer["model_version"])

    def read(self, version: Version, path: str, at_most: int) -> bytes:
        """One file of a version. Raises BundleError if it is missing or longer than at_most bytes."""
        query = {"name": version.name, "version": str(version.number), "path": path}
        status, content = self._get("/model-versions/get-artifact", query, at_most)
        if status == httpx.codes.NOT_FOUND:
            raise BundleError(
                f"bundle refused: {version.name} version {version.number} holds no {path} ({version.source})"
            )
        if status != httpx.codes.OK:
            raise self._not_mlflow(f"status {status} for {path}")
        if len(content) > at_most:
            raise BundleError(f"bundle refused: {path} is longer than the {at_most:,} B it should have")
        return content

    def _unknown(self, reference: Reference) -> ConfigError:
        answer = self._json("registered-models/get", {"name": reference.name})
        if answer is None:
            product = reference.name.partition(".")[0]
            return ConfigError(
                f"{self.address} has no registered model {reference.name!r}",
                next_step=f"flashfit build {product}, where the pipeline is installed",
            )
        aliases = [entry["alias"] for entry in answer["registered_model"].get("aliases", ())]
        known = f" (aliases: {', '.join(sorted(aliases))})" if aliases else ""
        wanted = f"alias {reference.alias!r}" if reference.alias else f"version {reference.version}"
        return ConfigError(
            f"{reference.name} has no {wanted} at {self.address}{known}",
            next_step=f"flashfit pull {reference.name}@{aliases[0]}" if aliases else None,
        )

    def _json(self, verb: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """MLflow's answer; None where it says that the thing does not exist (400 for an alias, else 404)."""
        status, content = self._get(f"{_API}/{verb}", query, _LARGEST_ANSWER_BYTES)
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise self._not_mlflow(f"status {status}, no JSON")
        if status == httpx.codes.OK:
            return answer
        if status in (httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND) and "error_code" in answer:
            return None
        raise self._not_mlflow(f"status {status}: {answer.get('message', '')}")

    def _get(self, path: str, query: Mapping[str, str], at_most: int) -> tuple[int, bytes]:
        """Status and content of an answer below 500; content stops soon after at_most bytes."""
        for pause_s in (*self._pauses_s, None):
            try:
                status, content = self._get_once(path, query, at_most)
                trouble = f"status {status}: {_excerpt(content)}"
            except httpx.HTTPError as error:
                status, trouble = 0, str(error) or type(error).__name__
            if status and status < httpx.codes.INTERNAL_SERVER_ERROR:
                return self._admitted(status, content), content
            if pause_s is not None:
                time.sleep(pause_s)
        words = "fails" if status else "does not answer"
        raise SurroundingsError(
            f"MLflow at {self.address} {words} ({trouble})",
            next_step="make serve, or give the registry's address with --registry",
        )

    def _get_once(self, path: str, query: Mapping[str, str], at_most: int) -> tuple[int, bytes]:
        content = bytearray()
        with self._http.stream("GET", path, params=dict(query)) as answer:
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > at_most:
                    break
        return answer.status_code, bytes(content)

    def _admitted(self, status: int, content: bytes) -> int:
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise ConfigError(
                f"MLflow at {self.address} does not let you read (status {status}: {_excerpt(content)})",
                next_step="give an account: --registry http://USER:PASSWORD@HOST:PORT",
            )
        return status

    def _not_mlflow(self, detail: str) -> SurroundingsError:
        return SurroundingsError(f"{self.address} does not answer as an MLflow server does ({detail})")


def _checked(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError(f"{address!r} is no registry address", next_step="--registry http://HOST:PORT")
    return url


def _excerpt(content: bytes) -> str:
    return " ".join(content[:200].decode(errors="replace").split())


def _version(answer: Mapping[str, Any]) -> Version:
    return Version(
        name=answer["name"],
        number=int(answer["version"]),
        source=answer.get("source", ""),
        run_id=answer.get("run_id", ""),
        tags={tag["key"]: tag.get("value", "") for tag in answer.get("tags", ())},
    )
