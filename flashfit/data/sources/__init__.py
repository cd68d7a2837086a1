"""Where samples come from: each kind of source in params.yaml, read as a stream of samples."""

from collections.abc import Iterator
from pathlib import Path

from flashfit.data.samples import Account, Sample
from flashfit.data.sources.arrays import read_digits, read_npz
from flashfit.data.sources.csv_series import read_csv_series
from flashfit.data.sources.csv_text import read_csv_text
from flashfit.data.sources.csv_windows import read_csv_windows
from flashfit.data.sources.idx import read_idx
from flashfit.data.sources.images import read_image_folder
from flashfit.data.sources.sounds import read_wav_folder
from flashfit.params import (
    CsvSeriesSource,
    CsvTextSource,
    CsvWindowsSource,
    IdxSource,
    ImageFolderSource,
    NpzSource,
    Source,
    WavFolderSource,
)


def read_source(source: Source, root: Path, account: Account) -> Iterator[Sample]:
    """Every sample of a source, one after the other, in an order that the file names alone decide.

    Relative paths start at root, the checkout. account is complete once the last sample has come. Raises
    DataError when a file is missing, is not the one that params.yaml names, or is damaged, and ConfigError
    where two settings of the source contradict each other.
    """
    match source:
        case NpzSource():
            return read_npz(source, root)
        case ImageFolderSource():
            return read_image_folder(source, root, account)
        case WavFolderSource():
            return read_wav_folder(source, root, account)
        case IdxSource():
            return read_idx(source, root)
        case CsvWindowsSource():
            return read_csv_windows(source, root, account)
        case CsvSeriesSource():
            return read_csv_series(source, root, account)
        case CsvTextSource():
            return read_csv_text(source, root, account)
        case _:
            return read_digits()
