"""The key of canaries is the one kind of JSON that is taken."""

import json

import pytest

from auditor.errors import InvalidInput
from auditor.intake import CanaryKey, Flip, Limits, from_parquet, read, to_parquet

KEY = CanaryKey(kind="holdout", salt="ab" * 32, canaries=[Flip(digest=f"{i:064x}", included=bool(i % 3)) for i in range(7)])


def refusal(tmp_path, text, **limits):
    path = tmp_path / "key.json"
    path.write_text(text)
    with pytest.raises(InvalidInput) as found:
        read(path, Limits(**limits))
    assert found.value.field == "file"
    return found.value.sentence


def test_a_key_is_a_row_for_each_coin_in_order(tmp_path):
    path = tmp_path / "key.json"
    path.write_bytes(KEY.as_bytes())
    table = read(path)
    assert table.cells["digest"].tolist() == [flip.digest for flip in KEY.canaries]
    assert table.cells["included"].tolist() == ["false", "true", "true", "false", "true", "true", "false"]
    assert set(table.cells["salt"]) == {"ab" * 32}
    assert from_parquet(to_parquet(table)).cells.equals(table.cells)


def test_it_is_recognised_without_white_space_too(tmp_path):
    path = tmp_path / "key"
    path.write_text(json.dumps(json.loads(KEY.as_bytes()), separators=(",", ":")))
    assert len(read(path)) == 7


def test_other_json_is_refused_with_what_is_taken(tmp_path):
    assert "only the key of canaries" in refusal(tmp_path, '{"members": []}')
    assert "only the key of canaries" in refusal(tmp_path, '{"canary_key": 2}')


@pytest.mark.parametrize("text", ['{"canary_key": 1, ', '{"a' + "[" * 100_000])
def test_json_that_is_cut_off_is_refused(tmp_path, text):
    assert "is none" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "change",
    [
        {"salt": "short"},
        {"canaries": [{"digest": "0" * 64, "included": "yes"}]},
        {"canaries": [{"digest": "0" * 64}]},
        {"more": 1},
        {"kind": "made-up"},
    ],
)
def test_a_key_that_was_changed_by_hand_is_refused(tmp_path, change):
    text = json.dumps({**json.loads(KEY.as_bytes()), **change})
    assert "the key of the canaries is damaged" in refusal(tmp_path, text)


def test_a_key_of_more_canaries_than_rows_are_taken(tmp_path):
    assert "names 7 canaries; at least one and at most 5" in refusal(tmp_path, KEY.as_bytes().decode(), rows=5)


def test_a_csv_whose_first_column_has_a_strange_name_is_still_a_csv(tmp_path):
    path = tmp_path / "records.csv"
    path.write_text("{a},b\n1,2\n")
    assert read(path).cells.columns.tolist() == ["{a}", "b"]
