"""The products that come with flashfit: each fits the schema, the catalogue, the issue's budgets, and params.yaml."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from flashfit.data.catalog import load_catalog
from flashfit.errors import ConfigError
from flashfit.params import Params, load_params, parse_params
from flashfit.targets import check_budgets, known_targets
from tasks.paths import Paths
from tasks.shipped import add_sections, add_shipped, shipped, shipped_sources

PATHS = Paths(Path(__file__).parents[2])
TARGETS = known_targets(PATHS.targets)
NAMES = shipped(PATHS.products)
KIB = 1024

BUDGETS_AND_GATES = {
    "spoken-digits": (64, 48, {"accuracy": 0.90}),
    "keywords": (64, 48, {"accuracy": 0.85}),
    "activity": (48, 24, {"accuracy": 0.95, "macro_f1": 0.93}),
    "gestures": (24, 16, {"accuracy": 0.92}),
    "pump": (24, 8, {"auc_by_group": 0.83}),
    "ambient": (16, 8, {"mae": 1.62}),
    "signs": (64, 48, {"accuracy": 0.97}),
    "mnist": (16, 16, {"accuracy": 0.985}),
    "spam": (48, 16, {"f1": 0.93}),
    "fashion": (64, 48, {"accuracy": 0.76}),
}
"""Flash and arena in KiB, and what each product is to reach."""

SECTIONS = (
    *("title", "task", "labels", "unit", "source", "expectations", "split", "frontend"),
    *("augment", "search", "train", "quantize", "gates"),
)
SMALL = """\
products:
  # What is said of it.
  small: {title: Small}

builds:
  small-nano33ble: {product: small}
"""


def product_file(name: str) -> Path:
    return PATHS.products / f"{name}.yaml"


def tree_of(file: Path) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return tree


def parsed(name: str) -> Params:
    """A shipped product with the seed of params.yaml."""
    return parse_params({"seed": tree_of(PATHS.params)["seed"], **tree_of(product_file(name))}, TARGETS)


@pytest.fixture
def params_file(tmp_path: Path) -> Path:
    """A params.yaml with comments of its own and one product, `mine`."""
    ours = product_file("fashion").read_text(encoding="utf-8").replace("fashion", "mine")
    file = tmp_path / "params.yaml"
    boards = ours.replace("builds:", "# For which boards.\nbuilds:")
    file.write_text(f"# Ours.\nseed: 7\n\n{boards}\n# The end.\n", encoding="utf-8")
    return file


def test_the_shipped_products_are_those_of_the_table() -> None:
    assert sorted(BUDGETS_AND_GATES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_product_is_valid_and_its_budget_is_within_its_board(name: str) -> None:
    params = parsed(name)
    assert (list(params.products), list(params.builds)) == ([name], [f"{name}-nano33ble"])
    check_budgets(params.builds.values(), PATHS.targets)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_product_spells_out_every_section(name: str) -> None:
    tree = tree_of(product_file(name))
    assert tuple(tree) == ("products", "builds")
    assert tuple(tree["products"][name]) == SECTIONS


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_product_has_the_budget_and_the_gates_that_were_asked_for(name: str) -> None:
    params = parsed(name)
    (build,) = params.builds.values()
    flash_kib, arena_kib, gates = BUDGETS_AND_GATES[name]
    assert (build.budget.flash, build.budget.arena) == (flash_kib * KIB, arena_kib * KIB)
    assert params.product(name).gates.thresholds == gates
    assert params.product(name).gates.metric in gates


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_product_reads_a_data_set_of_the_catalogue_as_the_kind_it_is(name: str) -> None:
    source = parsed(name).product(name).source
    dataset, *_ = source.path.relative_to("data/datasets").parts
    assert load_catalog(PATHS.catalog).dataset(dataset).kind == source.kind


def test_a_shipped_source_is_the_path_that_its_section_has() -> None:
    assert shipped_sources(PATHS.products) == {name: parsed(name).product(name).source.path for name in NAMES}


def test_all_shipped_products_can_stand_in_params_yaml_together(params_file: Path) -> None:
    before = load_params(params_file, TARGETS)
    for name in NAMES:
        add_shipped(params_file, product_file(name), TARGETS)
    after = load_params(params_file, TARGETS)
    assert list(after.products) == [*before.products, *NAMES]
    for name in NAMES:
        assert after.product(name) == parsed(name).product(name)


def test_adding_a_product_keeps_every_line_that_was_there_and_brings_its_comments(params_file: Path) -> None:
    before = params_file.read_text(encoding="utf-8").splitlines()
    add_shipped(params_file, product_file("spam"), TARGETS)
    after = params_file.read_text(encoding="utf-8").splitlines()
    added = [line for line in product_file("spam").read_text(encoding="utf-8").splitlines() if line[:1].isspace()]
    rest = iter(after)
    assert all(line in rest for line in before)
    assert [line for line in after if line.strip() and line not in before] == [
        line for line in added if line not in before
    ]
    assert any(line.startswith("  # Spam among text messages") for line in after)


def test_a_product_that_is_there_already_is_refused_and_nothing_written(params_file: Path) -> None:
    add_shipped(params_file, product_file("spam"), TARGETS)
    before = params_file.read_bytes()
    with pytest.raises(ConfigError, match=r"params\.yaml has products\.spam already"):
        add_shipped(params_file, product_file("spam"), TARGETS)
    assert params_file.read_bytes() == before


def test_a_product_that_is_not_shipped_is_refused_with_those_that_are(params_file: Path) -> None:
    with pytest.raises(ConfigError, match=r"no shipped product 'spma' \(there are: activity, .*spoken-digits\)"):
        add_shipped(params_file, product_file("spma"), TARGETS)


def test_an_invalid_addition_is_told_in_full_and_nothing_written(params_file: Path) -> None:
    before = params_file.read_bytes()
    with pytest.raises(ConfigError, match=r"products\.small\.task"):
        add_sections(params_file, SMALL, TARGETS, "small.yaml")
    assert params_file.read_bytes() == before
    assert [path.name for path in params_file.parent.iterdir()] == ["params.yaml"]


@pytest.mark.parametrize(
    "skeleton",
    [
        "seed: 7\nproducts: {}\nbuilds: {}\n",
        "seed: 7\nproducts:\nbuilds:",
        "seed: 7\n",
        "builds: {}  # none yet\n\n# The products.\nproducts:\n\nseed: 7\n",
    ],
)
def test_a_params_yaml_without_products_takes_its_first(tmp_path: Path, skeleton: str) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(skeleton, encoding="utf-8")
    add_shipped(file, product_file("spam"), TARGETS)
    assert load_params(file, TARGETS).product("spam") == parsed("spam").product("spam")


def test_an_addition_is_indented_as_what_stands_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    shutil.copy(product_file("spam"), file)
    deeper = "\n".join(f"  {line}" if line[:1].isspace() else line for line in file.read_text().splitlines())
    file.write_text(f"seed: 7\n{deeper}\n", encoding="utf-8")
    add_shipped(file, product_file("mnist"), TARGETS)
    assert list(load_params(file, TARGETS).products) == ["spam", "mnist"]


def test_a_params_yaml_in_flow_style_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump({"seed": 7, **tree_of(product_file("spam"))}, default_flow_style=True))
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="block style"):
        add_shipped(file, product_file("mnist"), TARGETS)
    assert file.read_bytes() == before
