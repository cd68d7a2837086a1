import math
import time

import numpy as np
import pytest

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError, DataError
from flashfit.frontends.text import features, fnv1a, normalised, output_shape
from flashfit.params import TextFrontend

BUCKETS = 8192
"""Enough that the few n-grams of a test meet in none."""


def counts(words, **section):
    front = TextFrontend(kind="text", **{"buckets": BUCKETS, **section})
    return features(front, Sample("a", np.frombuffer(words.encode(), np.uint8)))[0, 0]


def buckets(*grams):
    return sorted({fnv1a(gram.encode()) % BUCKETS for gram in grams})


@pytest.mark.parametrize(("data", "value"), [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)])
def test_the_hash_is_fnv_1a_s_published_one(data, value):
    assert fnv1a(data) == value


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Call 07090201529 NOW!", "call 00000000000 now!"),
        ("  two\t\n words\u00a0here \r\n", "two words here"),
        ("Ärger ÉTÉ ÷× ß", "ärger été ÷× ß"),
        ("ΑΒΩ ПРИВЕТ Ёлка", "αβω привет ёлка"),
        ("", ""),
    ],
)
def test_case_digits_and_white_space_are_evened_out(given, expected):
    assert normalised(given) == expected


def test_characters_run_within_words_and_see_their_borders():
    found = counts("Hi u", n=(2, 3))
    assert np.flatnonzero(found).tolist() == buckets(" h", "hi", "i ", " hi", "hi ", " u", "u ", " u ")


def test_words_run_in_rows_without_their_punctuation():
    found = counts("Win £1,000 - win!", of="words", n=(1, 2))
    expected = buckets("win", "£0", "000", "win £0", "£0 000", "000 win")
    assert np.flatnonzero(found).tolist() == expected
    assert found[fnv1a(b"win") % BUCKETS] == np.float32(math.log(3))


def test_weights_are_logs_of_counts_or_presence():
    bucket = fnv1a(b"ha") % BUCKETS
    assert counts("haha ha", n=(2, 2))[bucket] == np.float32(math.log(4))
    assert counts("haha ha", n=(2, 2), weight="binary")[bucket] == 1


def test_n_grams_that_share_a_bucket_are_counted_together():
    found = counts("abcdefgh" * 40, buckets=16, n=(2, 2))
    assert np.expm1(found.astype(np.float64)).sum() == pytest.approx(321, abs=1e-3)


def test_a_sign_of_several_bytes_is_one_character():
    assert np.flatnonzero(counts("£€", n=(4, 4))).tolist() == buckets(" £€ ")


@pytest.mark.parametrize("words", ["", "   ", "a"])
def test_text_without_an_n_gram_is_all_zeros(words):
    assert not counts(words, n=(4, 6)).any()


def test_bytes_that_are_not_utf_8_are_named():
    with pytest.raises(DataError, match=r"^a is not UTF-8 text: .* at byte 1$"):
        features(TextFrontend(kind="text"), Sample("a", np.array([65, 255], np.uint8)))


def test_n_the_wrong_way_round_is_refused():
    with pytest.raises(ConfigError, match=r"\[4, 2\] is the other way round"):
        output_shape(TextFrontend(kind="text", n=(4, 2)), (9,))


def test_what_is_no_text_is_refused():
    with pytest.raises(ConfigError, match=r"takes UTF-8 text \(bytes,\)"):
        output_shape(TextFrontend(kind="text"), (9, 9))


def test_thousands_of_messages_take_seconds():
    random = np.random.default_rng(1)
    words = ["".join(random.choice(list("etaoinshrdlu"), random.integers(2, 9))) for _ in range(5000)]
    start = time.process_time()
    for _ in range(500):
        counts(" ".join(random.choice(words, 15)), buckets=512)
    assert (time.process_time() - start) * 5574 / 500 < 30


def test_only_the_white_space_that_c_knows_ends_a_word():
    assert np.flatnonzero(counts("a\u2003b", n=(5, 5))).tolist() == buckets(" a\u2003b ")
