"""Data sets brought from real mirrors, folders and a web server: whole and checked, or not at all."""

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from flashfit.data.catalog import Archive, Dataset, Origin
from flashfit.data.download import RECEIPT, bring
from flashfit.errors import DataError, SurroundingsError

Contents = dict[str, str]
Bring = Callable[..., bool]


def write_tar(file: Path, contents: Contents) -> Path:
    with tarfile.open(file, "w:gz") as tar:
        for name, text in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return file


def write_zip(file: Path, contents: Contents) -> Path:
    with zipfile.ZipFile(file, "w") as packed:
        for name, text in contents.items():
            packed.writestr(name, text)
    return file


def dataset_of(*files: Path, **changes: Any) -> Dataset:
    """What a catalogue says of archives, their checksums being those of the files now."""
    archives = [
        Archive(
            file=file.name,
            sha256=changes.get("sha256", hashlib.sha256(file.read_bytes()).hexdigest()),
            size_bytes=file.stat().st_size,
            url=changes.get("url"),
        )
        for file in files
    ]
    origin = Origin(page="https://example.org/toy", commit="a" * 40)
    return Dataset(title="Toy", kind="idx", license="MIT", use="bundle", origin=origin, archives=tuple(archives))


def contents_of(folder: Path) -> Contents:
    """Every file below a folder but the receipt, and its text."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != RECEIPT]
    return {file.relative_to(folder).as_posix(): file.read_text() for file in files}


def nobody(_file: str, _done_bytes: int, _total_bytes: int) -> None:
    """A progress that no one looks at."""


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "datasets" / "toy"


@pytest.fixture
def bring_toy(tmp_path: Path, mirror: Path, into: Path) -> Bring:
    """bring, from the mirror where no other places are given."""

    def call(dataset: Dataset, mirrors: Sequence[str] = (str(mirror),), progress: Any = nobody) -> bool:
        return bring(dataset, tmp_path / "cache", into, mirrors, progress)

    return call


class Quiet(SimpleHTTPRequestHandler):
    """A folder as web pages; paths below /broken are a server's fault."""

    def do_GET(self) -> None:
        if self.path.startswith("/broken"):
            self.send_error(500)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(mirror: Path) -> Iterator[str]:
    """The mirror's folder behind a web server's address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(mirror))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_all_archives_of_a_data_set_become_one_folder_without_their_top_folder(
    bring_toy: Bring, mirror: Path, into: Path
) -> None:
    one = write_tar(mirror / "one.tar.gz", {"toy/a/1.txt": "1", "toy/README": "read"})
    two = write_tar(mirror / "two.tar.gz", {"toy/a/2.txt": "2"})
    assert bring_toy(dataset_of(one, two))
    assert contents_of(into) == {"a/1.txt": "1", "a/2.txt": "2", "README": "read"}


@pytest.mark.parametrize("contents", [{"a/1.txt": "1", "b/2.txt": "2"}, {"a/1.txt": "1", "README": "read"}])
def test_an_archive_without_a_top_folder_keeps_its_paths(
    bring_toy: Bring, mirror: Path, into: Path, contents: Contents
) -> None:
    bring_toy(dataset_of(write_tar(mirror / "toy.tar.gz", contents)))
    assert contents_of(into) == contents


def test_a_zip_is_unpacked_as_a_tar_is(bring_toy: Bring, mirror: Path, into: Path) -> None:
    bring_toy(dataset_of(write_zip(mirror / "toy.zip", {"toy/": "", "toy/a/1.txt": "1", "toy/b.txt": "2"})))
    assert contents_of(into) == {"a/1.txt": "1", "b.txt": "2"}


def test_a_second_time_does_nothing_and_needs_no_mirror(bring_toy: Bring, mirror: Path, into: Path) -> None:
    dataset = dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"}))
    assert bring_toy(dataset)
    before = into.stat().st_mtime_ns
    assert not bring_toy(dataset, mirrors=())
    assert into.stat().st_mtime_ns == before


def test_what_arrived_once_is_not_fetched_again(bring_toy: Bring, mirror: Path, into: Path) -> None:
    one = write_tar(mirror / "one.tar.gz", {"toy/1.txt": "1"})
    two = write_tar(mirror / "two.tar.gz", {"toy/2.txt": "2"})
    dataset = dataset_of(one, two)
    kept = two.read_bytes()
    two.unlink()
    with pytest.raises(DataError, match=r"two\.tar\.gz: not at"):
        bring_toy(dataset)
    one.unlink()
    two.write_bytes(kept)
    assert bring_toy(dataset)
    assert contents_of(into) == {"1.txt": "1", "2.txt": "2"}


def test_a_damaged_archive_in_the_cache_is_fetched_anew(
    bring_toy: Bring, tmp_path: Path, mirror: Path, into: Path
) -> None:
    dataset = dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"}))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "toy.tar.gz").write_bytes(b"half of it")
    assert bring_toy(dataset)
    assert contents_of(into) == {"1.txt": "1"}


def test_a_wrong_checksum_names_file_expected_and_found_and_leaves_nothing(
    bring_toy: Bring, tmp_path: Path, mirror: Path, into: Path
) -> None:
    archive = write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"})
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    with pytest.raises(DataError, match=rf"toy\.tar\.gz from .*: sha256 {'0' * 64} expected, {found} found"):
        bring_toy(dataset_of(archive, sha256="0" * 64))
    assert not into.exists()
    assert [file.name for file in (tmp_path / "cache").iterdir() if file.suffix != ".lock"] == []


def linked(kind: bytes, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo("toy/linked")
    member.type, member.linkname = kind, target
    return member


def outside(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = 0
    return member


@pytest.mark.parametrize(
    ("member", "what"),
    [
        (outside("../evil.txt"), "points outside"),
        (outside("toy/../../evil.txt"), "points outside"),
        (outside("/tmp/evil.txt"), "points outside"),
        (linked(tarfile.SYMTYPE, "/etc/passwd"), "is a link"),
        (linked(tarfile.SYMTYPE, "1.txt"), "is a link"),
        (linked(tarfile.LNKTYPE, "toy/1.txt"), "is a link"),
        (linked(tarfile.FIFOTYPE, ""), "is a device"),
        (linked(tarfile.CHRTYPE, ""), "is a device"),
    ],
)
def test_a_tar_member_that_is_no_plain_file_inside_is_named_and_nothing_extracted(
    bring_toy: Bring, tmp_path: Path, mirror: Path, into: Path, member: tarfile.TarInfo, what: str
) -> None:
    archive = write_tar(mirror / "toy.tar", {"toy/1.txt": "1"})
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo("toy/1.txt"))
        tar.addfile(member)
    with pytest.raises(DataError, match=rf"toy\.tar: member '{member.name}' {what}"):
        bring_toy(dataset_of(archive))
    assert list(into.parent.iterdir()) == []
    assert not (tmp_path / "evil.txt").exists()


@pytest.mark.parametrize("name", ["../evil.txt", "toy/../../evil.txt", "/tmp/evil.txt"])
def test_a_zip_member_outside_is_named_and_nothing_extracted(
    bring_toy: Bring, mirror: Path, into: Path, name: str
) -> None:
    archive = write_zip(mirror / "toy.zip", {"toy/1.txt": "1", name: "evil"})
    with pytest.raises(DataError, match=rf"toy\.zip: member '{name}' points outside"):
        bring_toy(dataset_of(archive))
    assert list(into.parent.iterdir()) == []


def test_a_link_in_a_zip_is_refused(bring_toy: Bring, mirror: Path) -> None:
    link = zipfile.ZipInfo("toy/linked")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(mirror / "toy.zip", "w") as packed:
        packed.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="member 'toy/linked' is a link"):
        bring_toy(dataset_of(mirror / "toy.zip"))


def test_a_truncated_archive_is_named_and_leaves_nothing(bring_toy: Bring, mirror: Path, into: Path) -> None:
    whole = write_tar(mirror / "toy.tar.gz", {f"toy/{n}.txt": str(hashlib.sha256(b"%d" % n)) * 50 for n in range(99)})
    whole.write_bytes(whole.read_bytes()[:-900])
    with pytest.raises(DataError, match=r"toy\.tar\.gz is no tar or zip archive, or a damaged one"):
        bring_toy(dataset_of(whole))
    assert list(into.parent.iterdir()) == []


def test_a_file_that_is_no_archive_is_named(bring_toy: Bring, mirror: Path) -> None:
    (mirror / "toy.tar.gz").write_text("<html>not found</html>")
    with pytest.raises(DataError, match=r"toy\.tar\.gz is no tar or zip archive"):
        bring_toy(dataset_of(mirror / "toy.tar.gz"))


def test_without_a_mirror_the_origin_and_the_next_command_are_named(bring_toy: Bring, mirror: Path) -> None:
    dataset = dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"}))
    with pytest.raises(DataError) as caught:
        bring_toy(dataset, mirrors=())
    assert str(caught.value) == (
        "toy.tar.gz: no mirror is named; it is made from https://example.org/toy at commit aaaaaaaa; "
        "next: set FLASHFIT_MIRROR to a folder or an http(s) address that has it, then the same command again"
    )


def test_every_place_that_lacks_the_archive_is_named(
    bring_toy: Bring, tmp_path: Path, mirror: Path, address: str
) -> None:
    archive = write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"})
    dataset = dataset_of(archive, url=f"{address}/elsewhere.tar.gz")
    archive.unlink()
    with pytest.raises(DataError) as caught:
        bring_toy(dataset, mirrors=(str(tmp_path / "none"), address))
    for place in (
        f"{tmp_path}/none/toy.tar.gz (No such file or directory)",
        f"{address}/toy.tar.gz (HTTP 404)",
        f"{address}/elsewhere.tar.gz (HTTP 404)",
    ):
        assert place in str(caught.value)


def test_a_place_without_the_archive_gives_way_to_the_next(
    bring_toy: Bring, tmp_path: Path, mirror: Path, into: Path, address: str
) -> None:
    dataset = dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"}))
    assert bring_toy(dataset, mirrors=(str(tmp_path / "none"), f"{address}/none", f"{address}/"))
    assert contents_of(into) == {"1.txt": "1"}


@pytest.mark.parametrize("path", ["/broken", None])
def test_a_server_that_fails_is_no_fault_of_the_user(
    bring_toy: Bring, mirror: Path, address: str, path: str | None
) -> None:
    dataset = dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"}))
    nobody_listens = "http://someone:secret@127.0.0.1:9"
    with pytest.raises(SurroundingsError, match=r"toy\.tar\.gz: not at http://127\.0\.0\.1") as caught:
        bring_toy(dataset, mirrors=(f"{address}{path}" if path else nobody_listens,))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("over_http", [False, True])
def test_progress_ends_at_the_whole_archive_and_never_passes_it(
    bring_toy: Bring, mirror: Path, address: str, over_http: bool
) -> None:
    archive = write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"})
    told: list[tuple[str, int, int]] = []
    bring_toy(dataset_of(archive), (address if over_http else str(mirror),), lambda *news: told.append(news))
    size = archive.stat().st_size
    assert told[-1] == ("toy.tar.gz", size, size)
    assert all(done <= size for _, done, _ in told)


def test_another_version_in_the_catalogue_replaces_the_first(bring_toy: Bring, mirror: Path, into: Path) -> None:
    bring_toy(dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/old.txt": "1"})))
    assert bring_toy(dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/new.txt": "2"})))
    assert contents_of(into) == {"new.txt": "2"}
    assert [path.name for path in into.parent.iterdir()] == ["toy"]


def test_a_version_that_cannot_be_unpacked_leaves_the_one_that_is_there(
    bring_toy: Bring, mirror: Path, into: Path
) -> None:
    bring_toy(dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/old.txt": "1"})))
    with pytest.raises(DataError, match="points outside"):
        bring_toy(dataset_of(write_tar(mirror / "toy.tar.gz", {"../new.txt": "2"})))
    assert contents_of(into) == {"old.txt": "1"}


def test_a_folder_of_the_users_own_is_refused_and_left_alone(bring_toy: Bring, mirror: Path, into: Path) -> None:
    into.mkdir(parents=True)
    (into / "mine.txt").write_text("mine")
    dataset = dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"}))
    with pytest.raises(DataError, match="exists and does not come from the catalogue; next: move it away"):
        bring_toy(dataset)
    assert contents_of(into) == {"mine.txt": "mine"}


def test_what_a_kill_left_beside_it_is_swept_away(bring_toy: Bring, mirror: Path, into: Path) -> None:
    for left in (".toy.new", ".toy.old"):
        (into.parent / left).mkdir(parents=True)
        (into.parent / left / "half.txt").write_text("half")
    bring_toy(dataset_of(write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"})))
    assert [path.name for path in into.parent.iterdir()] == ["toy"]
    assert contents_of(into) == {"1.txt": "1"}


def test_a_folder_notes_which_archives_it_was_made_of(bring_toy: Bring, mirror: Path, into: Path) -> None:
    archive = write_tar(mirror / "toy.tar.gz", {"toy/1.txt": "1"})
    bring_toy(dataset_of(archive))
    assert (into / RECEIPT).read_text() == f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  toy.tar.gz\n"
