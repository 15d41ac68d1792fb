"""A target that is registered from the form."""

import re

import pytest
from html_page import Page

from auditor.domain.catalog import Role
from auditor.store import secrets, targets

URL = "http://127.0.0.1:8080/v2/models/churn/infer"
FILLED = {
    "name": "churn-eu2",
    "target.url": URL,
    "target.protocol": "open-inference",
    "target.rows": "records",
    "target.output": "probabilities",
    "target.classes": "no, yes",
    "target.auth.kind": "none",
}


def mistakes(answer):
    return re.findall(r'id="([^"]+)-mistake"', answer.get_data(as_text=True))


def registered(services, ours):
    with services.database.read() as tx:
        return {t.name: t.spec for t in targets.page_targets(tx, ours.workspace_id, limit=50)[0]}


def test_a_target_is_registered_and_its_page_follows(auditor, services, ours):
    assert 'value="open-inference" selected' in auditor.text("/targets/new")
    answer = auditor.send("/targets", FILLED)
    assert answer.status_code == 303
    assert "Start the first audit" in Page(auditor.text(answer.location)).text
    made = registered(services, ours)["churn-eu2"]
    assert (made["url"], made["classes"], made["auth"]) == (URL, ["no", "yes"], None)


def test_a_credential_is_named_by_its_secret(auditor, services, ours):
    with services.database.begin() as tx:
        made = secrets.create_secret(tx, ours.workspace_id, "key", "127.0.0.1", "sesame", services.clock(), services.vault)
    auth = {"target.auth.kind": "header", "target.auth.secret": made.id, "target.auth.header": "X-Key"}
    assert auditor.send("/targets", {**FILLED, **auth}).status_code == 303
    told = registered(services, ours)["churn-eu2"]["auth"]
    assert (told["kind"], told["secret"], told["header"]) == ("header", f"secret:{made.id}", "X-Key")


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"name": "", "target.url": ""}, ["name", "target.url"]),
        ({"target.url": "ftp://127.0.0.1/model"}, ["target.url"]),
        ({"target.url": "not an address"}, ["target.url"]),
        ({"target.protocol": "open-inference", "target.rows": "lines"}, ["target.rows"]),
        ({"target.protocol": "magic"}, ["target.protocol"]),
        ({"target.auth.kind": "bearer"}, ["target.auth.secret"]),
        ({"target.auth.kind": "bearer", "target.auth.secret": "hunter2"}, ["target.auth.secret"]),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_is_kept(auditor, services, ours, changes, at):
    answer = auditor.send("/targets", {**FILLED, **changes})
    assert (answer.status_code, mistakes(answer)) == (422, at)
    assert "churn-eu2" not in registered(services, ours)


def test_only_who_may_write_is_offered_the_form(browse):
    assert 'href="/targets/new"' in browse(Role.AUDITOR).text("/")
    viewer = browse(Role.VIEWER)
    assert 'href="/targets/new"' not in viewer.text("/")
    assert viewer.get("/targets/new").status_code == 403
