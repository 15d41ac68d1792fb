"""Who has shown control over an endpoint: told on the pages of audits, and shown from the page of the target."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dashboard_browser import Browser
from dashboard_seed import Seed
from html_page import Page
from web_house import open_services

from auditor.domain.catalog import Role
from auditor.store import targets
from auditor.web.app import create_app
from auditor.workflow import showing

URL = "https://models.example.com/v2/models/income/infer"
RECORD = "_privacy-auditor.models.example.com"


class House:
    """A service that requires control, over a DNS that holds what it is told."""

    def __init__(self, services: Any, url: str = URL) -> None:
        self.records: dict[str, list[bytes]] = {}
        self.services = replace(services, text_records=lambda name: self.records.get(name, []))
        self.seeded = Seed(self.services).plant("ours")
        with self.services.database.begin() as tx:
            block = {"url": url, "protocol": "open-inference", "rows": "records", "output": "probabilities"}
            self.target = targets.create_target(tx, self.seeded.workspace_id, "far", block, self.services.clock()).id

    def browser(self, role: Role = Role.AUDITOR) -> Browser:
        return Browser(create_app(self.services), self.seeded.keys[role])

    def text(self, role: Role = Role.AUDITOR) -> str:
        return Page(self.browser(role).text(f"/targets/{self.target}")).text


@pytest.fixture
def strict(tmp_path: Path, template_database: Path) -> Iterator[House]:
    (home := tmp_path / "strict").mkdir()
    opened = open_services(home, template_database, require_control=True)
    yield House(opened)
    opened.close()


def test_a_running_audit_says_that_nobody_has_shown_control(auditor: Any, ours: Any) -> None:
    page = Page(auditor.text(f"/audits/{ours.audits['running']}"))
    assert "Nobody has shown control over this endpoint." in page.text


def test_the_page_of_a_target_says_where_its_token_goes(strict: House) -> None:
    text = strict.text()
    assert "Nobody has shown control over this endpoint, so that it cannot be audited yet." in text
    assert showing.token_of(strict.services, strict.seeded.workspace_id, URL) in text
    assert "https://models.example.com:443/.well-known/privacy-auditor.txt" in text
    assert RECORD in text


def test_a_record_that_is_not_there_is_told_and_one_that_is_counts(strict: House) -> None:
    browser, path = strict.browser(), f"/targets/{strict.target}/control"
    absent = browser.post(path, by="dns")
    assert (absent.status_code, "No TXT record of" in absent.get_data(as_text=True)) == (409, True)
    strict.records[RECORD] = [showing.token_of(strict.services, strict.seeded.workspace_id, URL).encode()]
    found = browser.post(path, by="dns")
    assert (found.status_code, found.location) == (303, f"/targets/{strict.target}#control")
    assert f"Control over the endpoint was shown by the DNS record {RECORD}" in strict.text()


def test_a_proof_that_ended_no_longer_counts(strict: House) -> None:
    strict.records[RECORD] = [showing.token_of(strict.services, strict.seeded.workspace_id, URL).encode()]
    strict.browser().post(f"/targets/{strict.target}/control", by="dns")
    assert "no longer counts" not in strict.text()
    strict.services.clock.advance(days=1 + showing.LASTS.days)
    assert "no longer counts" in strict.text()


def test_a_viewer_is_told_what_was_shown_and_may_not_look(strict: House) -> None:
    text = strict.text(Role.VIEWER)
    assert "Nobody has shown control" in text
    assert "privacy-auditor-" not in text
    assert strict.browser(Role.VIEWER).post(f"/targets/{strict.target}/control", by="dns").status_code == 403


def test_an_audit_of_it_is_refused_at_the_target_and_what_was_typed_stays(strict: House) -> None:
    known = strict.seeded.datasets
    form = {"target": strict.target, "name": "mine", "data.members": known["members"], "data.non_members": known["non-members"]}
    more = {"data.label": "income", "attacks": "quick", "learner": "xgboost", "policy": "default", "budget.queries": "50000"}
    answer = strict.browser().send("/audits", form | more)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert 'id="target-mistake"' in page
    assert 'value="mine"' in page


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/v2/models/m/infer", ""])
def test_what_is_on_this_machine_needs_no_proof(tmp_path: Path, template_database: Path, url: str) -> None:
    opened = open_services(tmp_path, template_database)
    try:
        assert "Proof of control" not in House(opened, url).text()
    finally:
        opened.close()
