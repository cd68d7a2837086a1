"""The lines that stay on the screen."""

from flashfit.cli.ending import ending
from flashfit.footprint import Footprint
from flashfit.gates.mcnemar import exact_drop
from flashfit.gates.verdict import Quality, judge
from flashfit.params import Budget, Build, Gates
from tasks.publish import Published
from tasks.verdict import Standing

BUDGET = Budget(flash=1024, arena=1024, macs=200)
BUILD = Build(product="gestures", target="nano33ble", budget=BUDGET)


def standing_of(n: int, published: Published | None = None) -> Standing:
    """int8 answers each of n samples as float does."""
    footprint = Footprint(flash_bytes=512, arena_bytes=512, macs=100, source="measured")
    quality = Quality(int8=0.96, float_=0.96, n=n, drop=exact_drop(0, 0, n, 0.04))
    gates = Gates(least_accuracy=0.92, largest_drop=0.04)
    verdict = judge("gestures", "nano33ble", footprint, BUDGET, quality, gates)
    return Standing(BUILD, verdict, "0" * 64, published)


def test_too_few_samples_end_with_how_many_would_be_enough_and_what_to_do() -> None:
    assert list(ending(standing_of(25), "make serve")) == [
        "NOT ENOUGH EVIDENCE  gestures → nano33ble: drop from float 0.00 % (-11.36 – 11.36 %), of 25 samples, "
        "against 4 %: about 127 samples would be enough",
        "              try: more samples, or more of them in products.gestures.split.test, or "
        "products.gestures.gates.evidence: point in params.yaml, then flashfit build gestures --target nano33ble",
    ]


def test_what_was_noted_at_publishing_stands_below_the_version() -> None:
    note = "gates since version 1: largest_drop 0.02 → 0.04 (loosened)"
    published = Published(
        name="gestures.nano33ble",
        version=2,
        alias="candidate",
        bundle_sha256="0" * 64,
        registry="",
        run_id="0",
        created=True,
        notes=(note,),
    )
    lines = list(ending(standing_of(200, published), "make serve"))
    assert lines[0].endswith("FITS")
    assert lines[2:] == [note]
