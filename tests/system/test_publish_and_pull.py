"""From a finished bundle to a firmware team's folder, through a real MLflow server."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from flashfit.errors import ConfigError, DoesNotFit, SurroundingsError
from flashfit.manifest import (
    BundleError,
    Manifest,
    ManifestFootprint,
    ManifestQuality,
    bundle_sha256,
    entries_of,
    read_manifest_bytes,
    verify_folder,
)
from flashfit.registry.client import Reference, Registry, Version
from flashfit.registry.pull import pull
from flashfit.tflite.divergence import Difference, Divergence
from tasks.lineage import file_sha256
from tasks.paths import Paths
from tasks.publish import Published, publish
from tasks.stage import read_params
from tasks.surroundings import Servers, note_servers
from tasks.tracking import KERAS_SHA256_TAG, connect, tracked_run

if TYPE_CHECKING:
    from conftest import MlflowServer

REPOSITORY = Path(__file__).parents[2]
TARGET = "nano33ble"
UNUSED = "http://127.0.0.1:9"
"""Nothing listens on the discard port."""


class Checkout:
    """A checkout with one product whose stages up to bundle are done. Every product is a test's own."""

    def __init__(self, root: Path, product: str) -> None:
        self.paths, self.product = Paths(root), product
        self.files = self.paths.of_build(product, TARGET)
        root.mkdir(parents=True, exist_ok=True)
        self.paths.dvc_yaml.touch()
        self.paths.params.write_text(yaml.safe_dump(_params(product)))
        shutil.copytree(REPOSITORY / "deploy" / "targets", self.paths.targets, dirs_exist_ok=True)
        self.judge("FITS")
        self.bundle(b"model of " + product.encode())

    @property
    def name(self) -> str:
        return f"{self.product}.{TARGET}"

    def judge(self, word: str) -> None:
        """Leave a verdict."""
        self.files.evaluation.mkdir(parents=True, exist_ok=True)
        self.files.verdict.write_text(json.dumps(_verdict(self.product, word)))

    def bundle(self, model: bytes, **parts: str) -> str:
        """Leave a bundle with this model and these parts, named less `.json`, in it; its digest."""
        (self.files.bundle / "src").mkdir(parents=True, exist_ok=True)
        (self.files.bundle / "model.tflite").write_bytes(model)
        for name, content in parts.items():
            (self.files.bundle / f"{name}.json").write_text(content)
        (self.files.bundle / "src" / "model.cc").write_text("const int x = 1;\n")
        manifest = Manifest(
            product=self.product,
            target=TARGET,
            name=self.name,
            files=entries_of(self.files.bundle),
            footprint=ManifestFootprint(flash_bytes=12_000, arena_bytes=5_000, macs=40_000, source="measured"),
            quality=ManifestQuality(metric="accuracy", int8=0.975, float_=0.981, n=360),
            lineage={"data": "0" * 64},
        ).to_bytes()
        self.files.manifest.write_bytes(manifest)
        return bundle_sha256(manifest)

    def publish(self) -> Published:
        return publish(self.paths, read_params(self.paths).build(self.product, TARGET))

    def command(self, *, patch: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """`python -m tasks.publish` in this checkout, after some lines of Python."""
        run = f"{patch}\nimport runpy, sys\nsys.argv[1:] = {[self.product, TARGET]!r}\n"
        run += "runpy.run_module('tasks.publish', run_name='__main__', alter_sys=True)"
        return subprocess.run(
            [sys.executable, "-c", run],
            cwd=self.paths.root,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _params(product: str) -> dict[str, Any]:
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    params["products"] = {product: params["products"]["digits"]}
    params["builds"] = {f"{product}-{TARGET}": params["builds"][f"digits-{TARGET}"] | {"product": product}}
    return dict(params)


def _verdict(product: str, word: str) -> dict[str, Any]:
    return {
        "product": product,
        "target": TARGET,
        "verdict": word,
        "footprint": {"flash_bytes": 12_000, "arena_bytes": 5_000, "macs": 40_000, "source": "measured"},
        "budget": {"flash": 65_536, "arena": 16_384, "macs": 1_000_000},
        "quality": None,
        "gates": [],
    }


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[[str], Checkout]:
    """Make a checkout with a product of that name."""
    return lambda product: Checkout(tmp_path / "checkout", product)


@pytest.fixture
def through_server(mlflow_server: "MlflowServer", monkeypatch: pytest.MonkeyPatch) -> "MlflowServer":
    """The environment names the server, as it does where a company runs its own."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.url)
    return mlflow_server


@pytest.fixture
def embedded(mlflow_server: "MlflowServer", monkeypatch: pytest.MonkeyPatch) -> "MlflowServer":
    """No server is named: publishing writes the database that the server happens to serve."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return mlflow_server


def versions(server: "MlflowServer", name: str) -> list[int]:
    answer = httpx.get(f"{server.url}/api/2.0/mlflow/model-versions/search", params={"filter": f"name = '{name}'"})
    return sorted(int(version["version"]) for version in answer.json().get("model_versions", ()))


def candidate(server: "MlflowServer", name: str) -> Version:
    with Registry(server.url) as registry:
        return registry.resolve(Reference(name, alias="candidate"))


def fetch(server: "MlflowServer", name: str, into: Path) -> None:
    with Registry(server.url) as registry:
        pull(registry, Reference(name, alias="candidate"), into)


def digest_of(folder: Path) -> str:
    verify_folder(folder)
    return bundle_sha256(read_manifest_bytes(folder))


def stored_files(server: "MlflowServer", run_id: str) -> Path:
    """Where the server keeps the bundle of a publishing run."""
    found = list(server.served.mlflow_artifacts.rglob(f"{run_id}/artifacts/bundle"))
    assert len(found) == 1
    return found[0]


def test_the_command_registers_a_version_and_then_finds_it(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout]
) -> None:
    plates = checkout("plates")
    digest = digest_of(plates.files.bundle)

    first, again = plates.command(), plates.command()

    assert first.stdout == f"registered plates.nano33ble version 1 @candidate   bundle sha256:{digest}\n"
    assert again.stdout == (f"plates.nano33ble version 1 @candidate has these bytes already   bundle sha256:{digest}\n")
    assert (first.stderr, again.stderr) == ("", "")
    assert versions(through_server, plates.name) == [1]
    published = json.loads(plates.files.published.read_text())
    assert published["created"] is False
    assert published["bundle_sha256"] == digest


def test_a_version_published_through_a_server_can_be_pulled_from_it(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout], tmp_path: Path
) -> None:
    leaves = checkout("leaves")
    leaves.publish()
    assert candidate(through_server, leaves.name).source.startswith("mlflow-artifacts:")
    fetch(through_server, leaves.name, tmp_path / "firmware")
    assert digest_of(tmp_path / "firmware") == digest_of(leaves.files.bundle)


def test_a_version_published_without_a_server_can_be_pulled_from_one_started_over_the_database(
    embedded: "MlflowServer", tmp_path: Path
) -> None:
    coins = Checkout(embedded.served.root, "coins")
    coins.publish()
    assert candidate(embedded, coins.name).source.startswith("file:///")
    fetch(embedded, coins.name, tmp_path / "firmware")
    assert digest_of(tmp_path / "firmware") == digest_of(coins.files.bundle)
    assert not coins.publish().created


def test_a_version_published_through_make_serve_lies_in_the_checkout_and_needs_no_server_later(
    embedded: "MlflowServer", monkeypatch: pytest.MonkeyPatch, always_healthy: str
) -> None:
    stamps = Checkout(embedded.served.root, "stamps")
    note_servers(stamps.paths, Servers(mlflow=embedded.url, prefect=always_healthy))
    served = stamps.publish()
    stamps.paths.servers.unlink()
    assert served.registry == embedded.url
    assert candidate(embedded, stamps.name).source.startswith(stamps.paths.mlflow_artifacts.as_uri())
    assert not stamps.publish().created


@pytest.fixture
def always_healthy() -> Iterator[str]:
    """In Prefect's place: an address that answers."""

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_version_says_in_its_tags_what_it_holds_and_which_run_trained_it(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout]
) -> None:
    tiles = checkout("tiles")
    tiles.paths.dvc_lock.write_text(yaml.safe_dump({"stages": {"prepare@tiles": {"outs": [{"md5": "ab.dir"}]}}}))
    tiles.files.training.mkdir(parents=True)
    tiles.files.keras.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with tracked_run(tiles.paths, "tiles", "train tiles.nano33ble", tags={KERAS_SHA256_TAG: empty}) as run:
        pass
    tiles.publish()
    tags = candidate(through_server, tiles.name).tags
    assert tags == {
        "sha256": digest_of(tiles.files.bundle),
        "dvc_lock_sha256": file_sha256(tiles.paths.dvc_lock),
        "flash_bytes": "12000",
        "arena_bytes": "5000",
        "macs": "40000",
        "metric": "accuracy",
        "int8": "0.975",
        "float": "0.981",
        "data_md5": "ab.dir",
        "training_run_id": run.id,
    }


def test_a_version_says_in_its_tags_how_far_litert_is_from_tflm(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout]
) -> None:
    pair = Difference(one="tflm", other="litert", n=372, flips=3, exact=370, max_lsb=6, max_difference=0.023)
    ferns = checkout("ferns")
    ferns.bundle(b"ferns", divergence=Divergence(n=372, pairs=(pair,)).model_dump_json())
    ferns.publish()
    tags = candidate(through_server, ferns.name).tags
    assert (tags["litert_flips"], tags["litert_max_lsb"]) == ("3", "6")


def test_other_bytes_make_a_new_version_and_old_bytes_bring_their_version_back(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout]
) -> None:
    moths = checkout("moths")
    moths.publish()
    moths.bundle(b"better")
    assert moths.publish().version == 2
    assert candidate(through_server, moths.name).number == 2
    moths.bundle(b"model of moths")
    assert not moths.publish().created
    assert candidate(through_server, moths.name).number == 1
    assert versions(through_server, moths.name) == [1, 2]


def test_of_two_publishers_at_once_one_makes_the_version(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout]
) -> None:
    gears = checkout("gears")
    two = [threading.Thread(target=gears.publish) for _ in range(2)]
    for publisher in two:
        publisher.start()
    for publisher in two:
        publisher.join()
    assert versions(through_server, gears.name) == [1]
    assert candidate(through_server, gears.name).sha256 == digest_of(gears.files.bundle)


def test_the_candidate_is_found_on_a_server_without_importing_mlflow(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout]
) -> None:
    rings = checkout("rings")
    rings.publish()
    again = rings.command(patch="import sys\nsys.modules['mlflow'] = None")
    assert again.stdout.startswith("rings.nano33ble version 1 @candidate has these bytes already")


def test_a_verdict_that_does_not_fit_publishes_nothing(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout]
) -> None:
    bolts = checkout("bolts")
    bolts.judge("DOES NOT FIT")
    with pytest.raises(DoesNotFit, match=r"bolts.nano33ble is not published: its verdict is DOES NOT FIT"):
        bolts.publish()
    assert versions(through_server, bolts.name) == []


def test_a_build_that_was_not_evaluated_is_not_published(checkout: Callable[[str], Checkout]) -> None:
    bolts = checkout("bolts")
    bolts.files.verdict.unlink()
    with pytest.raises(ConfigError, match=r"verdict.json does not exist; next: flashfit build bolts"):
        bolts.publish()


def test_a_damaged_bundle_is_not_published(through_server: "MlflowServer", checkout: Callable[[str], Checkout]) -> None:
    bolts = checkout("bolts")
    (bolts.files.bundle / "model.tflite").write_bytes(b"other")
    with pytest.raises(BundleError, match=r"bundle refused: .*model.tflite has sha256"):
        bolts.publish()
    assert versions(through_server, bolts.name) == []


def test_an_unreachable_mlflow_fails_within_seconds_and_a_later_run_publishes(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout], monkeypatch: pytest.MonkeyPatch
) -> None:
    pears = checkout("pears")
    began = time.monotonic()
    failed = pears.command(MLFLOW_TRACKING_URI=UNUSED)
    assert time.monotonic() - began < 30
    assert failed.returncode == 3
    next_step = "start it, or unset MLFLOW_TRACKING_URI, then flashfit build pears"
    assert failed.stderr == f"MLflow at {UNUSED} does not answer; next: {next_step}\n"
    assert pears.publish().created


def test_a_database_that_cannot_be_read_is_told_at_once(
    checkout: Callable[[str], Checkout], monkeypatch: pytest.MonkeyPatch
) -> None:
    pears = checkout("pears")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    pears.paths.state.mkdir()
    pears.paths.mlflow_database.write_bytes(b"no database " * 100)
    with pytest.raises(SurroundingsError, match=r"mlflow.db cannot be read: file is not a database"):
        pears.publish()


@pytest.mark.parametrize("step", ["log_artifacts", "create_model_version", "set_registered_model_alias"])
def test_a_kill_before_any_step_of_publishing_leaves_no_version_or_a_whole_one(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout], tmp_path: Path, step: str
) -> None:
    kites = checkout(f"kites-{step.split('_')[0]}")
    die = "lambda *_, **__: os.kill(os.getpid(), 9)"
    killed = kites.command(patch=f"import os, mlflow\nmlflow.MlflowClient.{step} = {die}")
    assert killed.returncode == -9

    whole = step == "set_registered_model_alias"
    assert versions(through_server, kites.name) == ([1] if whole else [])
    assert kites.publish().created is not whole
    assert versions(through_server, kites.name) == [1]
    fetch(through_server, kites.name, tmp_path / "firmware")
    assert digest_of(tmp_path / "firmware") == digest_of(kites.files.bundle)


def test_bytes_changed_on_the_server_are_refused_by_pull_and_mended_by_publish(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout], tmp_path: Path
) -> None:
    roofs = checkout("roofs")
    published = roofs.publish()
    (stored_files(through_server, published.run_id) / "model.tflite").write_bytes(b"MODEL of roofs")

    with pytest.raises(BundleError, match=r"bundle refused: model.tflite has sha256"):
        fetch(through_server, roofs.name, tmp_path / "firmware" / "roofs")
    assert list((tmp_path / "firmware").iterdir()) == []

    assert roofs.publish().version == 2
    fetch(through_server, roofs.name, tmp_path / "firmware" / "roofs")
    assert digest_of(tmp_path / "firmware" / "roofs") == digest_of(roofs.files.bundle)


KILLS = {
    "in the first file": "client.Registry.read = die",
    "in the second file": "count(client.Registry, 'read', 3)",
    "before the folder is put in place": "pull.put_in_place = die",
    "before the old folder is removed": "swap.shutil.rmtree = die",
}
PULL_AND_DIE = """
import os, sys
from pathlib import Path
from flashfit.registry import client, pull, swap

def die(*_, **__):
    os.kill(os.getpid(), 9)

def count(owner, name, left):
    real = getattr(owner, name)
    calls = iter(range(left - 1))
    setattr(owner, name, lambda *a, **k: real(*a, **k) if next(calls, None) is not None else die())

{kill}
registry = client.Registry(sys.argv[1])
pull.pull(registry, client.parse_reference(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.parametrize("moment", KILLS)
def test_a_kill_during_pull_leaves_the_old_bundle_or_the_new_one(
    through_server: "MlflowServer", checkout: Callable[[str], Checkout], tmp_path: Path, moment: str
) -> None:
    wings = checkout("wings")
    into = tmp_path / "firmware"
    old = wings.bundle(b"the old model")
    wings.publish()
    fetch(through_server, wings.name, into)
    new = wings.bundle(b"the new model")
    wings.publish()

    script = PULL_AND_DIE.format(kill=KILLS[moment])
    arguments = [through_server.url, f"{wings.name}@candidate", str(into)]
    killed = subprocess.run([sys.executable, "-c", script, *arguments], timeout=60, check=False)

    assert killed.returncode == -9
    assert digest_of(into) == (new if moment == "before the old folder is removed" else old)
    fetch(through_server, wings.name, into)
    assert digest_of(into) == new


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with flashfit's base install and nothing else."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("needs uv on the PATH to make a second environment")
    folder = tmp_path_factory.mktemp("light")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True, timeout=120)
    install = [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", REPOSITORY]
    done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode and "error sending request" in done.stderr:
        pytest.skip(f"no package registry answers: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def in_light(light: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [light / words[0], *words[1:]],
        cwd=light.parent,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("package", ["tensorflow", "keras", "mlflow", "yaml", "numpy", "prefect", "dvc", "optuna"])
def test_the_light_install_has_none_of_the_pipelines_packages(light: Path, package: str) -> None:
    assert f"No module named '{package}'" in in_light(light, "python", "-c", f"import {package}").stderr


def test_the_light_install_pulls_over_plain_http(
    light: Path, through_server: "MlflowServer", checkout: Callable[[str], Checkout], tmp_path: Path
) -> None:
    birds = checkout("birds")
    digest = birds.publish().bundle_sha256
    words = ["flashfit", "pull", f"{birds.name}@candidate", "--into", str(tmp_path / "firmware")]

    first = in_light(light, *words, "--registry", through_server.url)
    again = in_light(light, *words, "--json", FLASHFIT_REGISTRY=through_server.url)

    assert first.stdout == (
        f"pulled birds.nano33ble version 1 @candidate into {tmp_path / 'firmware'}   bundle sha256:{digest}\n"
    )
    assert digest_of(tmp_path / "firmware") == digest
    assert json.loads(again.stdout) == {
        "name": "birds.nano33ble",
        "version": 1,
        "alias": "candidate",
        "bundle_sha256": digest,
        "previous_sha256": digest,
        "into": str(tmp_path / "firmware"),
        "changed": False,
        "registry": through_server.url,
    }


@pytest.mark.parametrize(
    ("reference", "registry", "exit_code", "words"),
    [
        ("birds.nano33ble@candidate", UNUSED, 3, f"MLflow at {UNUSED} does not answer"),
        ("nobody.nano33ble@candidate", "", 2, "has no registered model 'nobody.nano33ble'"),
        ("birds.nano33ble", "", 2, "next: flashfit pull birds.nano33ble@candidate"),
    ],
)
def test_a_pull_that_cannot_be_says_why_in_one_line(
    light: Path, through_server: "MlflowServer", reference: str, registry: str, exit_code: int, words: str
) -> None:
    failed = in_light(light, "flashfit", "pull", reference, "--registry", registry or through_server.url)
    assert failed.returncode == exit_code
    assert words in failed.stderr
    assert failed.stderr.count("\n") == 1


def test_an_experiment_of_another_place_is_left_there(
    embedded: "MlflowServer", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Checkout(tmp_path / "first", "shoes")
    first.publish()
    shutil.copytree(first.paths.root, tmp_path / "copy")
    shutil.rmtree(first.paths.root)
    copy = Checkout(tmp_path / "copy", "shoes")
    published = copy.publish()
    client, _ = connect(copy.paths)
    assert published.created
    assert client.get_run(published.run_id).info.artifact_uri.startswith(copy.paths.mlflow_artifacts.as_uri())
    assert not first.paths.root.exists()
