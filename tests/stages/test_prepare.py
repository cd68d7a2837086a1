"""prepare: model inputs of each split, from validated samples alone."""

import json

import numpy as np
import pandas as pd
import pytest

from flashfit.data.features import AUGMENTED, SPLITS, load_features
from flashfit.errors import DataError
from tasks.fetch import fetch
from tasks.prepare import prepare
from tasks.validate import validate


@pytest.fixture
def validated(make_checkout):
    """The files of a tiny product after fetch and validate."""
    files = make_checkout().of_product("tiny")
    fetch("tiny")
    validate("tiny")
    return files


def test_every_sample_lands_in_its_split_once_scaled_with_a_channel(validated, tiny_arrays):
    prepare("tiny")

    features = [load_features(validated.features(split)) for split in SPLITS]
    assert sorted(np.concatenate([part.ids for part in features])) == sorted(tiny_arrays["id"])
    first = features[0]
    rows = np.searchsorted(tiny_arrays["id"], first.ids)
    np.testing.assert_array_equal(first.x[..., 0], tiny_arrays["x"][rows] / np.float32(16))
    assert list(np.array(["a", "b", "c"])[first.y]) == list(tiny_arrays["label"][rows])
    assert (first.x.dtype, first.x.shape[1:]) == (np.float32, (8, 8, 1))


def test_frontend_record_holds_parameters_and_shapes(validated):
    prepare("tiny")
    record = json.loads(validated.frontend.read_text())
    assert record["frontend"] == {"kind": "image", "size": None, "colour": "as-is", "scale": 0.0625, "offset": 0.0}
    assert record["input"]["shape"] == [8, 8]
    assert record["output_shape"] == [8, 8, 1]


def test_preparing_twice_gives_the_same_bytes(validated):
    def outputs():
        prepare("tiny")
        return {file: file.read_bytes() for file in validated.prepared.rglob("*") if file.is_file()}

    assert outputs() == outputs()


def test_copies_are_made_of_training_samples_alone_and_shown(make_checkout):
    augment = {"kind": "image", "copies": 2, "shift": 0.2, "contrast": 0.2}
    files = make_checkout(augment=augment).of_product("tiny")
    for stage in (fetch, validate, prepare):
        said = stage("tiny")
    train, copies = load_features(files.features("train")), load_features(files.features(AUGMENTED))
    assert len(copies) == 2 * len(train)
    assert said.endswith(f"{2 * len(train):,} augmented")
    assert {name.rpartition("+")[0] for name in copies.ids} == set(train.ids)
    assert not (copies.x[:2] == train.x[0]).all()
    assert files.augmentation_preview.stat().st_size > 10_000


def test_table_in_which_a_group_crosses_splits_is_refused(validated):
    table = pd.read_csv(validated.table)
    table.loc[table["split"] != "train", "group"] = "writer-x"
    table.to_csv(validated.table, index=False)
    with pytest.raises(DataError, match="the same group lies in two splits"):
        prepare("tiny")


def test_samples_other_than_those_validated_are_refused(validated, make_checkout, tiny_arrays):
    tiny_arrays["x"][0] += 1
    make_checkout(tiny_arrays)
    fetch("tiny")
    with pytest.raises(DataError, match="the validated table describes other samples"):
        prepare("tiny")


def test_nothing_is_prepared_after_a_failed_validation(make_checkout, tiny_arrays):
    tiny_arrays["x"][42, 3, 3] = np.nan
    files = make_checkout(tiny_arrays).of_product("tiny")
    fetch("tiny")
    with pytest.raises(DataError, match="expectations failed"):
        validate("tiny")
    with pytest.raises(DataError, match=r"tiny did not pass validation; next: python -m tasks\.validate tiny"):
        prepare("tiny")
    assert not files.prepared.exists()


def test_prepare_before_validate_names_the_missing_file(make_checkout):
    make_checkout()
    fetch("tiny")
    with pytest.raises(DataError, match=r"validation\.json is not a readable validation"):
        prepare("tiny")
