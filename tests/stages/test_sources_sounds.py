"""Class folders of wav clips: every format that is read, and each way to be broken."""

import struct

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy.io import wavfile

from flashfit.data.samples import Account
from flashfit.data.sources import read_source
from flashfit.errors import DataError
from flashfit.params import Source

RAMP = np.array([0.0, 0.5, -0.5, -1.0, 0.25])
STEPS = [0, 16384, -16384, -32768, 8192]


def read(root, account=None, **source):
    parsed = TypeAdapter(Source).validate_python({"kind": "wav-folder", "path": "d", **source})
    return list(read_source(parsed, root, account or Account()))


def clip(root, path="a/1.wav", values=RAMP, rate_hz=8000):
    """float64 becomes int16; other types are written as they are."""
    file = root / "d" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(file, rate_hz, (values * 2**15).astype(np.int16) if values.dtype == np.float64 else values)
    return file


def riff(*chunks):
    body = b"".join(struct.pack("<4sI", name, len(content)) + content for name, content in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def pcm(bits, content, channels=1):
    block = channels * bits // 8
    return riff((b"fmt ", struct.pack("<HHIIHH", 1, channels, 8000, 8000 * block, block, bits)), (b"data", content))


@pytest.mark.parametrize(
    "values",
    [
        (RAMP * 2**15).astype(np.int16),
        (RAMP * 2**31).astype(np.int32),
        (RAMP * 128 + 128).astype(np.uint8),
        RAMP.astype(np.float32),
    ],
    ids=lambda values: values.dtype.name,
)
def test_every_type_of_sample_becomes_16_bits(tmp_path, values):
    clip(tmp_path, values=values)
    clip(tmp_path, "b/1.wav")
    sample = read(tmp_path)[0]
    assert sample.x.dtype == np.int16
    assert sample.x.tolist() == STEPS
    assert (sample.id, sample.label, sample.rate_hz, sample.path) == ("a/1.wav", "a", 8000.0, "a/1.wav")


def test_24_bits_are_read(tmp_path):
    clip(tmp_path, "b/1.wav")
    values = [int(value * 2**23) for value in RAMP]
    content = b"".join(value.to_bytes(3, "little", signed=True) for value in values)
    clip(tmp_path).write_bytes(pcm(24, content))
    assert read(tmp_path)[0].x.tolist() == STEPS


def test_stereo_is_mixed_down_and_counted(tmp_path):
    clip(tmp_path, values=np.array([[100, 300], [-100, 100]], dtype=np.int16))
    clip(tmp_path, "b/1.wav")
    account = Account()
    assert read(tmp_path, account)[0].x.tolist() == [200, 0]
    assert account.repairs == {"clips of several channels: mixed down": 1}


def test_float_beyond_full_scale_is_clipped_and_counted(tmp_path):
    clip(tmp_path, values=np.array([1.5, -2.0, 0.5], dtype=np.float32))
    clip(tmp_path, "b/1.wav")
    account = Account()
    assert read(tmp_path, account)[0].x.tolist() == [32767, -32768, 16384]
    assert account.repairs == {"values beyond full scale in float clips: clipped": 2}


def test_chunks_beside_the_sound_are_passed_over(tmp_path):
    clip(tmp_path, "b/1.wav")
    fmt = (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
    chunks = [fmt, (b"bext", b"odd!x\0"), (b"data", np.array([7, 8], dtype="<i2").tobytes()), (b"LIST", b"INFO")]
    clip(tmp_path).write_bytes(riff(*chunks))
    assert read(tmp_path)[0].x.tolist() == [7, 8]


def test_clips_keep_their_own_rates_and_lengths(tmp_path):
    clip(tmp_path, values=np.zeros(3), rate_hz=8000)
    clip(tmp_path, "b/1.wav", np.zeros(9), rate_hz=44100)
    assert [(len(sample.x), sample.rate_hz) for sample in read(tmp_path)] == [(3, 8000.0), (9, 44100.0)]


WHOLE = pcm(16, bytes(64))
BROKEN = {
    "nothing": (b"", r"empty \(0 bytes\)"),
    "text": (b"this is no sound", r"not a wav file \(it does not begin with RIFF … WAVE\)"),
    "an mp3 in disguise": (b"ID3\x03" + bytes(100), "not a wav file"),
    "cut within the sound": (WHOLE[:-24], "cut short: 64 bytes of sound promised, 40 there"),
    "cut before the sound": (WHOLE[:36], "cut short: no data chunk"),
    "no samples": (pcm(16, b""), r"no sound \(0 samples\)"),
    "half a sample": (pcm(16, b"\0"), r"no sound: 0 samples|not a wav file that can be read"),
    "another coding": (WHOLE.replace(b"\x01\0\x01\0", b"\x11\0\x01\0", 1), "not a wav file that can be read: Unknown"),
    "not a number": (
        riff((b"fmt ", struct.pack("<HHIIHH", 3, 1, 8000, 32000, 4, 32)), (b"data", struct.pack("<f", float("nan")))),
        "1 values are not numbers",
    ),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_clip_is_named_with_its_path_and_the_reason(tmp_path, damage):
    content, reason = BROKEN[damage]
    for path in ("a/1.wav", "b/1.wav"):
        clip(tmp_path, path)
    (tmp_path / "d/b/2.wav").write_bytes(content)
    with pytest.raises(DataError, match=rf"^d/b/2\.wav: ({reason})"):
        read(tmp_path)


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_clip_is_skipped_and_the_others_are_read_where_the_product_says_so(tmp_path, damage):
    for path in ("a/1.wav", "b/1.wav", "b/3.wav"):
        clip(tmp_path, path)
    (tmp_path / "d/b/2.wav").write_bytes(BROKEN[damage][0])
    account = Account()
    assert [sample.id for sample in read(tmp_path, account, on_bad_file="skip")] == ["a/1.wav", "b/1.wav", "b/3.wav"]
    assert list(account.skipped) == ["b/2.wav"]


def test_a_clip_in_a_format_that_is_not_read_is_not_passed_over_in_silence(tmp_path):
    for path in ("a/1.wav", "b/1.wav"):
        clip(tmp_path, path)
    (tmp_path / "d/b/2.flac").write_bytes(b"fLaC")
    with pytest.raises(DataError, match=r"^d/b/2\.flac: \.flac is not read; \.wav is"):
        read(tmp_path)


def test_no_bit_flip_in_a_header_ends_in_anything_but_a_data_error(tmp_path):
    for path in ("a/1.wav", "b/1.wav"):
        clip(tmp_path, path)
    file = tmp_path / "d/b/2.wav"
    for bit in range(8 * 44):
        content = bytearray(WHOLE)
        content[bit // 8] ^= 1 << bit % 8
        file.write_bytes(content)
        assert len(read(tmp_path, on_bad_file="skip")) >= 2


def test_clips_come_one_after_the_other(tmp_path):
    for path in ("a/1.wav", "b/1.wav"):
        clip(tmp_path, path)
    source = TypeAdapter(Source).validate_python({"kind": "wav-folder", "path": "d"})
    samples = read_source(source, tmp_path, Account())
    next(samples)
    (tmp_path / "d/b/1.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"^d/b/1\.wav: empty"):
        next(samples)
