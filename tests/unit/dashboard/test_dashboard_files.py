"""Files through the dashboard: records and models uploaded by people, looked through, and made targets."""

import io
import pickle

import pytest
from html_page import Page

from auditor.domain.catalog import Role
from auditor.store import model_files, targets
from tests import model_files as made_files


def sent(person, what, name, data):
    field = {"records": "records.name", "models": "model.name"}[what]
    return person.post(f"/files/{what}", **{field: name, "file": (io.BytesIO(data), "x")})


CSV = b"age,job,ill\n" + b"".join(b"%d,baker,no\n" % age for age in range(20, 60))


def test_records_are_uploaded_and_can_be_chosen_for_an_audit(auditor):
    assert sent(auditor, "records", "patients", CSV).status_code == 303
    page = Page(auditor.text("/files"))
    assert "patients 40 3" in page.text
    assert "patients (40 records)" in auditor.text("/audits/new")


def raw(person, data):
    """The same form as bytes: the test client would leave a large one in a file that it does not close."""
    parts = {"csrf_token": person.token().encode(), "records.name": b"wide"}
    lines = [b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (k.encode(), v) for k, v in parts.items()]
    head = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = b"".join(lines) + head + data + b"\r\n--cut--\r\n"
    kind = {"Origin": "http://localhost", "Content-Type": "multipart/form-data; boundary=cut"}
    return person.client.post("/files/records", data=body, headers=kind)


def test_a_file_may_be_larger_than_any_other_form_up_to_the_limit_of_uploads(auditor):
    most = 1_000_000  # of a file in this house, and of every other body
    fitting = b"age,text,ill\n" + b"".join(b"%03d,%s,no\n" % (age, b"x" * 991) for age in range(1000))
    fitting += b"\n" * (most - len(fitting))
    assert len(fitting) == most
    assert raw(auditor, fitting).status_code == 303
    assert raw(auditor, fitting + b"\n").status_code == 413
    assert raw(auditor, 2 * fitting).status_code == 413


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [("", CSV, "Give the file a name"), ("broken", b"", "The file is empty"), ("broken", b"a,b\n1", "row")],
)
def test_what_cannot_be_records_is_told_at_the_field(auditor, name, data, says):
    answer = sent(auditor, "records", name, data)
    assert answer.status_code == 422
    assert says in Page(answer.get_data(as_text=True)).text


def test_a_model_is_looked_through_and_becomes_a_target(auditor, services, ours):
    answer = sent(auditor, "models", "net", made_files.perceptron_file().data)
    assert answer.status_code == 303
    place = answer.headers["Location"]
    page = Page(auditor.text(place))
    assert "Nothing that runs" in page.text
    assert "Code that would run No" in page.text
    answer = auditor.post(f"{place}/target", name="net", output="probabilities", classes="no, yes")
    assert answer.status_code == 303
    with services.database.read() as tx:
        found = {t.id: t for t in targets.page_targets(tx, ours.workspace_id, limit=50)[0]}
        (model,) = model_files.page_model_files(tx, ours.workspace_id, limit=50)[0]
    target = found[answer.headers["Location"].rpartition("target=")[2]]
    assert (target.spec["model"], target.spec["classes"]) == (model.id, ["no", "yes"])
    assert f'value="{target.id}" selected' in auditor.text(answer.headers["Location"])
    assert auditor.post(f"{place}/delete").status_code == 409


def test_a_pickle_is_refused_with_what_to_do_and_never_kept(auditor, services, ours):
    answer = sent(auditor, "models", "trap", pickle.dumps({"weights": [1.0]}))
    assert answer.status_code == 422
    assert "never loaded here" in Page(answer.get_data(as_text=True)).text
    with services.database.read() as tx:
        assert model_files.page_model_files(tx, ours.workspace_id, limit=50)[0] == []


@pytest.mark.parametrize(
    ("form", "says"), [({"name": "", "output": "value"}, "Give the target a name"), ({"name": "n"}, "Choose what")]
)
def test_a_target_takes_a_name_and_a_kind_of_answer(auditor, form, says):
    place = sent(auditor, "models", "net", made_files.perceptron_file().data).headers["Location"]
    answer = auditor.post(f"{place}/target", **form)
    assert answer.status_code == 422
    assert says in answer.get_data(as_text=True)


def test_records_can_be_deleted(auditor):
    sent(auditor, "records", "patients", CSV)
    address = next(a["action"] for a in Page(auditor.text("/files")).of("form") if (a.get("action") or "").endswith("/delete"))
    assert auditor.post(address).status_code == 303
    assert "patients" not in auditor.text("/files")


def test_a_viewer_sees_the_files_and_no_form(browse):
    viewer = browse(Role.VIEWER)
    assert 'type="file"' not in viewer.text("/files")
    assert sent(viewer, "records", "n", CSV).status_code == 403


def test_a_form_from_another_site_is_refused_before_its_file_is_kept(auditor):
    answer = auditor.post("/files/records", token="wrong", **{"records.name": "n", "file": (io.BytesIO(CSV), "x")})
    assert answer.status_code == 403
