"""Where samples come from. `path` is what DVC watches: a file or folder, relative to the checkout."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from flashfit.params.section import Positive, Regex, Section, Sha256


class SklearnSource(Section):
    """A dataset that ships inside scikit-learn. path: the package lock, which says which one that is."""

    kind: Literal["sklearn"]
    path: Path
    dataset: Literal["digits"]


class NpzSource(Section):
    """An .npz file with `x` (n, …), `label` (n,), and optional `id`, `group` and `split` (n,)."""

    kind: Literal["npz"]
    path: Path
    sha256: Sha256


class Listing(Section):
    """A CSV in the data's folder that says of each file which split, and which group, it belongs to.

    path, split, group, row: its columns; row numbers a segment of the file, from 0. `val` is read as
    validation. unlisted: what becomes of files that it does not name: stop the build, skip them, follow
    the split of their group, or take them for training.
    """

    file: str = "splits.csv"
    path: str = "path"
    split: str | None = "split"
    group: str | None = None
    row: str | None = None
    unlisted: Literal["stop", "skip", "group", "train"] = "stop"


class _Folder(Section):
    """What kinds made of many files share.

    group: a regular expression searched in a file's path below `path`, whose first group names the
    sample's group. on_bad_file: a file that cannot be read stops the build, or is skipped and counted.
    """

    path: Path
    group: Regex | None = None
    listing: Listing | None = None
    on_bad_file: Literal["stop", "skip"] = "stop"

    @model_validator(mode="after")
    def _group_has_a_group(self) -> "_Folder":
        if self.group is not None:
            try:
                groups = re.compile(self.group).groups
            except re.error as error:
                raise ValueError(f"group is not a regular expression: {error}") from None
            if groups < 1:
                raise ValueError("group needs a part in parentheses that names the group")
        return self


class ImageFolderSource(_Folder):
    """Class folders of PNG or JPEG pictures: PATH/LABEL/…/NAME.png."""

    kind: Literal["image-folder"]


class WavFolderSource(_Folder):
    """Class folders of wav clips: PATH/LABEL/…/NAME.wav. Any rate and length; stereo is mixed down."""

    kind: Literal["wav-folder"]


class IdxPart(Section):
    """One pair of IDX files, gzipped or not, and the split it is; None leaves that to `split`.

    hold_out_last: so many of its last samples become validation.
    """

    images: str
    labels: str
    split: Literal["train", "validation", "test"] | None = None
    hold_out_last: int = Field(default=0, ge=0)


class IdxSource(Section):
    """IDX files in a folder, as MNIST's."""

    kind: Literal["idx"]
    path: Path
    parts: tuple[IdxPart, ...] = Field(min_length=1)


class Clock(Section):
    """The time column: numbers in a unit, or dates (`iso`)."""

    column: str
    unit: Literal["s", "ms", "us", "ns", "iso"]


class CsvWindowsSource(_Folder):
    """Labelled sensor recordings in CSV, cut into windows.

    files: a glob below path. columns: the channels, in order. label: `column:NAME`, `file` (its stem) or
    `folder`. group_from: `column:NAME`, `file`, or `path` for the regular expression in `group`.
    segment_rows: recordings of so many rows stand one behind the other in a file; each is a group.
    clock: where given, rows are sorted by it and resampled to rate_hz by linear interpolation, never
    across a gap of more than largest_gap_s. window, hop: in rows after that. purity: the least share of
    a window's rows that have its label.
    """

    kind: Literal["csv-windows"]
    files: str = "**/*.csv"
    separator: Literal["auto", ",", ";", "tab"] = "auto"
    columns: tuple[str, ...] = Field(min_length=1)
    label: Annotated[str, Field(pattern=r"^(column:.+|file|folder)$")]
    group_from: Annotated[str, Field(pattern=r"^(column:.+|file|path)$")] = "file"
    segment_rows: Positive | None = None
    clock: Clock | None = None
    rate_hz: float = Field(gt=0)
    largest_gap_s: float = Field(default=0.2, gt=0)
    window: Positive
    hop: Positive
    purity: float = Field(default=0.75, gt=0.5, le=1)


class Ahead(Section):
    """A forecast: the value of a column so many rows after the window's last; 0 is that row itself."""

    column: str
    rows: int = Field(default=0, ge=0)


class AnomalyWindows(Section):
    """Labelled stretches in a JSON file beside the data: {key: [[start, end], …]}, times as in the clock."""

    file: str
    key: str


class CsvSeriesSource(_Folder):
    """Time series in CSV, for forecasts and regression (`target`) or for anomalies (`anomaly`).

    Rows are sorted by the clock and doubles of a time dropped. period_s: where given, rows go to that grid.
    A window spans `window` rows and never a gap of more than largest_gap_s. anomaly: `column:NAME` holding
    0 or 1, or windows in a JSON file; a sample is anomalous when its last row is. commission_rows: the
    first rows of each file, known to be normal: their mean and deviation scale the whole file, as a device
    does after installation, and their windows are for training.
    """

    kind: Literal["csv-series"]
    files: str = "**/*.csv"
    separator: Literal["auto", ",", ";", "tab"] = "auto"
    columns: tuple[str, ...] = Field(min_length=1)
    clock: Clock | None = None
    period_s: float | None = Field(default=None, gt=0)
    largest_gap_s: float | None = Field(default=None, gt=0)
    window: Positive
    hop: Positive = 1
    target: Ahead | None = None
    anomaly: Annotated[str, Field(pattern=r"^column:.+$")] | AnomalyWindows | None = None
    commission_rows: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _has_one_question(self) -> "CsvSeriesSource":
        if (self.target is None) == (self.anomaly is None):
            raise ValueError("a series needs either target (a forecast or regression) or anomaly")
        return self


class CsvTextSource(Section):
    """Messages in a CSV: one row each. id, group, split: columns, where there are such."""

    kind: Literal["csv-text"]
    path: Path
    separator: Literal["auto", ",", ";", "tab"] = "auto"
    text: str
    label: str
    id: str | None = None
    group: str | None = None
    split: str | None = None
    on_bad_file: Literal["stop", "skip"] = "stop"


Source = Annotated[
    SklearnSource
    | NpzSource
    | ImageFolderSource
    | WavFolderSource
    | IdxSource
    | CsvWindowsSource
    | CsvSeriesSource
    | CsvTextSource,
    Field(discriminator="kind"),
]
