"""A new bundle against the version in production: real models on TFLM, real versions in MLflow's SQLite."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from flashfit.data.features import FeatureWriter
from flashfit.errors import DoesNotFit
from flashfit.footprint import Footprint
from flashfit.gates.against import AgainstProduction
from flashfit.gates.estimate import Drop
from flashfit.gates.quality import Quality
from flashfit.gates.verdict import DOES_NOT_FIT, FITS, NOT_ENOUGH_EVIDENCE, judge
from flashfit.manifest import Manifest, ManifestFootprint, ManifestQuality, entries_of
from flashfit.params import Budget, Gates
from tasks.lineage import folder_sha256
from tasks.paths import Paths
from tasks.publish import Published, publish
from tasks.stage import read_params, save_json
from tasks.tracking import connect
from tasks.verdict import standing
from tests import handmade

REPOSITORY = Path(__file__).parents[2]
TARGET, SAMPLES, LABELS = "nano33ble", 300, ("a", "b", "c")
FINE, AS_FINE, COARSE = (handmade.identity(scale=scale) for scale in (0.5, 0.4, 10.0))
"""Models that answer with the largest of three inputs; the coarse one does not see a faint input."""


class Bench:
    """A checkout with one product, whose test split holds some faint samples, and bundles of one's choice."""

    def __init__(self, root: Path, product: str, faint: int, **gates: Any) -> None:
        self.paths, self.product = Paths(root), product
        self.files = self.paths.of_build(product, TARGET)
        self.gates = Gates.model_validate({"least_accuracy": 0.5, "largest_drop": 0.02, **gates})
        self.paths.dvc_yaml.touch()
        self.paths.params.write_text(yaml.safe_dump(_params(product)))
        shutil.copytree(REPOSITORY / "deploy" / "targets", self.paths.targets, dirs_exist_ok=True)
        self._write_test_split(faint)

    def publish(self, model: bytes, front_end: str = "one") -> Published:
        """Bundle a model and publish it."""
        self._bundle(model, front_end)
        return publish(self.paths, read_params(self.paths).build(self.product, TARGET))

    def promote(self, version: int) -> None:
        """What a person does in the registry."""
        connect(self.paths)[0].set_registered_model_alias(self.name, "production", str(version))

    @property
    def name(self) -> str:
        return f"{self.product}.{TARGET}"

    @property
    def candidate(self) -> int:
        return int(connect(self.paths)[0].get_model_version_by_alias(self.name, "candidate").version)

    @property
    def versions(self) -> int:
        return len(connect(self.paths)[0].search_model_versions(f"name = '{self.name}'"))

    @property
    def against(self) -> AgainstProduction:
        return AgainstProduction.model_validate_json(self.files.against_production.read_bytes())

    @property
    def word(self) -> str | None:
        verdict = standing(self.paths, read_params(self.paths).build(self.product, TARGET)).verdict
        return verdict.verdict if verdict else None

    def _write_test_split(self, faint: int) -> None:
        writer = FeatureWriter(self.paths.of_product(self.product).features("test"), SAMPLES, (3,))
        for number in range(SAMPLES):
            label = 1 + number % 2
            x = np.zeros(3, np.float32)
            x[label] = 1 if number < faint else 50
            writer.add(x, label, f"sample-{number}", f"sample-{number}")
        writer.close()

    def _bundle(self, model: bytes, front_end: str) -> None:
        drop = Drop(0.0, -0.01, 0.01, 0.5, SAMPLES, None, "exact", 0.05)
        quality = Quality(int8=0.98, float_=0.98, int8_recall=dict.fromkeys(LABELS, 0.98), n=SAMPLES, drop=drop)
        footprint = Footprint(flash_bytes=1, arena_bytes=1, macs=1, source="measured")
        verdict = judge(self.product, TARGET, footprint, Budget(flash=9, arena=9, macs=9), quality, self.gates)
        assert verdict.verdict == FITS
        save_json(self.files.verdict, verdict)
        save_json(self.files.bundle / "verdict.json", verdict)
        (self.files.bundle / "model.tflite").write_bytes(model)
        (self.files.bundle / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS))
        test = folder_sha256(self.paths.of_product(self.product).features("test"))
        manifest = Manifest(
            product=self.product,
            target=TARGET,
            name=self.name,
            files=entries_of(self.files.bundle),
            footprint=ManifestFootprint(flash_bytes=1, arena_bytes=1, macs=1, source="measured"),
            quality=ManifestQuality(metric="accuracy", int8=0.98, float_=0.98, n=SAMPLES),
            lineage={"frontend_sha256": front_end, "test_sha256": test},
        )
        self.files.manifest.write_bytes(manifest.to_bytes())


def _params(product: str) -> dict[str, Any]:
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text(encoding="utf-8"))
    params["products"] = {product: params["products"]["digits"]}
    params["builds"] = {f"{product}-{TARGET}": params["builds"][f"digits-{TARGET}"] | {"product": product}}
    return dict(params)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One checkout, whose database is made once."""
    return tmp_path_factory.mktemp("bench")


@pytest.fixture
def bench(root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    """bench(product, faint=…, largest_drop=…): a product of a test's own."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return lambda product, faint=0, **gates: Bench(root, product, faint, **gates)


def test_a_candidate_as_good_as_production_is_published_and_says_how_it_compares(bench: Callable[..., Bench]) -> None:
    apples = bench("apples")
    apples.promote(apples.publish(FINE).version)
    assert not apples.files.against_production.exists()
    published = apples.publish(AS_FINE)
    assert (published.version, apples.candidate, apples.word) == (2, 2, FITS)
    gate = apples.against.gate
    assert gate is not None
    assert (gate.name, gate.value, gate.method) == ("drop from production version 1", 0.0, "exact: 0 lost, 0 gained")
    assert published.notes == (str(apples.against),)
    assert "against 2 %: passed (look 1 at this test split)" in str(apples.against)


def test_a_candidate_worse_than_production_is_refused_and_nothing_is_published(bench: Callable[..., Bench]) -> None:
    pears = bench("pears", faint=40)
    pears.promote(pears.publish(FINE).version)
    with pytest.raises(
        DoesNotFit, match=r"^DOES NOT FIT  pears → .*: drop from production version 1 13.33 % \(.*\) aga"
    ):
        pears.publish(COARSE)
    assert (pears.versions, pears.candidate, pears.word) == (1, 1, DOES_NOT_FIT)


def test_a_candidate_that_may_be_worse_is_not_published_and_the_samples_are_named(bench: Callable[..., Bench]) -> None:
    plums = bench("plums", faint=3)
    plums.promote(plums.publish(FINE).version)
    with pytest.raises(
        DoesNotFit, match=r"^NOT ENOUGH EVIDENCE .* of 300 samples, .* about \d+ samples would be enough"
    ):
        plums.publish(COARSE)
    assert (plums.candidate, plums.word) == (1, NOT_ENOUGH_EVIDENCE)


def test_a_product_that_asks_for_no_evidence_is_compared_by_the_numbers(bench: Callable[..., Bench]) -> None:
    figs = bench("figs", faint=3, evidence="point")
    figs.promote(figs.publish(FINE).version)
    assert figs.publish(COARSE).version == 2


def test_each_further_candidate_on_one_test_split_is_held_to_a_stricter_level(bench: Callable[..., Bench]) -> None:
    limes = bench("limes", largest_drop=0.05)
    limes.promote(limes.publish(FINE).version)
    widths = []
    for scale in (0.4, 0.6, 0.6, 0.7):
        limes.publish(handmade.identity(scale=scale))
        assert limes.against.gate is not None
        widths.append((limes.against.look, limes.against.gate.high))
    assert [look for look, _ in widths] == [1, 2, 2, 3]
    assert widths[0][1] < widths[1][1] == widths[2][1] < widths[3][1]


def test_a_model_with_another_front_end_is_not_compared_and_that_is_said(bench: Callable[..., Bench]) -> None:
    kiwis = bench("kiwis", faint=40)
    kiwis.promote(kiwis.publish(FINE).version)
    published = kiwis.publish(COARSE, front_end="another")
    assert published.notes == ("not compared with production version 1: its front end is another",)
    assert (kiwis.against.gate, kiwis.word) == (None, FITS)


def test_the_bytes_in_production_are_not_compared_with_themselves(bench: Callable[..., Bench]) -> None:
    dates = bench("dates")
    dates.promote(dates.publish(FINE).version)
    assert not dates.publish(FINE).created
    assert not dates.files.against_production.exists()


def test_a_loosened_gate_is_told_at_publishing_and_on_the_version(bench: Callable[..., Bench]) -> None:
    bench("olives").publish(FINE)
    olives = bench("olives", largest_drop=0.05)
    published = olives.publish(AS_FINE)
    told = "gates since version 1: largest_drop 0.02 → 0.05 (loosened)"
    assert published.notes == (told,)
    assert str(published).splitlines()[1:] == [told]
    tags = connect(olives.paths)[0].get_model_version(olives.name, "2").tags
    assert tags["gates_changed"] == told
    assert json.loads(tags["gates"])["largest_drop"] == 0.05
