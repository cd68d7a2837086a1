"""Class folders of pictures."""

import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from flashfit.data.samples import Account, Sample
from flashfit.data.sources.folder import BadFile, Member, class_files, load_each, open_folder
from flashfit.data.sources.listing import Places, check_rows
from flashfit.params import ImageFolderSource

_SUFFIXES = (".png", ".jpg", ".jpeg")
_ALIKE = (".bmp", ".gif", ".tif", ".tiff", ".webp", ".heic")
_GREY = ("1", "LA", "La")
_DAMAGE = (OSError, ValueError, SyntaxError, struct.error, EOFError, Image.DecompressionBombError)


def read_image_folder(source: ImageFolderSource, root: Path, account: Account) -> Iterator[Sample]:
    """PATH/LABEL/…/NAME.png: x (h, w) uint8 where the picture is grey, (h, w, 3) otherwise; turned upright."""
    check_rows(source, None)
    folder = open_folder(source, root, account)
    members = class_files(folder, _SUFFIXES, _ALIKE)
    places = Places(source, folder, members).of_each(members)
    for member, x in load_each(folder, list(places), _load):
        place = places[member]
        yield Sample(member.path, x, member.label, group=place.group, split=place.split, path=member.path)


def _load(member: Member) -> NDArray[np.generic]:
    if member.file.suffix.lower() not in _SUFFIXES:
        raise BadFile(f"{member.file.suffix} is not read; {', '.join(_SUFFIXES)} are")
    try:
        with warnings.catch_warnings(), Image.open(member.file, formats=("PNG", "JPEG")) as picture:
            warnings.simplefilter("ignore")  # of metadata that nobody asks for
            return _pixels(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError:
        raise BadFile("not a PNG or JPEG picture") from None
    except _DAMAGE as error:
        raise BadFile(f"damaged: {error}") from None


def _pixels(picture: Image.Image) -> NDArray[np.generic]:
    """uint8; 16-bit grey keeps its upper 8 bits, and transparency is dropped."""
    if picture.mode.startswith("I"):
        return (np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
    if picture.mode == "L":
        return np.asarray(picture)
    return np.asarray(picture.convert("L" if picture.mode in _GREY else "RGB"))
