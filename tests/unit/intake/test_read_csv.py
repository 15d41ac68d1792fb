import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import InvalidInput
from auditor.intake import Limits, read


def csv(tmp_path, content, **limits):
    path = tmp_path / "records.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, Limits(**limits))


def refusal(tmp_path, content, **limits):
    with pytest.raises(InvalidInput) as found:
        csv(tmp_path, content, **limits)
    assert found.value.field == "file"
    assert "\n" not in found.value.sentence
    return found.value.sentence


def test_cells_stay_as_they_are_written(tmp_path):
    table = csv(tmp_path, 'zip,age,work\n01234, 39 ,État\n,NA,"a,b"\n')
    assert table.cells.columns.tolist() == ["zip", "age", "work"]
    assert table.cells.to_numpy().tolist() == [["01234", " 39 ", "État"], ["", "NA", "a,b"]]
    assert table.types == {"zip": "string", "age": "string", "work": "string"}
    assert all(table.cells[name].dtype == object for name in table.cells)
    assert len(table) == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_usual_ways_to_write_csv(tmp_path, delimiter, end, mark):
    lines = [delimiter.join(row) for row in (("a", "b"), ("1", "x"), ("2", "y"))]
    table = csv(tmp_path, mark + end.join(lines) + end)
    assert table.cells.to_dict("list") == {"a": ["1", "2"], "b": ["x", "y"]}


def test_a_last_line_without_an_end_and_empty_lines(tmp_path):
    assert csv(tmp_path, "a,b\n1,2\n\n3,4").cells.to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"]}


def test_quoted_cells_may_hold_lines_and_quotes(tmp_path):
    table = csv(tmp_path, 'a,b\n"one\ntwo","say ""hi"""\n')
    assert table.cells.to_dict("list") == {"a": ["one\ntwo"], "b": ['say "hi"']}


def test_one_column_is_a_table(tmp_path):
    assert csv(tmp_path, "a\n1\n2\n").cells.to_dict("list") == {"a": ["1", "2"]}


@given(
    st.lists(
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters='\0\r\n"'), max_size=9), min_size=1, max_size=9
    )
)
def test_any_text_comes_back(tmp_path_factory, texts):
    body = "".join(f'"{text}",1\n' for text in texts)
    assert csv(tmp_path_factory.mktemp("csv"), "a,b\n" + body).cells["a"].tolist() == texts


def test_many_records_pass_in_pieces(tmp_path):
    body = "".join(f"{i},{i % 3}\n" for i in range(10_000))
    table = csv(tmp_path, "a,b\n" + body)
    assert table.cells["a"].tolist() == [str(i) for i in range(10_000)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n", "first line is empty"),
        (b"   \n1,2\n", "first line is empty"),
        (b"a,b\n", "no records"),
        (b"a,b", "no records"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cells, the header has 2"),
        (b"a,b\n1,2,3\n", "line 2 has 3 cells, the header has 2"),
        (b"a,b,a\n1,2,3\n", "two columns are named 'a'"),
        (b"a, a\n1,2\n", "two columns are named 'a'"),
        (b"a,,c\n1,2,3\n", "column 2 has no name"),
        (b"a,b\n1,2\n\xe9t\xe9,3\n", "line 3 is not UTF-8 (byte 0xe9)"),
        (b"a,b\n1,\xed\xa0\x80\n", "line 2 is not UTF-8"),
        (b"a,b\n1,\x002\n", "line 2 holds a NUL"),
        (b'a,b\n1,"open\n2,3\n', "not valid CSV"),
        (b'a,b\n1,"x"y\n', "line 2 is not valid CSV"),
        (b"a,b\n" + b"x" * 20_001 + b",1\n", "20,001 characters"),
        (b"x" * 300 + b"\n1\n", "is the header line missing"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08\x00rest", "gzip"),
        (b"PK\x03\x04rest", "zip archive or a spreadsheet"),
        (b"\x80\x04\x95rest", "a pickle"),
        (b"SQLite format 3\0", "a database"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_a_sentence(tmp_path, content, words):
    assert words in refusal(tmp_path, content)


@pytest.mark.parametrize("name", ["a\x1b[2J", "\x07a", '"a\nb"', "a\u202eb", "a\x85b", "\ufffea"])
def test_a_column_that_no_terminal_or_report_can_show_is_refused(tmp_path, name):
    said = refusal(tmp_path, f"age,{name},income\n1,2,3\n")
    assert said == "the name of column 2 holds a character that cannot be shown; name it in letters"


@pytest.mark.parametrize(
    "name", ["\u5e74\u9f62", "caf\u00e9 \u00b0C", "\u0645\u06cc\u200c\u0631\u0648\u0645", "\U0001f600", "a/b (c) <d>"]
)
def test_a_column_may_have_any_name_that_can_be_read(tmp_path, name):
    assert csv(tmp_path, f"{name}\n1\n").cells.columns.tolist() == [name]


def test_limits_are_told_with_their_number(tmp_path):
    body = "a,b,c\n" + "1,2,3\n" * 100
    assert "at most 50 are taken" in refusal(tmp_path, body, bytes=50)
    assert "more than 99 records" in refusal(tmp_path, body, rows=99)
    assert len(csv(tmp_path, body, rows=100)) == 100
    assert "3 columns; at most 2" in refusal(tmp_path, body, columns=2)
    assert "at most 4 are taken" in refusal(tmp_path, "a\nxxxxx\n", cell=4)


def test_a_line_without_an_end_is_not_read_to_its_end(tmp_path):
    assert "line 2 is longer than" in refusal(tmp_path, b"a,b\n" + b"1," * 100_000, cell=100, columns=10)


def test_a_path_that_leads_nowhere(tmp_path):
    with pytest.raises(InvalidInput, match="there is no file"):
        read(tmp_path / "none.csv", Limits())
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(tmp_path, Limits())


def test_equal_texts_share_one_object(tmp_path):
    table = csv(tmp_path, "a\n" + "the same long text\n" * 1_000)
    assert len(set(map(id, table.cells["a"]))) == 1
