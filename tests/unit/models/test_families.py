"""The contract of every family: whatever the chooser says, a spec comes out that the board could run."""

from collections.abc import Sequence

import pytest

from flashfit.errors import ConfigError
from flashfit.models.families import FAMILIES, suggest, takes
from flashfit.models.operators import plan
from flashfit.models.planned import PlannedOperator
from flashfit.models.spec import Backbone, Classes, Dropout, Flatten, Head, Reconstruction, Regression, Shape, Spec
from flashfit.search.predict import predict
from tests.dice import Dice

SHAPES = [(8, 8, 1), (28, 28, 1), (49, 10, 1), (49, 40, 1), (64, 64, 3), (128, 1, 6), (24, 1, 1), (1, 1, 512)]
CASES = [(family, shape) for family in FAMILIES for shape in SHAPES if takes(family, shape)]


def head_of(family: str) -> Head:
    return Reconstruction() if family == "autoencoder" else Classes(count=10)


class Asked(Dice):
    """Dice that remember what they were asked."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.questions: dict[str, tuple[object, ...]] = {}

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1) -> int:
        self.questions[name] = (low, high, step)
        return super().suggest_int(name, low, high, step=step)

    def suggest_categorical(self, name: str, choices: Sequence[int | str | float]) -> int | str | float:
        self.questions[name] = tuple(choices)
        return super().suggest_categorical(name, choices)


def space(family: str, shape: Shape) -> dict[str, tuple[object, ...]]:
    """Every question that a family asks, over many throws."""
    questions: dict[str, tuple[object, ...]] = {}
    for seed in range(100):
        asked = Asked(seed)
        suggest(family, asked, shape, head_of(family), dropout=0.1)
        questions |= asked.questions
    return questions


@pytest.mark.parametrize(("family", "shape"), CASES)
def test_any_choice_gives_a_spec_whose_operators_all_have_outputs(family: str, shape: Shape) -> None:
    for seed in range(50):
        spec = suggest(family, Dice(seed), shape, head_of(family), dropout=0.1)
        assert all(operator.output_count > 0 for operator in plan(spec))


@pytest.mark.parametrize(("family", "shape"), CASES)
def test_the_same_choices_give_the_same_spec_and_it_survives_its_file(family: str, shape: Shape) -> None:
    first, second = (suggest(family, Dice(3), shape, head_of(family), dropout=0.1) for _ in range(2))
    assert first == second == Spec.model_validate_json(first.model_dump_json())


@pytest.mark.parametrize(("family", "shape"), CASES)
def test_a_question_is_asked_with_the_same_answers_every_time(family: str, shape: Shape) -> None:
    """Optuna refuses a name whose range changes from trial to trial."""
    known = space(family, shape)
    for seed in range(100, 200):
        asked = Asked(seed)
        suggest(family, asked, shape, head_of(family), dropout=0.1)
        for name, question in asked.questions.items():
            assert known.setdefault(name, question) == question


@pytest.mark.parametrize(
    ("family", "shape"),
    [(family, shape) for family, shape in CASES if family != "autoencoder" or shape[:2] in ((8, 8), (24, 1), (1, 1))],
)
def test_one_choice_in_ten_fits_64_kib_of_flash_and_48_of_arena(family: str, shape: Shape) -> None:
    footprints = [predict(suggest(family, Dice(seed), shape, head_of(family), dropout=0.1)) for seed in range(100)]
    fitting = [one for one in footprints if one.flash_bytes <= 64 * 1024 and one.arena_bytes <= 48 * 1024]
    assert len(fitting) >= 10


def test_the_spaces_for_small_pictures_are_those_that_digits_was_searched_in() -> None:
    pooling = ("global_average", "flatten")
    assert space("dense", (8, 8, 1)) == {
        "dense_depth": (1, 3, 1),
        "dense_units_0": (8, 96, 8),
        "dense_units_1": (8, 96, 8),
        "dense_units_2": (8, 96, 8),
    }
    assert space("conv", (8, 8, 1)) == {
        "conv_depth": (1, 3, 1),
        "conv_filters_0": (4, 32, 4),
        "conv_filters_1": (4, 32, 4),
        "conv_filters_2": (4, 32, 4),
        "conv_pooling": pooling,
    }
    assert space("separable", (8, 8, 1)) == {
        "separable_stem": (4, 24, 4),
        "separable_depth": (1, 3, 1),
        "separable_filters_0": (8, 48, 8),
        "separable_filters_1": (8, 48, 8),
        "separable_filters_2": (8, 48, 8),
        "separable_pooling": pooling,
    }


@pytest.mark.parametrize("family", ["conv", "separable", "residual", "temporal", "recurrent", "hybrid"])
def test_a_vector_is_refused_by_name_where_there_is_nothing_to_slide_along(family: str) -> None:
    with pytest.raises(ConfigError, match=rf"{family} needs .* inputs are 1 × 1 × 512"):
        suggest(family, Dice(0), (1, 1, 512), Classes(count=2), dropout=0.1)


def test_kernels_on_a_line_are_one_wide() -> None:
    for family in ("conv", "separable", "residual", "temporal"):
        for seed in range(20):
            spec = suggest(family, Dice(seed), (128, 1, 6), Classes(count=4), dropout=0.1)
            kernels = [layer.kernel for layer in spec.layers if layer.kind in ("conv", "separable", "residual")]
            assert all(kernel[1] == 1 for kernel in kernels)


@pytest.mark.parametrize(("family", "head"), [("autoencoder", Classes(count=2)), ("dense", Reconstruction())])
def test_only_an_autoencoder_reconstructs(family: str, head: Head) -> None:
    with pytest.raises(ConfigError, match=f"{family} cannot end in a {head.kind}"):
        suggest(family, Dice(0), (16, 1, 8), head, dropout=0.1)


def test_an_autoencoder_drops_inputs_and_others_drop_before_the_head() -> None:
    mends = suggest("autoencoder", Dice(0), (16, 1, 8), Reconstruction(), dropout=0.3)
    guesses = suggest("dense", Dice(0), (16, 1, 8), Regression(), dropout=0.3)
    assert mends.layers[:2] == (Dropout(rate=0.3), Flatten())
    assert guesses.layers[-1] == Dropout(rate=0.3)


def backbone(cut: str, input_shape: Shape = (8, 8, 1)) -> Backbone:
    conv = PlannedOperator("CONV_2D", 8 * 8 * 4, 36, 4, 4, macs=2304)
    return Backbone(
        path="b.keras", sha256="0" * 64, cut=cut, input_shape=input_shape, output_shape=(8, 8, 4), operators=(conv,)
    )


def test_transfer_starts_from_one_of_the_backbones_and_survives_its_file() -> None:
    offered = [backbone("shallow"), backbone("deep")]
    specs = [suggest("transfer", Dice(seed), (8, 8, 1), Classes(count=3), 0.1, offered) for seed in range(20)]
    assert {spec.backbone.cut for spec in specs if spec.backbone} == {"shallow", "deep"}
    assert all(Spec.model_validate_json(spec.model_dump_json()) == spec for spec in specs)


def test_transfer_without_a_backbone_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"search\.backbone: the transfer family needs a backbone"):
        suggest("transfer", Dice(0), (8, 8, 1), Classes(count=3), 0.1)


def test_a_backbone_of_another_input_is_refused_with_both_shapes() -> None:
    with pytest.raises(ConfigError, match=r"b\.keras takes inputs of 28 × 28 × 1, and these are 8 × 8 × 1"):
        suggest("transfer", Dice(0), (8, 8, 1), Classes(count=3), 0.1, [backbone("deep", (28, 28, 1))])
