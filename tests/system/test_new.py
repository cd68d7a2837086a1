"""flashfit new, as a person types it, on data that nobody has described."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from scipy.io import wavfile

from tasks.paths import Paths

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, checkout_writer: Callable[..., Paths]) -> Paths:
    return checkout_writer(tmp_path_factory.mktemp("new"))


def write_sounds(folder: Path) -> None:
    """Three classes by four speakers, 44.1 kHz stereo, with a silent clip and a copy across speakers."""
    random = np.random.default_rng(0)
    for label in ("clap", "knock", "snap"):
        (folder / label).mkdir(parents=True)
        for speaker in ("anna", "ben", "cleo", "dora"):
            for take in range(5):
                wave = random.normal(0, 3000, (8820 + 100 * take, 2)).astype(np.int16)
                wavfile.write(folder / label / f"{label}_{speaker}_{take}.wav", 44100, wave)
    wavfile.write(folder / "clap" / "clap_anna_9.wav", 44100, np.zeros((8820, 2), np.int16))
    for speaker in ("ben", "cleo", "dora"):
        (folder / "clap" / f"clap_{speaker}_9.wav").write_bytes((folder / "clap" / "clap_anna_0.wav").read_bytes())


def section(paths: Paths, name: str) -> dict[str, dict[str, object]]:
    tree = yaml.safe_load(paths.params.read_text(encoding="utf-8"))
    assert f"{name}-nano33ble" in tree["builds"]
    found: dict[str, dict[str, object]] = tree["products"][name]
    return found


def test_a_proposal_for_sounds_with_traps_passes_fetch_validate_and_prepare(checkout: Paths, run: Run) -> None:
    write_sounds(checkout.root / "sounds")
    done = run(checkout.root, "flashfit", "new", "noises", "--data", "sounds")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("next: flashfit build noises")
    for seen in ("44,100 Hz", "1 silent clip", "exact copies", "mixed down"):
        assert seen in done.stdout
    product = section(checkout, "noises")
    assert product["source"]["path"] == "sounds"
    assert product["split"]["by"] == "group"
    assert product["frontend"]["sample_rate_hz"] == 16000
    assert product["augment"]["mixup"] == 0.3
    assert product["train"]["patience"] == product["train"]["epochs"]
    for stage in ("fetch", "validate", "prepare"):
        staged = run(checkout.root, "python", "-m", f"tasks.{stage}", "noises")
        assert staged.returncode == 0, staged.stderr
    assert checkout.of_product("noises").prepared.is_dir()


def test_pictures_of_many_sizes_get_one_small_size(checkout: Paths, run: Run) -> None:
    random = np.random.default_rng(1)
    for label in ("cat", "dog"):
        (checkout.root / "pets" / label).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 255, (*random.integers(40, 90, 2), 3)).astype(np.uint8)
            Image.fromarray(pixels).save(checkout.root / "pets" / label / f"{number}.png")
    done = run(checkout.root, "flashfit", "new", "pets", "--data", "pets")
    assert done.returncode == 0, done.stderr
    frontend = section(checkout, "pets")["frontend"]
    assert (frontend["size"], frontend["colour"]) == ([32, 32], "rgb")


def test_a_series_without_labels_becomes_a_forecast(checkout: Paths, run: Run) -> None:
    lines = [f"2024-01-{1 + row // 24:02d} {row % 24:02d}:00:00;{np.sin(row / 4):.3f}" for row in range(24 * 28)]
    file = checkout.root / "heat.csv"
    file.write_text("\n".join(["time;value", *lines]), encoding="utf-8")
    done = run(checkout.root, "flashfit", "new", "heat", "--data", "heat.csv")
    assert done.returncode == 0, done.stderr
    product = section(checkout, "heat")
    assert product["source"]["target"] == {"column": "value", "rows": 6}
    assert "mixup" not in product["augment"]
    assert (product["source"]["period_s"], product["split"]["by"]) == (3600.0, "time")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("Big Ears", "sounds", "try big-ears"),
        ("tiny", "sounds", "has a product 'tiny' already"),
        ("fresh", "nowhere", "nowhere does not exist"),
        ("fresh", "empty", "empty holds no files"),
        ("fresh", "letters", "letters holds 2 .txt, nothing that is read"),
        ("fresh", "single", "has one class, only"),
    ],
)
def test_what_cannot_become_a_product_is_told_in_one_line(
    checkout: Paths, run: Run, name: str, data: str, message: str
) -> None:
    for folder in ("empty", "letters", "single/only"):
        (checkout.root / folder).mkdir(parents=True, exist_ok=True)
    for number in range(2):
        (checkout.root / "letters" / f"{number}.txt").write_text("Dear", encoding="utf-8")
        Image.new("L", (8, 8)).save(checkout.root / "single" / "only" / f"{number}.png")
    before = checkout.params.read_bytes()
    done = run(checkout.root, "flashfit", "new", name, "--data", data)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert checkout.params.read_bytes() == before
