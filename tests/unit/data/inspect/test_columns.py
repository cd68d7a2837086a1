"""What a CSV column is for is told from its name and its cells."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flashfit.data.inspect.columns import columns_of


def cells(**columns: Sequence[object]) -> dict[str, NDArray[np.object_]]:
    return {name: np.array([str(value) for value in values], dtype=object) for name, values in columns.items()}


ROWS = 40
WAVES = [float(value) for value in np.sin(np.arange(ROWS)).round(4)]


def test_recordings_have_a_clock_a_label_a_person_and_channels() -> None:
    table = cells(
        timestamp=[1657544371648 + 10 * row for row in range(ROWS)],
        x=WAVES,
        y=WAVES,
        label=["WALK", "SIT"] * (ROWS // 2),
        subject=["s1"] * 20 + ["s2"] * 20,
    )
    found = columns_of([table])
    assert (found.channels, found.label, found.group) == (("x", "y"), "label", "subject")
    assert found.clock is not None
    assert found.clock.unit == "ms"


def test_flags_are_no_channels_and_the_one_with_both_values_marks_anomalies() -> None:
    found = columns_of([cells(pressure=WAVES, changepoint=[0] * ROWS, anomaly=[0, 1] * (ROWS // 2))])
    assert (found.channels, found.anomaly) == (("pressure",), "anomaly")


def test_long_words_are_the_text_and_few_words_the_label() -> None:
    texts = [f"message {row}, which is long enough" for row in range(ROWS)]
    found = columns_of(
        [cells(id=list(range(ROWS)), kind=["ham", "spam"] * (ROWS // 2), words=texts, split=["train"] * ROWS)]
    )
    assert (found.id, found.label, found.text, found.split, found.channels) == ("id", "kind", "words", "split", ())


def test_a_row_number_is_no_channel() -> None:
    assert columns_of([cells(index=list(range(ROWS)), a=WAVES)]).channels == ("a",)
