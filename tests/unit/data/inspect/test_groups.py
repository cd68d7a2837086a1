"""People are found in file names; counters and labels are not taken for people."""

import re

import pytest

from flashfit.data.inspect.groups import group_pattern

_CLASSES = ("yes", "no")


@pytest.mark.parametrize(
    "name", ["{label}/{label}_{who}_{take}.wav", "{label}/{who}_{take}.wav", "{label}/{who}/{take}.wav"]
)
def test_a_name_that_comes_back_in_every_class_is_a_person(name: str) -> None:
    labels = {
        name.format(label=label, who=who, take=take): label
        for label in _CLASSES
        for who in ("theo", "anna", "lucas")
        for take in range(4)
    }
    pattern = group_pattern(labels, below_class=True)
    assert pattern is not None
    found = re.search(pattern, name.format(label="yes", who="theo", take=1))
    assert found is not None
    assert found.group(1) == "theo"


def test_the_speaker_hash_of_speech_commands_is_known_where_no_two_clips_share_one() -> None:
    labels = {f"yes/{number:08x}_nohash_0.wav": "yes" for number in range(10)}
    assert group_pattern(labels, below_class=True) == "([0-9a-f]{8})_nohash"


@pytest.mark.parametrize("name", ["{label}/IMG_{take}.jpg", "{label}/{take}_{take}.jpg", "{label}/{label}_{take}.png"])
def test_counters_and_labels_are_no_people(name: str) -> None:
    labels = {name.format(label=label, take=take): label for label in _CLASSES for take in range(10)}
    assert group_pattern(labels, below_class=True) is None


def test_a_folder_a_person_is_found_where_folders_are_no_classes() -> None:
    labels = {f"s{person:02d}/walk_{take}.csv": "" for person in range(4) for take in range(3)}
    assert group_pattern(labels, below_class=False) == "^([^/]+)/"
