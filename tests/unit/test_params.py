"""params.yaml: read whole, or refused with every error."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flashfit.errors import ConfigError
from flashfit.params import load_params, parse_params

REPOSITORY = Path(__file__).parents[2]
TARGETS = ("nano33ble", "nucleo-l053r8")


@pytest.fixture
def tree() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / "params.yaml").read_text(encoding="utf-8"))
    return loaded


def test_sizes_are_read_with_their_units(tree: dict[str, Any]) -> None:
    tree["builds"]["digits-nano33ble"]["budget"]["flash"] = "1.5 KiB"
    assert parse_params(tree, TARGETS).build("digits", "nano33ble").budget.flash == 1536


def test_every_error_is_reported_at_once_with_its_path(tree: dict[str, Any]) -> None:
    tree["seed"] = "seven"
    tree["products"]["digits"]["serch"] = {}
    tree["products"]["digits"]["source"]["url"] = "x"
    tree["builds"]["digits-nano33ble"]["budget"]["flash"] = 0
    tree["builds"]["digits-nano33ble"]["target"] = "uno"
    with pytest.raises(ConfigError, match="6 errors") as caught:
        parse_params(tree, TARGETS)
    for expected in (
        "builds.digits-nano33ble.target: no target 'uno' in deploy/targets",
        "builds.digits-nano33ble: the key must read digits-uno",
        "seed: input should be a valid integer",
        "products.digits.serch: extra inputs are not permitted",
        "products.digits.source.url: extra inputs are not permitted",
        "builds.digits-nano33ble.budget.flash: input should be greater than 0 (got 0)",
    ):
        assert expected in str(caught.value)


def test_a_build_of_an_unknown_product_is_refused(tree: dict[str, Any]) -> None:
    tree["builds"]["letters-nano33ble"] = {**tree["builds"]["digits-nano33ble"], "product": "letters"}
    with pytest.raises(ConfigError, match=r"builds\.letters-nano33ble\.product: no product 'letters'"):
        parse_params(tree, TARGETS)


def test_splits_must_leave_something_to_train_on(tree: dict[str, Any]) -> None:
    tree["products"]["digits"]["split"] = {"by": "hash", "validation": 0.5, "test": 0.4}
    with pytest.raises(ConfigError, match=r"products\.digits\.split: .*at most 0\.8"):
        parse_params(tree, TARGETS)


def test_a_file_that_is_no_yaml_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("seed: [1\nproducts: {", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not valid YAML") as caught:
        load_params(tmp_path / "params.yaml", TARGETS)
    assert "\n" not in str(caught.value)


def test_an_unknown_product_is_refused_with_those_that_exist(tree: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"no product 'digit' in params.yaml \(there are: digits\)"):
        parse_params(tree, TARGETS).product("digit")


def test_an_unknown_target_is_refused_with_those_that_exist(tree: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"for target 'uno'.*there are: nano33ble, nucleo-l053r8"):
        parse_params(tree, TARGETS).build("digits", "uno")


@pytest.mark.parametrize("section", ["products", "builds"])
@pytest.mark.parametrize("value", [5, True, "x", [1], None])
def test_a_section_of_the_wrong_type_is_refused(tree: dict[str, Any], section: str, value: object) -> None:
    tree[section] = value
    with pytest.raises(ConfigError, match=f"{section}: input should be a valid dictionary"):
        parse_params(tree, TARGETS)


def test_a_product_without_a_build_is_refused_with_what_to_add(tree: dict[str, Any]) -> None:
    tree["builds"] = {}
    with pytest.raises(ConfigError, match=r"no build of 'digits' in params\.yaml; next: add builds\.digits-TARGET"):
        parse_params(tree, TARGETS).builds_of("digits")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "regression"}, "a regression has none"),
        ({"search": {"folds": 3}, "split": {"by": "time"}}, "search.folds: a split by time has no groups"),
        ({"task": "regression", "labels": [], "augment": {"mixup": 0.3}}, "a regression has none; leave it out"),
        ({"task": "anomaly"}, "an anomaly product's are normal, anomaly, in this order"),
        ({"labels": ["0"]}, "a classification needs at least two"),
        ({"gates": {"metric": "mae", "most_mae": 1.0}}, "mae does not judge a classification"),
        ({"gates": {"metric": "accuracy"}}, "no quality is asked for"),
        ({"search": {"families": ["autoencoder"]}}, "the autoencoder is for anomaly products"),
        ({"search": {"families": ["transfer"]}}, "the transfer family needs a backbone"),
    ],
)
def test_a_product_that_contradicts_itself_is_refused(
    tree: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    tree["products"]["digits"].update(change)
    with pytest.raises(ConfigError, match=message):
        parse_params(tree, TARGETS)


@pytest.mark.parametrize(
    ("backbone", "message"),
    [
        ("b.keras", r"search\.backbone: input should be a valid dictionary.*\(got 'b\.keras'\)"),
        ({"sha256": None}, r"search\.backbone\.path: field required"),
        ({"path": "b.keras", "sha256": "0" * 63}, r"search\.backbone\.sha256: string should match pattern"),
    ],
)
def test_a_backbone_is_a_path_and_a_whole_sha256(tree: dict[str, Any], backbone: object, message: str) -> None:
    tree["products"]["digits"]["search"] = {"families": ["transfer"], "backbone": backbone}
    with pytest.raises(ConfigError, match=message):
        parse_params(tree, TARGETS)


def test_a_backbone_need_not_be_pinned(tree: dict[str, Any]) -> None:
    tree["products"]["digits"]["search"] = {"families": ["transfer"], "backbone": {"path": "b.keras", "sha256": None}}
    backbone = parse_params(tree, TARGETS).product("digits").search.backbone
    assert backbone is not None
    assert (backbone.path, backbone.sha256) == (Path("b.keras"), None)


def test_a_check_that_cannot_be_repaired_says_which_can(tree: dict[str, Any]) -> None:
    tree["products"]["digits"]["expectations"]["policy"] = {"drift": "repair"}
    with pytest.raises(ConfigError, match=r"drift cannot be repaired \(can be: duplicates, "):
        parse_params(tree, TARGETS)


def test_a_product_may_not_be_called_like_the_folder_of_data_sets(tree: dict[str, Any]) -> None:
    tree["products"]["datasets"] = tree["products"]["digits"]
    with pytest.raises(ConfigError, match="this name is taken"):
        parse_params(tree, TARGETS)
