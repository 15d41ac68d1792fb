import io

import pandas as pd
import pytest
from web_house import assert_problem, records

from auditor.domain.catalog import Role
from auditor.intake import from_parquet


def form(house, content, name="members", **options):
    """As a browser sends it; written out here, because the test client would leave large forms in files of its own."""
    part = b'--end\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    data = part % (b"name", b"", name.encode()) + part % (b"file", b'; filename="x.csv"', content) + b"--end--\r\n"
    return house.post("/datasets", data=data, content_type="multipart/form-data; boundary=end", **options)


def body(house, content, query="?name=members", kind="text/csv", **options):
    return house.post(f"/datasets{query}", data=content, content_type=kind, **options)


def parquet(**columns):
    sink = io.BytesIO()
    pd.DataFrame(columns).to_parquet(sink, index=False)
    return sink.getvalue()


def test_a_csv_comes_as_a_form(house):
    made = form(house, records(60).encode(), as_=Role.AUDITOR)
    assert made.status_code == 201
    assert made.json["name"] == "members"
    assert made.json["rows"] == 60
    assert list(made.json["columns"]) == ["age", "work", "income"]
    assert made.json["size"] == len(records(60))
    assert house.get(made.headers["Location"], as_=Role.VIEWER).json == made.json


def test_a_csv_comes_as_the_body(house):
    made = body(house, records(60).encode())
    assert (made.status_code, made.json["rows"]) == (201, 60)


def test_parquet_is_recognised_by_its_content_whatever_it_is_called(house):
    content = parquet(age=[30, 40], work=["a", None], member=[True, False])
    for answer in (form(house, content), body(house, content, kind="application/octet-stream"), body(house, content)):
        assert answer.status_code == 201
        assert answer.json["rows"] == 2
        assert list(answer.json["columns"]) == ["age", "work", "member"]


def test_the_same_records_have_the_same_digest(house):
    assert form(house, records().encode()).json["digest"] == body(house, records().encode()).json["digest"]


def test_the_records_are_kept_as_they_came(house):
    made = form(house, b"age,work,income\n30,,a\n07,x y,b\n").json
    with house.services.database.read() as tx:
        kept = from_parquet(house.services.artifacts.get(tx, house.workspaces["ours"], made["digest"]))
    assert kept.cells.astype(object).to_numpy().tolist() == [["30", "", "a"], ["07", "x y", "b"]]


def test_records_are_never_shown(house):
    made = form(house, b"age,work,income\n30,very-private,a\n").json
    for path in (f"/datasets/{made['id']}", "/datasets", "/events"):
        assert "very-private" not in house.get(path).get_data(as_text=True)


def test_the_list_has_every_dataset(house):
    ids = {house.dataset_id(name=f"d{i}") for i in range(3)}
    assert {item["id"] for item in house.get("/datasets").json["items"]} == ids


def test_a_dataset_is_deleted(house):
    dataset_id = house.dataset_id()
    assert house.delete(f"/datasets/{dataset_id}", as_=Role.AUDITOR).status_code == 204
    assert_problem(house.get(f"/datasets/{dataset_id}"), 404)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"age,income\n",
        b"age,age\n1,2\n",
        b"age,income\n1,2,3\n",
        b"age,income\n1\n",
        b"age,income\n\xff\xfe,a\n",
        b"PAR1 but nothing else",
        b"\x1f\x8b\x08\x00compressed",
        b"\x00\x01\x02\x03",
    ],
    ids=["empty", "header only", "doubled column", "long line", "short line", "not UTF-8", "broken Parquet", "gzip", "binary"],
)
def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(house, content):
    for answer in (form(house, content), body(house, content)):
        assert_problem(answer, 422, field="file")
    assert house.get("/datasets").json["items"] == []


def test_the_line_that_is_wrong_is_named(house):
    assert_problem(form(house, b"age,income\n30,a\n31,b\n32\n"), 422, field="file", says="4")


def test_too_many_rows_are_refused(house):
    assert_problem(form(house, records(1001).encode()), 422, field="file", says="1,000")


def test_too_many_columns_are_refused(house):
    wide = ",".join(f"c{i}" for i in range(41)) + "\n" + ",".join("1" * 41) + "\n"
    assert_problem(form(house, wide.encode()), 422, field="file", says="40")


def test_a_small_parquet_that_holds_a_lot_is_refused(house):
    assert_problem(form(house, parquet(a=[0] * 100_000)), 422, field="file")


def test_a_file_over_the_limit_is_refused_by_its_announced_size(house):
    large = b"a,b\n" + b"1,2\n" * 300_000
    assert_problem(form(house, large), 413)
    assert_problem(body(house, large), 413)


def test_a_file_over_the_limit_is_refused_when_it_announces_nothing(house):
    class Endless(io.RawIOBase):
        sent = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            Endless.sent += len(buffer)
            buffer[:] = b"1" * len(buffer)
            return len(buffer)

    answer = house.post(
        "/datasets?name=x",
        headers={"Content-Type": "text/csv", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": io.BufferedReader(Endless()), "wsgi.input_terminated": True},
    )
    assert_problem(answer, 413)
    assert Endless.sent < 3_000_000


def test_a_file_at_the_limit_is_accepted(house):
    header, line = b"a,b\n", b"1," + b"x" * 1000 + b"\n"
    content = header + line * 900
    assert len(content) < 1_000_000
    assert form(house, content).status_code == 201


@pytest.mark.parametrize("query", ["", "?name=", "?name=%20", "?name=a%00b", "?name=" + "x" * 201])
def test_a_dataset_needs_a_name(house, query):
    assert_problem(body(house, records().encode(), query=query), 422, field="name")


def test_another_parameter_is_refused(house):
    assert_problem(body(house, records().encode(), query="?name=x&label=income"), 422, field="name", says="only parameter")


@pytest.mark.parametrize(
    "data",
    [
        {"name": "x"},
        {"name": "x", "upload": (io.BytesIO(b"a\n1\n"), "x.csv")},
        {"name": "x", "file": "members.csv"},
        {"name": "x", "file": "/etc/passwd"},
    ],
    ids=["no file", "another field", "a path", "a path to steal"],
)
def test_a_form_without_its_file_is_refused(house, data):
    assert_problem(house.post("/datasets", data=data, content_type="multipart/form-data"), 422, field="file", says="one file")


def test_two_files_at_once_are_refused(house):
    data = {"name": "x", "file": [(io.BytesIO(b"a\n1\n"), "a.csv"), (io.BytesIO(b"a\n1\n"), "b.csv")]}
    assert_problem(house.post("/datasets", data=data), 422, field="file", says="one file")


def test_a_body_of_another_type_is_refused(house):
    assert_problem(body(house, b"{}", kind="application/json"), 422, field="file", says="text/csv")


def test_no_file_is_left_behind(house, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    form(house, records().encode())
    form(house, b"broken\xff")
    assert {path for path in set(tmp_path.iterdir()) - before if path.name.startswith("upload-")} == set()
