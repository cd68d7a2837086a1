"""Boards: every file in deploy/targets is one, and a wrong file is refused."""

from pathlib import Path

import pytest

from flashfit.errors import ConfigError
from flashfit.params import Budget, Build
from flashfit.targets import check_budgets, known_targets, load_target

FOLDER = Path(__file__).parents[2] / "deploy" / "targets"


@pytest.mark.parametrize("name", known_targets(FOLDER))
def test_every_target_in_the_repository_is_readable(name: str) -> None:
    assert load_target(FOLDER, name).name == name


def test_a_missing_target_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"no target 'uno' .*nano33ble"):
        load_target(FOLDER, "uno")


def test_a_target_whose_name_is_not_its_file_name_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "nano33ble.yaml").read_text(encoding="utf-8")
    (tmp_path / "other.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"name is 'nano33ble', but the file is other\.yaml"):
        load_target(tmp_path, "other")


def test_a_target_without_flash_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "nano33ble.yaml").read_text(encoding="utf-8").replace("flash: 1024 KiB\n", "")
    (tmp_path / "nano33ble.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="flash"):
        load_target(tmp_path, "nano33ble")


def test_a_budget_beyond_the_board_is_refused_with_both_numbers() -> None:
    build = Build(product="digits", target="nano33ble", budget=Budget(flash=2**21, arena=2**18 + 1, macs=1))
    with pytest.raises(ConfigError, match=r"flash: 2,097,152 B, but nano33ble has 1,048,576 B of flash") as caught:
        check_budgets([build], FOLDER)
    assert "arena: 262,145 B, but nano33ble has 262,144 B of SRAM" in str(caught.value)


def test_a_budget_of_all_that_the_board_has_is_accepted() -> None:
    check_budgets(
        [Build(product="digits", target="nano33ble", budget=Budget(flash=2**20, arena=2**18, macs=1))], FOLDER
    )
