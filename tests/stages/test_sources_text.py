"""Messages in CSV."""

import pytest
from pydantic import TypeAdapter

from flashfit.data.samples import Account
from flashfit.data.sources import read_source
from flashfit.errors import DataError
from flashfit.params import Source

COLUMNS = {"text": "text", "label": "kind"}
FULL = {**COLUMNS, "id": "no", "group": "who", "split": "part"}


def read(root, content, account=None, **source):
    (root / "m.csv").write_text(content, encoding="utf-8")
    parsed = TypeAdapter(Source).validate_python({"kind": "csv-text", "path": "m.csv", **COLUMNS, **source})
    return list(read_source(parsed, root, account or Account()))


def test_a_message_is_its_bytes_in_utf_8(tmp_path):
    samples = read(tmp_path, 'kind,text\nham," Grüße, ""du""\nda"\nspam,WIN\n')
    assert samples[0].x.tobytes().decode() == ' Grüße, "du"\nda'
    assert (samples[0].x.dtype.name, samples[0].x.ndim) == ("uint8", 1)
    assert [(sample.id, sample.label) for sample in samples] == [("m.csv@000000", "ham"), ("m.csv@000001", "spam")]


def test_columns_for_id_group_and_split_are_taken(tmp_path):
    sample = read(tmp_path, "no;kind;who;part;text\n7;ham;ann;dev;hi\n", **FULL)[0]
    assert (sample.id, sample.label, sample.group, sample.split) == ("7", "ham", "ann", "validation")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("8,ham,ann,train, ", r"^m\.csv, line 3: no text; next: mend"),
        ("8,,ann,train,hi", r"^m\.csv, line 3: no label"),
        ("8,ham,ann,later,hi", r"^m\.csv, line 3: split 'later' is none of"),
        ("7,ham,ann,train,hi", r"^m\.csv, line 3: id '7' is that of a row before it"),
    ],
)
def test_a_bad_row_stops_the_build_or_is_left_out_as_the_product_says(tmp_path, row, message):
    content = f"no,kind,who,part,text\n7,ham,ann,dev,hi\n{row}\n9,spam,,test,win\n"
    with pytest.raises(DataError, match=message):
        read(tmp_path, content, **FULL)
    account = Account()
    assert [sample.id for sample in read(tmp_path, content, account, on_bad_file="skip", **FULL)] == ["7", "9"]
    assert list(account.skipped) == ["m.csv, line 3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"^m\.csv: empty"),
        ("kind,body\nham,hi\n", r"^m\.csv: no column text \(it has: kind, body\)"),
        ("kind,text\nham,hi,you\n", r"^m\.csv: line 2 has 3 fields, the header 2"),
    ],
)
@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_a_file_that_cannot_be_read_stops_the_build_whatever_the_product_says(tmp_path, text, message, policy):
    with pytest.raises(DataError, match=message):
        read(tmp_path, text, on_bad_file=policy)


def test_a_missing_file_is_named(tmp_path):
    source = TypeAdapter(Source).validate_python({"kind": "csv-text", "path": "gone.csv", **COLUMNS})
    with pytest.raises(DataError, match=r"^gone\.csv does not exist or is no file"):
        list(read_source(source, tmp_path, Account()))
