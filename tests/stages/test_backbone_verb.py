"""flashfit backbone, as a person types it."""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from flashfit.params import Backbone
from flashfit.params.frontends import ImageFrontend

Run = Callable[..., subprocess.CompletedProcess[str]]
VERB = ("flashfit", "backbone")
SMALL = (*VERB, "mobilenet-v1", "--input", "32x40x1", "--width", "0.0625")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As much of one as the command looks for."""
    folder = tmp_path_factory.mktemp("backbone")
    for name in ("dvc.yaml", "params.yaml"):
        (folder / name).touch()
    return folder


@pytest.fixture(scope="module")
def made(checkout: Path, run: Run) -> subprocess.CompletedProcess[str]:
    return run(checkout, *SMALL, "--into", "models/first.keras")


def test_it_says_what_was_made_and_where_it_can_be_cut(made: subprocess.CompletedProcess[str], checkout: Path) -> None:
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("made mobilenet-v1 of width 0.0625, 17,808 parameters, untrained")
    assert all(f"conv_pw_{block}_relu" in made.stdout for block in range(1, 14))
    assert hashlib.sha256((checkout / "models/first.keras").read_bytes()).hexdigest() in made.stdout


def test_its_lines_are_those_of_a_valid_section(made: subprocess.CompletedProcess[str], checkout: Path) -> None:
    section = yaml.safe_load(made.stdout[made.stdout.index("    frontend:") :])
    assert section["search"]["families"] == ["transfer"]
    backbone = Backbone.model_validate(section["search"]["backbone"])
    assert backbone.path == Path("models/first.keras")
    assert backbone.sha256 == hashlib.sha256((checkout / backbone.path).read_bytes()).hexdigest()
    frontend = ImageFrontend.model_validate(section["frontend"])
    assert (frontend.size, frontend.colour, frontend.offset) == ((32, 40), "grey", -1.0)
    assert 255 * frontend.scale + frontend.offset == pytest.approx(1.0)


def test_the_same_words_make_the_same_bytes(made: subprocess.CompletedProcess[str], checkout: Path, run: Run) -> None:
    again = run(checkout, *SMALL, "--into", "again.keras")
    assert again.returncode == 0, again.stderr
    assert (checkout / "again.keras").read_bytes() == (checkout / "models/first.keras").read_bytes()


def test_a_file_that_is_there_is_overwritten_by_force_alone(checkout: Path, run: Run) -> None:
    (checkout / "mine.keras").write_bytes(b"mine")
    refused = run(checkout, *SMALL, "--into", "mine.keras")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "mine.keras exists already; next: --force overwrites it" in refused.stderr
    assert (checkout / "mine.keras").read_bytes() == b"mine"
    assert run(checkout, *SMALL, "--into", "mine.keras", "--force").returncode == 0
    assert (checkout / "mine.keras").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mobilenet-v1", "--input", "28x28x1", "--into", "a.keras"), "takes pictures from 32 × 32, and these are 28"),
        (("mobilenet-v9", "--input", "32x32x1", "--into", "a.keras"), "no backbone 'mobilenet-v9' (there are:"),
        (("mobilenet-v1", "--input", "32x32", "--into", "a.keras"), "'32x32' is no HEIGHTxWIDTHxCHANNELS; next:"),
        (("mobilenet-v1", "--input", "32x32x1", "--into", "a.h5"), "a.h5 is no .keras file; next: --into a.keras"),
        (
            ("mobilenet-v1", "--input", "32x32x1", "--into", "a.keras", "--weights", "gone.h5"),
            "weights: gone.h5 does not exist",
        ),
    ],
)
def test_what_cannot_be_made_is_one_line_and_exit_code_2(
    checkout: Path, run: Run, arguments: tuple[str, ...], message: str
) -> None:
    done = run(checkout, *VERB, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert message in done.stderr
    assert not (checkout / "a.keras").exists()
