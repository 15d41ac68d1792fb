"""Credentials on real connections of this machine: tokens are fetched and renewed, certificates shown, and nothing leaks."""

import json
import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Adapter, Auth, AuthKind, Output, Profile, Target, WireProtocol
from auditor.errors import AuditorError, InvalidInput, TargetError, TargetRefused, TargetUnreachable
from auditor.querying import Guard, MemoryLedger, QueryClient, Rate, http_transport
from auditor.querying.auth import context_for
from auditor.querying.control_token import Asking, check_token

SECRET, TOKEN = "pl4nted-s3cret", "privacy-auditor-abc"
COLUMNS = (Column("age", ColumnType.INTEGER),)
FRAME = pd.DataFrame({"age": np.arange(40)})
LAPTOP = Guard(allow_loopback=True, resolve=lambda name, port: ["127.0.0.1"])
Answer = Callable[["Handler"], tuple[int, Any]]


class Handler(BaseHTTPRequestHandler):
    """Reads the request, and leaves the answer to the server's function."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.content = self.rfile.read(int(self.headers["Content-Length"]))
        status, document = self.server.answer(self)  # type: ignore[attr-defined]
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """The page that shows control, for whoever may ask at all."""
        body = TOKEN.encode() + b"\n"
        self.server.asked.append((self.path, self.headers["Authorization"]))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form: str, *arguments: Any) -> None:
        """Quiet."""


class Server:
    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.answer = answer  # type: ignore[attr-defined]
        self.asked: list[tuple[str, str | None]] = []
        self._http.asked = self.asked  # type: ignore[attr-defined]
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign, assignment]
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    opened: list[Server] = []

    def start(answer: Answer, tls: ssl.SSLContext | None = None) -> Server:
        opened.append(Server(answer, tls))
        return opened[-1]

    yield start
    for server in opened:
        server.close()


def predicted(handler: Handler) -> tuple[int, Any]:
    rows = json.loads(handler.content)["rows"]
    return 200, {"predictions": [[1 - row[0] / 100, row[0] / 100] for row in rows]}


def target(server: Server, scheme: str = "http", **changes: Any) -> Target:
    adapter = changes.pop("adapter", Adapter({"rows": "$rows"}, "predictions"))
    url = f"{scheme}://models.example:{server.port}/predict"
    return Target(url, WireProtocol.JSON, classes=("no", "yes"), adapter=adapter, **changes)


def ask(asked: Target, secret: str | None, ledger: MemoryLedger | None = None) -> np.ndarray:
    transport = http_transport(asked, COLUMNS, secret, LAPTOP, timeout=5.0)
    profile = Profile(Output.PROBABILITIES, ("no", "yes"), batch_size=10)
    return QueryClient(transport, ledger or MemoryLedger(), profile, Rate(jitter=lambda: 0.0))(FRAME)


class Login:
    """A server of tokens, and a target that takes the newest of them only, each for `uses` requests."""

    def __init__(self, uses: int) -> None:
        self.uses, self.given, self.taken = uses, 0, 0
        self.forms: list[dict[str, list[str]]] = []

    def token(self, handler: Handler) -> tuple[int, Any]:
        self.forms.append(parse_qs(handler.content.decode()))
        self.given, self.taken = self.given + 1, 0
        return 200, {"access_token": f"token-{self.given}", "expires_in": 3600, "token_type": "Bearer"}

    def predict(self, handler: Handler) -> tuple[int, Any]:
        self.taken += 1
        if handler.headers["Authorization"] != f"Bearer token-{self.given}" or self.taken > self.uses:
            return 401, {"error": "expired " + str(handler.headers["Authorization"])}
        return predicted(handler)


def oauth2(token: Server) -> Auth:
    return Auth(AuthKind.OAUTH2, token_url=f"http://login.example:{token.port}/token", scope="score")


def test_a_token_is_fetched_once_and_renewed_when_the_target_stops_taking_it(serve: Callable[..., Server]) -> None:
    login, ledger = Login(uses=2), MemoryLedger()
    asked = target(serve(login.predict), auth=oauth2(serve(login.token)))
    assert ask(asked, f"me:{SECRET}", ledger)[:, 1] == pytest.approx(FRAME["age"] / 100)
    assert login.given >= 2
    assert login.forms[0] == {"grant_type": ["client_credentials"], "scope": ["score"]}
    endings = [exchange.ended for _, exchange in ledger.attempts if exchange is not None]
    assert endings.count("answered") == 4
    assert set(endings) == {"answered", "denied"}
    assert ledger.spent == 10 * len(endings)


def test_a_new_token_that_is_refused_ends_it_with_a_sentence(serve: Callable[..., Server]) -> None:
    login = Login(uses=0)
    asked = target(serve(login.predict), auth=oauth2(serve(login.token)))
    with pytest.raises(TargetRefused, match=r"refuses the credential \(401\)"):
        ask(asked, f"me:{SECRET}")
    assert login.given == 1


def test_what_the_server_of_tokens_says_is_not_shown(serve: Callable[..., Server]) -> None:
    token = serve(lambda handler: (400, {"error": "invalid_client", "error_description": handler.headers["Authorization"]}))
    with pytest.raises(TargetRefused) as refusal:
        ask(target(serve(predicted), auth=oauth2(token)), f"me:{SECRET}")
    assert refusal.value.sentence == (
        "The server that gives out tokens refuses the client (400, invalid_client); check target.auth."
    )


def test_tokens_are_not_fetched_from_addresses_that_are_never_asked(serve: Callable[..., Server]) -> None:
    auth = Auth(AuthKind.OAUTH2, token_url="http://169.254.169.254/token")
    with pytest.raises(AuditorError, match="metadata") as refusal:
        ask(target(serve(predicted), auth=auth), f"me:{SECRET}")
    assert isinstance(refusal.value, InvalidInput)
    assert refusal.value.field == "target.auth.token_url"


@pytest.mark.parametrize(
    "kind", [AuthKind.BEARER, AuthKind.BASIC, AuthKind.HEADER, AuthKind.QUERY, AuthKind.SIGV4, AuthKind.OAUTH2]
)
@pytest.mark.parametrize("status", [200, 400, 401, 500, 503])
def test_a_planted_secret_is_in_no_log_error_or_ledger(
    serve: Callable[..., Server], caplog: pytest.LogCaptureFixture, kind: AuthKind, status: int
) -> None:
    def answer(handler: Handler) -> tuple[int, Any]:
        echoed = {"error": f"{handler.path} {dict(handler.headers)}"}
        return predicted(handler) if status == 200 else (status, echoed)

    caplog.set_level(logging.DEBUG)
    token = serve(lambda handler: (200, {"access_token": "t0ken" + SECRET}))
    auth = Auth(kind, "env:NAME", region="eu-west-1", token_url=f"http://login.example:{token.port}/")
    asked, ledger = target(serve(answer), auth=auth), MemoryLedger()
    try:
        said = repr(ask(asked, f"user:{SECRET}", ledger))
    except TargetError as refusal:
        said = repr(refusal) + refusal.sentence
    assert SECRET not in said + caplog.text + repr(ledger.attempts) + repr(asked)
    assert SECRET not in repr(http_transport(asked, COLUMNS, f"user:{SECRET}", LAPTOP))


def test_headers_and_arguments_of_the_adapter_are_sent(serve: Callable[..., Server]) -> None:
    seen: list[tuple[str, str | None]] = []

    def answer(handler: Handler) -> tuple[int, Any]:
        seen.append((handler.path, handler.headers["azureml-model-deployment"]))
        return predicted(handler)

    adapter = Adapter({"rows": "$rows"}, "predictions", headers={"azureml-model-deployment": "blue"}, query={"api version": "2&3"})
    ask(target(serve(answer), adapter=adapter), None)
    assert set(seen) == {("/predict?api+version=2%263", "blue")}


@pytest.mark.parametrize("name", ["Authorization", "cookie", "Host", "content-length", "a b", "X-\u00e4"])
def test_headers_that_are_not_for_the_adapter_are_refused(serve: Callable[..., Server], name: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        ask(target(serve(predicted), adapter=Adapter({"rows": "$rows"}, headers={name: "x"})), None)
    assert refusal.value.field == "target.adapter.headers"


class Authority:
    """A private authority that signs certificates for a day."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Our authority")])
        own = self._made(self.name, self.key.public_key())
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        own = own.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        self.pem = own.add_extension(usage, critical=True).sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def _made(self, name: x509.Name, key: Any) -> x509.CertificateBuilder:
        today = datetime.now(UTC)
        number = x509.random_serial_number()
        return x509.CertificateBuilder(self.name, name, key, number, today - timedelta(1), today + timedelta(1))

    def signed(self, host: str) -> str:
        """A certificate and its key, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._made(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key.public_key())
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        made = made.add_extension(issuer, critical=False)
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return (made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM) + plain).decode()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def wanting(authority: Authority, tmp_path: Path) -> Callable[[bool], ssl.SSLContext]:
    """TLS of a server that our authority signed, and that may want a certificate of the client's too."""

    def context(of_the_client: bool) -> ssl.SSLContext:
        (tmp_path / "server.pem").write_text(authority.signed("models.example"))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(tmp_path / "server.pem")
        if of_the_client:
            made.verify_mode = ssl.CERT_REQUIRED
            made.load_verify_locations(cadata=authority.pem)
        return made

    return context


def test_a_private_authority_is_trusted_where_the_spec_gives_it(
    serve: Callable[..., Server], authority: Authority, wanting: Callable[[bool], ssl.SSLContext]
) -> None:
    server = serve(predicted, wanting(False))
    assert ask(target(server, "https", ca=authority.pem), None).shape == (40, 2)
    with pytest.raises(TargetUnreachable, match=r"certificate cannot be verified"):
        ask(target(server, "https"), None)
    with pytest.raises(TargetUnreachable, match=r"certificate cannot be verified"):
        ask(target(server, "https", ca=Authority().pem), None)


def test_a_client_certificate_is_shown_and_its_lack_is_a_sentence(
    serve: Callable[..., Server], authority: Authority, wanting: Callable[[bool], ssl.SSLContext]
) -> None:
    server = serve(predicted, wanting(True))
    mutual = target(server, "https", ca=authority.pem, auth=Auth(AuthKind.MTLS))
    assert ask(mutual, authority.signed("auditor.example")).shape == (40, 2)
    with pytest.raises(TargetError, match=r"certificate|closed the connection|broke off"):
        ask(target(server, "https", ca=authority.pem), None)
    with pytest.raises(TargetError, match=r"certificate|closed the connection|broke off"):
        ask(mutual, Authority().signed("auditor.example"))


def look(asked: Target, secret: str | None = None) -> None:
    check_token(asked.url, TOKEN, Asking(LAPTOP, 5.0, context_for(asked, secret)))


def test_the_page_that_shows_control_is_fetched_with_the_authority_of_the_target(
    serve: Callable[..., Server], authority: Authority, wanting: Callable[[bool], ssl.SSLContext]
) -> None:
    server = serve(predicted, wanting(False))
    look(target(server, "https", ca=authority.pem))
    with pytest.raises(TargetUnreachable, match=r"could not be fetched; check the server and its certificate \(target\.ca"):
        look(target(server, "https"))
    assert server.asked == [("/.well-known/privacy-auditor.txt", None)]


def test_the_page_is_fetched_with_the_certificate_of_the_client(
    serve: Callable[..., Server], authority: Authority, wanting: Callable[[bool], ssl.SSLContext]
) -> None:
    server = serve(predicted, wanting(True))
    look(target(server, "https", ca=authority.pem, auth=Auth(AuthKind.MTLS)), authority.signed("auditor.example"))
    with pytest.raises(TargetUnreachable, match="could not be fetched"):
        look(target(server, "https", ca=authority.pem))
    assert len(server.asked) == 1
