"""Text: n-grams hashed into buckets and counted."""

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Sample
from flashfit.errors import ConfigError, DataError
from flashfit.params import TextFrontend

_LOWER = (
    (0x41, 0x5A, 0x20),
    (0xC0, 0xD6, 0x20),
    (0xD8, 0xDE, 0x20),
    (0x391, 0x3A9, 0x20),
    (0x400, 0x40F, 0x50),
    (0x410, 0x42F, 0x20),
)
"""First and last capital, and what is added to make it small: Latin-1, Greek and Cyrillic.

No more than a few ranges, so that the C twin needs no Unicode tables.
"""

_SPACES = "\t\n\v\f\r\u00a0"
_SIGNS = (
    {upper: upper + step for first, last, step in _LOWER for upper in range(first, last + 1)}
    | dict.fromkeys(map(ord, "0123456789"), "0")
    | dict.fromkeys(map(ord, _SPACES), " ")
)
_WORD = re.compile(r"[a-z0-9\u0080-\U0010ffff]+")


def output_shape(frontend: TextFrontend, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(1, 1, buckets) for text (bytes,). Raises ConfigError for any other number of axes, and for n backwards."""
    if len(shape) != 1:
        raise ConfigError(f"the text front end takes UTF-8 text (bytes,), not shape {shape}")
    if frontend.n[0] > frontend.n[1]:
        raise ConfigError(f"n is [least, most] length of an n-gram, and {list(frontend.n)} is the other way round")
    return 1, 1, frontend.buckets


def features(frontend: TextFrontend, sample: Sample) -> NDArray[np.float32]:
    """(1, 1, buckets): 1 or ln(1 + count) of the n-grams in each bucket, of x (bytes,) uint8; not scaled.

    An n-gram's bucket is fnv1a of its UTF-8 bytes modulo buckets. Of characters: every run of n characters
    within a word that has a space set before and after it. Of words (letters and digits): n in a row, with
    a space between. Raises DataError for bytes that are not UTF-8, naming the sample.
    """
    text = normalised(_decoded(sample))
    buckets: list[int] = []
    if frontend.of == "characters":
        for word in filter(None, text.split(" ")):
            buckets.extend(_word_buckets(word, frontend.n, frontend.buckets))
    else:
        buckets.extend(_bucket(gram, frontend.buckets) for gram in _word_grams(_WORD.findall(text), frontend.n))
    counts = np.bincount(np.array(buckets, dtype=np.int64), minlength=frontend.buckets)
    weights = np.log1p(counts) if frontend.weight == "log" else np.minimum(counts, 1)
    return weights.astype(np.float32)[None, None, :]


def describe(frontend: TextFrontend) -> str:
    """In words."""
    least, most = frontend.n
    weight = "ln(1 + count)" if frontend.weight == "log" else "presence"
    return (
        f"{weight} of runs of {least} to {most} {frontend.of} in {frontend.buckets} buckets,"
        " divided by the training samples' largest"
    )


def normalised(text: str) -> str:
    """Small letters, every digit as 0, words one space apart."""
    return " ".join(word for word in text.translate(_SIGNS).split(" ") if word)


def fnv1a(data: bytes) -> int:
    """32-bit FNV-1a (Fowler, Noll and Vo; draft-eastlake-fnv)."""
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def _decoded(sample: Sample) -> str:
    try:
        return sample.x.astype(np.uint8).tobytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{sample.id} is not UTF-8 text: {error.reason} at byte {error.start}") from None


@lru_cache(maxsize=1 << 17)
def _word_buckets(word: str, n: tuple[int, int], buckets: int) -> tuple[int, ...]:
    padded = f" {word} "
    grams = (padded[at : at + size] for size in _sizes(n) for at in range(len(padded) - size + 1))
    return tuple(_bucket(gram, buckets) for gram in grams)


def _word_grams(words: list[str], n: tuple[int, int]) -> Iterator[str]:
    for size in _sizes(n):
        for at in range(len(words) - size + 1):
            yield " ".join(words[at : at + size])


@lru_cache(maxsize=1 << 17)
def _bucket(gram: str, buckets: int) -> int:
    return fnv1a(gram.encode()) % buckets


def _sizes(n: tuple[int, int]) -> range:
    return range(n[0], n[1] + 1)
