"""Messages in a CSV file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from flashfit.data.samples import Account, Sample
from flashfit.data.sources.folder import MEND_FILE, BadFile
from flashfit.data.sources.listing import split_named
from flashfit.data.sources.tables import read_rows
from flashfit.errors import DataError
from flashfit.params import CsvTextSource


def read_csv_text(source: CsvTextSource, root: Path, account: Account) -> Iterator[Sample]:
    """One sample a row: x (bytes,) uint8, the text in UTF-8; ids are row numbers where there is no column for them.

    on_bad_file is about rows here: one without a text, a label or a known split stops the build, or is left
    out. Raises DataError for that, for an id that comes twice, and for a file that cannot be read.
    """
    file = root / source.path
    if not file.is_file():
        raise DataError(f"{source.path} does not exist or is no file", next_step="set source.path in params.yaml")
    ids: set[str] = set()
    columns = _columns(source)
    try:
        for row, (line, cells) in enumerate(read_rows(file, source.separator, list(columns.values()))):
            named = dict(zip(columns, cells, strict=True))
            try:
                sample = _sample(named, f"{file.name}@{row:06d}", file.name)
                _check_new(sample.id, ids)
            except BadFile as bad:
                _reject(source, account, line, str(bad))
            else:
                yield sample
    except (BadFile, OSError) as bad:
        raise DataError(f"{source.path}: {bad}") from None


def _columns(source: CsvTextSource) -> dict[str, str]:
    """What a column is for, and its name."""
    columns = {"text": source.text, "label": source.label, "id": source.id, "group": source.group}
    return {role: name for role, name in {**columns, "split": source.split}.items() if name is not None}


def _sample(cells: dict[str, str], numbered: str, path: str) -> Sample:
    for role in ("text", "label", "id"):
        if not cells.get(role, "given").strip():
            raise BadFile(f"no {role}")
    return Sample(
        id=cells.get("id", numbered).strip(),
        x=np.frombuffer(cells["text"].encode(), dtype=np.uint8),
        label=cells["label"].strip(),
        group=cells.get("group", "").strip() or None,
        split=split_named(cells["split"].strip()) if "split" in cells else None,
        path=path,
    )


def _check_new(id_: str, ids: set[str]) -> None:
    if id_ in ids:
        raise BadFile(f"id {id_!r} is that of a row before it")
    ids.add(id_)


def _reject(source: CsvTextSource, account: Account, line: int, reason: str) -> None:
    if source.on_bad_file == "stop":
        raise DataError(f"{source.path}, line {line}: {reason}", next_step=MEND_FILE)
    account.skipped[f"{source.path.name}, line {line}"] = reason
