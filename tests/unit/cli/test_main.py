"""How an error leaves the command line."""

import sys

import pytest

from flashfit.cli.main import main


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[object, str]:
    monkeypatch.setattr(sys, "argv", ["flashfit", *words])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code, capsys.readouterr().err


def test_what_nobody_knew_better_is_to_be_mended_and_tried_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, line = said(capsys, monkeypatch, "data", "fetch", "nosuch")
    assert code == 2
    assert line.startswith("no data set 'nosuch' in the catalogue")
    assert line.endswith("); next: mend that, then the same command again\n")


def test_a_next_command_that_is_known_is_the_only_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, line = said(capsys, monkeypatch, "inspect", "nosuch.tflite")
    assert (code, line) == (2, "nosuch.tflite does not exist; next: ls -l .\n")
