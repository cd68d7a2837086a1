"""flashfit data, as it is typed: a generated data set from a mirror into a checkout, tracked by DVC."""

import hashlib
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.paths import Paths

REPOSITORY = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]
FETCH = ("flashfit", "data", "fetch", "toy")


@pytest.fixture
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with toy.tar.gz: toy/a/1.txt and toy/b/2.txt, 7 bytes in all."""
    folder = tmp_path_factory.mktemp("mirror")
    for name, text in {"a/1.txt": "one", "b/2.txt": "two!"}.items():
        file = folder / "toy" / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
    with tarfile.open(folder / "toy.tar.gz", "w:gz") as tar:
        tar.add(folder / "toy", "toy")
    return folder


@pytest.fixture
def checkout(make_checkout: Callable[..., Paths], mirror: Path) -> Paths:
    """A checkout whose catalogue has the data set `toy`, under the GPL."""
    paths = make_checkout()
    write_catalog(paths, hashlib.sha256((mirror / "toy.tar.gz").read_bytes()).hexdigest())
    return paths


def write_catalog(paths: Paths, sha256: str) -> None:
    archive = {"file": "toy.tar.gz", "sha256": sha256, "size_bytes": 200}
    toy: dict[str, Any] = {"title": "A toy", "kind": "csv-text", "license": "GPL-3.0-only", "use": "load-only"}
    toy |= {"origin": {"page": "https://example.org/toy"}, "archives": [archive]}
    paths.catalog.parent.mkdir(exist_ok=True)
    paths.catalog.write_text(yaml.safe_dump({"datasets": {"toy": toy}}), encoding="utf-8")


def no_traceback(done: subprocess.CompletedProcess[str]) -> bool:
    return "Traceback" not in done.stdout + done.stderr


def test_a_fetch_brings_the_data_has_dvc_track_them_and_says_what_comes_next(
    checkout: Paths, mirror: Path, run: Run
) -> None:
    done = run(checkout.root, *FETCH, FLASHFIT_MIRROR=str(mirror))
    assert done.returncode == 0, done.stderr
    assert (checkout.dataset("toy") / "a" / "1.txt").read_text() == "one"
    tracked = yaml.safe_load(checkout.dataset_dvc("toy").read_text(encoding="utf-8"))
    assert tracked["outs"][0]["path"] == "toy"
    for words in (
        "fetched toy   3 files, ",
        "license GPL-3.0-only (load-only: never bundled)",
        "in data/datasets/toy   to commit: data/datasets/toy.dvc",
        "next: flashfit new toy --data data/datasets/toy",
    ):
        assert words in done.stdout
    assert run(checkout.root, "dvc", "data", "status").stdout.strip() == "No changes."


def test_a_second_fetch_does_nothing_even_without_a_mirror(checkout: Paths, mirror: Path, run: Run) -> None:
    run(checkout.root, *FETCH, FLASHFIT_MIRROR=str(mirror))
    before = checkout.dataset_dvc("toy").stat().st_mtime_ns
    done = run(checkout.root, *FETCH, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["changed"] is False
    assert checkout.dataset_dvc("toy").stat().st_mtime_ns == before


def test_a_fetch_that_ended_before_dvc_knew_goes_on_from_there(checkout: Paths, mirror: Path, run: Run) -> None:
    run(checkout.root, *FETCH, FLASHFIT_MIRROR=str(mirror))
    checkout.dataset_dvc("toy").unlink()
    assert run(checkout.root, *FETCH).returncode == 0
    assert checkout.dataset_dvc("toy").is_file()


def test_the_next_command_builds_a_product_that_reads_the_data(checkout: Paths, mirror: Path, run: Run) -> None:
    tree = yaml.safe_load(checkout.params.read_text(encoding="utf-8"))
    tree["products"]["tiny"]["source"]["path"] = "data/datasets/toy/tiny.npz"
    checkout.params.write_text(yaml.safe_dump(tree), encoding="utf-8")
    done = run(checkout.root, *FETCH, FLASHFIT_MIRROR=str(mirror))
    assert "next: flashfit build tiny" in done.stdout


def test_the_next_command_builds_a_shipped_product_that_reads_the_data(checkout: Paths, mirror: Path, run: Run) -> None:
    checkout.products.mkdir()
    section = {"products": {"toy-words": {"source": {"path": "data/datasets/toy"}}}}
    (checkout.products / "toy-words.yaml").write_text(yaml.safe_dump(section), encoding="utf-8")
    done = run(checkout.root, *FETCH, FLASHFIT_MIRROR=str(mirror))
    assert "next: flashfit build toy-words" in done.stdout


def test_git_takes_the_catalogue_and_the_dvc_file_and_never_the_data(checkout: Paths, mirror: Path, run: Run) -> None:
    shutil.copy(REPOSITORY / ".gitignore", checkout.root / ".gitignore")
    run(checkout.root, "git", "init", "--quiet")
    (checkout.root / ".dvc" / "config.local").unlink()  # with Git beside it, as in a real checkout
    done = run(checkout.root, *FETCH, FLASHFIT_MIRROR=str(mirror))
    assert done.returncode == 0, done.stderr
    seen = run(checkout.root, "git", "ls-files", "--others", "--exclude-standard", "data").stdout.split()
    assert set(seen) - {"data/datasets/.gitignore"} == {"data/catalog.yaml", "data/datasets/toy.dvc"}


def test_the_list_shows_license_and_what_is_here(checkout: Paths, mirror: Path, run: Run) -> None:
    before = run(checkout.root, "flashfit", "data", "list")
    run(checkout.root, *FETCH, FLASHFIT_MIRROR=str(mirror))
    after = run(checkout.root, "flashfit", "data", "list", "--json")
    assert before.returncode == after.returncode == 0
    assert "toy" in before.stdout and "load-only" in before.stdout
    (toy,) = json.loads(after.stdout)
    assert (toy["name"], toy["fetched"], toy["use"]) == ("toy", True, "load-only")


@pytest.mark.parametrize(
    ("name", "mirrored", "message"),
    [
        ("tony", True, "no data set 'tony' in the catalogue (there are: toy)"),
        ("toy", False, "toy.tar.gz: no mirror is named; it is made from https://example.org/toy; next: set FLASHFIT_"),
    ],
)
def test_what_cannot_be_fetched_is_one_line_and_exit_code_2(
    checkout: Paths, mirror: Path, run: Run, name: str, mirrored: bool, message: str
) -> None:
    done = run(checkout.root, *FETCH[:-1], name, FLASHFIT_MIRROR=str(mirror) if mirrored else "")
    assert (done.returncode, no_traceback(done)) == (2, True)
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1


def test_an_archive_with_a_wrong_checksum_is_refused_and_leaves_nothing(
    checkout: Paths, mirror: Path, run: Run
) -> None:
    write_catalog(checkout, "0" * 64)
    done = run(checkout.root, *FETCH, FLASHFIT_MIRROR=str(mirror))
    assert (done.returncode, no_traceback(done)) == (2, True)
    assert f"sha256 {'0' * 64} expected, " in done.stderr
    assert not checkout.datasets.exists()


def test_where_dvc_fails_its_last_word_is_told_and_the_data_stay(checkout: Paths, mirror: Path, run: Run) -> None:
    checkout.params.write_text("seed: 7\n", encoding="utf-8")
    done = run(checkout.root, *FETCH, FLASHFIT_MIRROR=str(mirror))
    assert (done.returncode, no_traceback(done)) == (3, True)
    assert "dvc add data/datasets/toy failed: exit code 1 (ERROR: failed to parse 'stages.fetch.foreach'" in done.stderr
    assert checkout.dataset("toy").is_dir() and not checkout.dataset_dvc("toy").exists()
