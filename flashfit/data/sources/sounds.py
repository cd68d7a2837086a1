"""Class folders of wav clips."""

import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from flashfit.data.samples import Account, Sample
from flashfit.data.sources.folder import BadFile, Member, class_files, load_each, open_folder
from flashfit.data.sources.listing import Places, check_rows
from flashfit.params import WavFolderSource

_ALIKE = (".wave", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff")
_FULL_SCALE = {"uint8": 2.0**7, "int16": 2.0**15, "int32": 2.0**31, "float32": 1.0, "float64": 1.0}
_MIDDLE = {"uint8": 2.0**7}
_DAMAGE = (ValueError, EOFError, IndexError, KeyError, struct.error, ZeroDivisionError, TypeError)


def read_wav_folder(source: WavFolderSource, root: Path, account: Account) -> Iterator[Sample]:
    """PATH/LABEL/…/NAME.wav: x (samples,) int16, channels averaged; rate_hz as recorded."""
    check_rows(source, None)
    folder = open_folder(source, root, account)
    members = class_files(folder, (".wav",), _ALIKE)
    places = Places(source, folder, members).of_each(members)
    for member, (rate_hz, wave) in load_each(folder, list(places), _load):
        account.repaired("clips of several channels: mixed down", int(wave.ndim > 1))
        account.repaired("values beyond full scale in float clips: clipped", int((np.abs(wave) > 1).sum()))
        place, x = places[member], mono(wave)
        yield Sample(
            member.path, x, member.label, group=place.group, split=place.split, rate_hz=rate_hz, path=member.path
        )


def mono(wave: NDArray[np.float64]) -> NDArray[np.int16]:
    """Channels averaged, and rounded to 16 bits. wave: (samples,) or (samples, channels); full scale is ±1."""
    mixed = wave if wave.ndim == 1 else wave.mean(axis=1)
    return np.clip(np.rint(mixed * 2.0**15), -(2**15), 2**15 - 1).astype(np.int16)


def _load(member: Member) -> tuple[float, NDArray[np.float64]]:
    """Rate and values at a full scale of ±1."""
    from scipy.io import wavfile  # half a second to import, which other sources should not wait for

    if member.file.suffix.lower() != ".wav":
        raise BadFile(f"{member.file.suffix} is not read; .wav is")
    with member.file.open("rb") as stream:
        _check_sound(stream, member.file.stat().st_size)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks beside the sound
            rate_hz, values = wavfile.read(member.file)
    except _DAMAGE as error:
        raise BadFile(f"not a wav file that can be read: {' '.join(str(error).split())}") from None
    return float(rate_hz), _scaled(rate_hz, values)


def _scaled(rate_hz: float, values: NDArray[np.generic]) -> NDArray[np.float64]:
    name = values.dtype.name
    if name not in _FULL_SCALE:
        raise BadFile(f"samples of type {name} are not read; PCM of 8 to 32 bits and float are")
    if rate_hz <= 0 or values.size == 0:
        raise BadFile(f"no sound: {len(values)} samples at {rate_hz} Hz")
    scaled: NDArray[np.float64] = (values.astype(np.float64) - _MIDDLE.get(name, 0.0)) / _FULL_SCALE[name]
    if not np.isfinite(scaled).all():
        raise BadFile(f"{(~np.isfinite(scaled)).sum():,} values are not numbers")
    return scaled


def _check_sound(stream: IO[bytes], file_bytes: int) -> None:
    """Raise BadFile unless the file holds as much sound as it promises; scipy reads what there is in silence."""
    if stream.read(4) not in (b"RIFF", b"RIFX") or stream.read(8)[4:] != b"WAVE":
        raise BadFile("not a wav file (it does not begin with RIFF … WAVE)")
    stream.seek(0)
    order = ">" if stream.read(4) == b"RIFX" else "<"
    stream.seek(12)
    while len(header := stream.read(8)) == 8:
        name, size = struct.unpack(f"{order}4sI", header)
        there = file_bytes - stream.tell()
        if name == b"data":
            return _check_size(size, there)
        stream.seek(size + size % 2, 1)
    raise BadFile("cut short: no data chunk")


def _check_size(promised_bytes: int, there_bytes: int) -> None:
    if promised_bytes == 0:
        raise BadFile("no sound (0 samples)")
    if promised_bytes > there_bytes:
        raise BadFile(f"cut short: {promised_bytes:,} bytes of sound promised, {there_bytes:,} there")
