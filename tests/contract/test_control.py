"""Proof of control on both databases: the page is fetched over a real connection, and an audit stops when its proof ends."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from auditor.domain.audit import AuditStatus
from auditor.domain.control import Authorisation
from auditor.domain.spec import parse
from auditor.domain.target import Auth, AuthKind, Target
from auditor.errors import AddressBlocked, Cancelled, Conflict, InvalidInput, TargetUnreachable
from auditor.settings import Settings
from auditor.store import audits, datasets, workspaces
from auditor.store.artifacts import Artifacts
from auditor.store.engine import Database
from auditor.store.vault import Vault
from auditor.workflow import Services, resume, submit
from auditor.workflow.control import NOBODY, document, watched
from auditor.workflow.showing import by_authorisation, by_dns, by_token, register_key, token_of
from auditor.workflow.signatures import new_private_key, public_of, sign

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://models.example.com/v2/models/m/infer"
PRIVATE = new_private_key()


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


class Nowhere:
    def deliver(self, steps: Any) -> None:
        """Steps wait."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def services(database: Database, tmp_path: Path) -> Services:
    settings = Settings(tmp_path, "unused", "unused", allow_private_targets=True, require_control=True)
    return Services(settings, database, Artifacts(None), Vault.load(settings), Nowhere(), Clock(), {})


@pytest.fixture
def ours(services: Services) -> str:
    with services.database.begin() as tx:
        return workspaces.create_workspace(tx, "ours", START).id


@dataclass
class Page:
    """What the well-known path answers."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    origin: str = ""
    path: str = ""


@pytest.fixture
def page() -> Iterator[Page]:
    known = Page()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

        def do_GET(self) -> None:
            known.path = self.path
            self.send_response(known.status)
            for name, value in known.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(known.body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.origin = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_token_in_a_line_of_its_own_shows_control(services: Services, ours: str, page: Page) -> None:
    page.body = b"# ours\r\n" + token_of(services, ours, page.origin).encode() + b"\r\n"
    proof = by_token(services, ours, Target(page.origin + "v2/models/m/infer?x=1"))
    assert page.path == "/.well-known/privacy-auditor.txt"
    assert (proof.scope, proof.ends) == (page.origin, START + timedelta(days=30))
    assert (
        proof.sentence
        == f"Control over the endpoint was shown by a token at {page.origin[:-1]}{page.path} on 2026-03-02 09:00 UTC."
    )


def test_nothing_else_shows_it_and_nothing_is_echoed(services: Services, ours: str, page: Page) -> None:
    token = token_of(services, ours, page.origin).encode()
    for status, body, headers in [
        (200, b"private contents", ()),
        (200, b"x" + token, ()),
        (200, b"x\n" * 3000 + token, ()),
        (404, token, ()),
        (302, token, (("Location", "/elsewhere"),)),
    ]:
        page.status, page.body, page.headers = status, body, headers
        with pytest.raises(Conflict) as refusal:
            by_token(services, ours, Target(page.origin))
        assert "private contents" not in refusal.value.sentence


def test_the_page_is_asked_through_the_guard(services: Services, ours: str, page: Page) -> None:
    closed = replace(services, settings=replace(services.settings, allow_private_targets=False))
    for url in (page.origin, "http://169.254.169.254/"):
        with pytest.raises((InvalidInput, AddressBlocked)):
            by_token(closed, ours, Target(url))
    assert page.path == ""
    with pytest.raises(TargetUnreachable):
        by_token(services, ours, Target("http://127.0.0.1:9/"))


def test_the_page_sees_no_credential_and_a_certificate_that_is_not_there_is_a_sentence(
    services: Services, ours: str, page: Page
) -> None:
    page.body = token_of(services, ours, page.origin).encode()
    by_token(services, ours, Target(page.origin, auth=Auth(AuthKind.BEARER, "env:NOT_SET")))  # not even looked up
    with pytest.raises(InvalidInput, match="set the environment variable NOT_SET"):
        by_token(services, ours, Target(page.origin, auth=Auth(AuthKind.MTLS, "env:NOT_SET")))


def audit_of(services: Services, ours: str, url: str = URL) -> Any:
    with services.database.begin() as tx:
        digest = services.artifacts.put(tx, ours, b"not a table", kind="dataset")
        columns = {"age": "integer", "label": "string"}
        ids = [datasets.create_dataset(tx, ours, n, 100, columns, 11, digest, START).id for n in ("members", "others")]
    data = {"members": ids[0], "non_members": ids[1], "label": "label"}
    return parse({"spec": 1, "name": "q3", "target": {"url": url}, "data": data, "learner": "xgboost", "attacks": "quick"})


def authorise(services: Services, ours: str, days: int) -> None:
    now = services.clock()
    granted = Authorisation("Ada", "models.example.com", now, now + timedelta(days=days), 10**9)
    by_authorisation(services, ours, sign(granted, PRIVATE).as_json())


def reached(fraction: float) -> None:
    """A checkpoint that nobody stops."""


@pytest.mark.parametrize("required", [True, False], ids=["required", "not required"])
def test_an_audit_stops_when_its_authorisation_ends_and_goes_on_under_a_new_one(
    services: Services, ours: str, required: bool
) -> None:
    services = replace(services, settings=replace(services.settings, require_control=required))
    register_key(services, ours, "ops", public_of(PRIVATE))
    authorise(services, ours, days=2)
    audit = submit(services, ours, audit_of(services, ours))
    check = watched(services, audit, reached)
    check()
    services.clock.now += timedelta(days=2)  # type: ignore[attr-defined]
    with pytest.raises(Cancelled, match=r"ended on 2026-03-04 09:00 UTC.*resume the audit"):
        check()
    with services.database.read() as tx:
        stopped = audits.get(tx, ours, audit.id)
    assert (stopped.status, "asked no more" in (stopped.reason or "")) == (AuditStatus.FAILED, True)
    authorise(services, ours, days=1)
    watched(services, resume(services, ours, audit.id), reached)()
    told = document(services, audit)
    assert (told["shown"], len(told["proofs"])) == (True, 2)
    assert told["sentence"].count("Ada signed with the key 'ops'") == 2


def test_without_the_requirement_an_audit_says_that_nobody_has(services: Services, ours: str) -> None:
    with pytest.raises(Conflict, match="Nobody has shown control"):
        submit(services, ours, audit_of(services, ours))
    services = replace(services, settings=replace(services.settings, require_control=False))
    audit = submit(services, ours, audit_of(services, ours))
    watched(services, audit, reached)()
    assert document(services, audit) == {"shown": False, "sentence": NOBODY, "proofs": []}


def test_a_record_that_ends_only_matters_where_control_is_required(services: Services, ours: str) -> None:
    token = token_of(services, ours, URL).encode()
    free = replace(services, settings=replace(services.settings, require_control=False), text_records=lambda name: [token])
    by_dns(free, ours, URL)
    audit = submit(free, ours, audit_of(free, ours))
    free.clock.now += timedelta(days=31)  # type: ignore[attr-defined]
    watched(free, audit, reached)()
    assert document(free, audit)["shown"]
    with pytest.raises(Cancelled, match="DNS record"):
        watched(services, audit, reached)
