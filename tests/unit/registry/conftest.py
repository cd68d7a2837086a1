"""A registry that answers as MLflow 3.17 does, in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from flashfit.manifest import Manifest, ManifestFootprint, ManifestQuality, bundle_sha256, entry_of
from flashfit.registry.client import Registry

NAME = "digits.nano33ble"


@dataclass
class FakeMlflow:
    """Versions of one model, each a mapping of files; the latest is the candidate."""

    versions: dict[int, dict[str, bytes]] = field(default_factory=dict)
    tags: dict[int, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    failures: list[int | Exception] = field(default_factory=list)

    def add(self, files: Mapping[str, bytes], product: str = "digits") -> str:
        """Register a bundle of these files as the next version; its digest."""
        manifest = Manifest(
            product=product,
            target="nano33ble",
            name=f"{product}.nano33ble",
            files={name: entry_of(content) for name, content in files.items()},
            footprint=ManifestFootprint(flash_bytes=1, arena_bytes=1, macs=1, source="measured"),
            quality=ManifestQuality(metric="accuracy", int8=0.98, float_=0.99, n=360),
            lineage={},
        ).to_bytes()
        number = len(self.versions) + 1
        self.versions[number] = {**files, "manifest.json": manifest}
        self.tags[number] = {"sha256": bundle_sha256(manifest)}
        return bundle_sha256(manifest)

    def registry(self) -> Registry:
        """The client under test, speaking to this."""
        transport = httpx.MockTransport(self._answer)
        return Registry("http://registry:5000", transport=transport, pauses_s=(0.0, 0.0))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request.url.path)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return httpx.Response(failure, text="try later")
        query = request.url.params
        if request.url.path == "/model-versions/get-artifact":
            return self._artifact(int(query["version"]), query["path"])
        if query.get("name") not in (None, NAME):
            return _does_not_exist(404, "RESOURCE_DOES_NOT_EXIST", "Registered Model not found")
        return self._api(request.url.path.removeprefix("/api/2.0/mlflow/"), query)

    def _api(self, verb: str, query: httpx.QueryParams) -> httpx.Response:
        if verb == "registered-models/get":
            aliases = [{"alias": "candidate", "version": str(max(self.versions))}]
            return httpx.Response(200, json={"registered_model": {"name": NAME, "aliases": aliases}})
        if verb == "registered-models/alias":
            if query["alias"] != "candidate":
                return _does_not_exist(400, "INVALID_PARAMETER_VALUE", "Registered model alias not found.")
            return httpx.Response(200, json={"model_version": self._version(max(self.versions))})
        if verb == "model-versions/get":
            if int(query["version"]) not in self.versions:
                return _does_not_exist(404, "RESOURCE_DOES_NOT_EXIST", "Model Version not found")
            return httpx.Response(200, json={"model_version": self._version(int(query["version"]))})
        return self._page(query)

    def _page(self, query: httpx.QueryParams) -> httpx.Response:
        """One version a page, newest first, those whose sha256 the filter names."""
        wanted = [n for n in reversed(self.versions) if f"'{self.tags[n].get('sha256')}'" in query["filter"]]
        place = int(query.get("page_token") or 0)
        body = {"model_versions": [self._version(number) for number in wanted[place : place + 1]]}
        more = {"next_page_token": str(place + 1)} if place + 1 < len(wanted) else {}
        return httpx.Response(200, json={**body, **more})

    def _version(self, number: int) -> dict[str, object]:
        tags = [{"key": key, "value": value} for key, value in self.tags[number].items()]
        source = f"mlflow-artifacts:/1/{number}/bundle"
        return {"name": NAME, "version": str(number), "source": source, "run_id": "run", "tags": tags}

    def _artifact(self, number: int, path: str) -> httpx.Response:
        if path not in self.versions[number]:
            return _does_not_exist(404, "RESOURCE_DOES_NOT_EXIST", f"No such artifact: '{path}'")
        return httpx.Response(200, content=self.versions[number][path])


def _does_not_exist(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error_code": code, "message": message})


@pytest.fixture
def mlflow() -> FakeMlflow:
    return FakeMlflow()


@pytest.fixture
def no_mlflow() -> Callable[[httpx.Response], Registry]:
    """A client of a server that gives one answer to everything."""

    def speak_to(answer: httpx.Response) -> Registry:
        return Registry("http://registry:5000", transport=httpx.MockTransport(lambda _: answer), pauses_s=(0.0,))

    return speak_to
