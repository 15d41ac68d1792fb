"""How requests prove who asks: signatures against AWS's published vectors and its own library, tokens against a clock."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from auditor.domain.target import Auth, AuthKind, Target
from auditor.domain.target_spec import TargetSpec, check_wire
from auditor.errors import InvalidInput, TargetRefused
from auditor.querying.auth import Request, context_for, credential_for
from auditor.querying.auth.google import google
from auditor.querying.auth.hosts import unbound
from auditor.querying.auth.sigv4 import Keys, Signer
from auditor.querying.auth.tokens import Tokens, oauth2
from auditor.querying.auth.visit import Visit
from auditor.querying.endpoint import parse_url
from auditor.querying.faults import Denied
from auditor.querying.guard import Guard
from auditor.querying.refusals import excerpt

SECRET = "s3cr3t-of-the-model"
VISIT = Visit(Guard())
# The test suite that AWS published with Signature Version 4: the same key, moment and scope in each of its cases.
AWS = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
THEN = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


def request(path: str = "/predict", body: bytes = b"{}") -> Request:
    return Request(path, {"Content-Type": "application/json"}, body)


def credential(secret: str | None, **auth: Any) -> Any:
    target = Target("https://models.example/predict", auth=Auth(**auth))
    return credential_for(target, parse_url(target.url), secret, VISIT)


class TestFixed:
    def test_each_kind_puts_the_secret_where_it_belongs(self) -> None:
        assert credential(SECRET, kind=AuthKind.BEARER).applied(request()).headers["Authorization"] == f"Bearer {SECRET}"
        assert credential("a:b", kind=AuthKind.BASIC).applied(request()).headers["Authorization"] == "Basic YTpi"
        assert credential(SECRET, kind=AuthKind.HEADER, header="X-Key").applied(request()).headers["X-Key"] == SECRET
        assert credential(None, kind=AuthKind.NONE).applied(request()) == request()

    def test_an_argument_joins_those_of_the_url(self) -> None:
        key = credential("a/b &c", kind=AuthKind.QUERY, parameter="api-key")
        assert key.applied(request()).path == "/predict?api-key=a%2Fb%20%26c"
        assert key.applied(request("/predict?v=2")).path == "/predict?v=2&api-key=a%2Fb%20%26c"

    @pytest.mark.parametrize(
        ("secret", "auth", "field"),
        [
            ("", {"kind": AuthKind.BEARER}, "secret"),
            ("a\nb", {"kind": AuthKind.BEARER}, "secret"),
            (SECRET, {"kind": AuthKind.HEADER, "header": "a b"}, "header"),
            (SECRET, {"kind": AuthKind.HEADER, "header": "Transfer-Encoding"}, "header"),
            (SECRET, {"kind": AuthKind.HEADER, "header": "HOST"}, "header"),
            (SECRET, {"kind": AuthKind.QUERY, "parameter": "a=b"}, "parameter"),
            (SECRET, {"kind": AuthKind.OAUTH2}, "secret"),
            (SECRET, {"kind": AuthKind.SIGV4}, "secret"),
            ("a:b", {"kind": AuthKind.SIGV4}, "region"),
            ("{}", {"kind": AuthKind.GOOGLE}, "secret"),
        ],
    )
    def test_what_cannot_be_the_secret_is_refused_without_showing_it(self, secret: str, auth: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            credential(secret, **auth)
        assert refusal.value.field == f"target.auth.{field}"
        assert SECRET not in str(refusal.value)

    @pytest.mark.parametrize("kind", [AuthKind.BEARER, AuthKind.BASIC, AuthKind.QUERY])
    def test_a_target_that_repeats_what_it_was_sent_shows_nothing(self, kind: AuthKind) -> None:
        made = credential(f"user:{SECRET}", kind=kind)
        sent = made.applied(request())
        password = SECRET if kind is AuthKind.BASIC else ""
        echoed = json.dumps({"error": f"{sent.path} {sent.headers.get('Authorization', '')} user:{SECRET} {password}"})
        shown = excerpt(echoed.encode(), made.hidden())
        assert SECRET not in shown
        assert base64.b64encode(f"user:{SECRET}".encode()).decode() not in shown
        assert SECRET not in repr(made)


class TestSignatures:
    @pytest.mark.parametrize(
        ("method", "path", "signature"),
        [
            ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            ("GET", "/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ],
    )
    def test_the_published_vectors(self, method: str, path: str, signature: str) -> None:
        signer = Signer(AWS, "example.amazonaws.com", "us-east-1", "service", method, lambda: THEN)
        proof = signer.applied(Request(path, {}, b"")).headers["Authorization"]
        assert proof == (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
            f" SignedHeaders=host;x-amz-date, Signature={signature}"
        )

    @pytest.mark.parametrize("path", ["/endpoints/income/invocations", "/a%20b/invocations?v=1&b=%2F&a=", "/x/~y-z_.1"])
    @pytest.mark.parametrize("session", ["", "SESSION/token+="])
    def test_the_library_of_aws_signs_alike(self, path: str, session: str, monkeypatch: pytest.MonkeyPatch) -> None:
        auth = pytest.importorskip("botocore.auth")
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        monkeypatch.setattr(auth, "get_current_datetime", lambda: THEN.replace(tzinfo=None))
        url = "https://runtime.sagemaker.eu-central-1.amazonaws.com" + path
        theirs = AWSRequest("POST", url, headers={"Content-Type": "text/csv"}, data=b"1,2\n")
        auth.SigV4Auth(Credentials(AWS.name, AWS.word, session or None), "sagemaker", "eu-central-1").add_auth(theirs)
        keys = Keys(AWS.name, AWS.word, session)
        signer = Signer(keys, "runtime.sagemaker.eu-central-1.amazonaws.com", "eu-central-1", "sagemaker", clock=lambda: THEN)
        ours = signer.applied(Request(path, {"Content-Type": "text/csv", "User-Agent": "x", "Accept": "text/csv"}, b"1,2\n"))
        assert ours.headers["Authorization"] == theirs.headers["Authorization"]

    def test_the_region_is_read_off_the_host(self) -> None:
        target = Target("https://runtime.sagemaker.eu-central-1.amazonaws.com/endpoints/x", auth=Auth(AuthKind.SIGV4))
        signer = credential_for(target, parse_url(target.url), "AKID:word:session", VISIT)
        assert (signer.region, signer.service, signer.keys.session) == ("eu-central-1", "sagemaker", "session")
        assert "word" not in repr(signer)


class Counter:
    """A server of tokens that counts, and a clock that stands still."""

    def __init__(self, life: Any = 100) -> None:
        self.count, self.now, self.life = 0, 1000.0, life

    def fetch(self) -> dict[str, Any]:
        self.count += 1
        return {"access_token": f"token-{self.count}", "expires_in": self.life}

    def tokens(self) -> Tokens:
        return Tokens(self.fetch, clock=lambda: self.now)


class TestTokens:
    def test_one_token_serves_until_shortly_before_its_end(self) -> None:
        server = Counter(life=100)
        tokens = server.tokens()
        assert [tokens.applied(request()).headers["Authorization"] for _ in range(3)] == ["Bearer token-1"] * 3
        server.now += 89
        assert tokens.applied(request()).headers["Authorization"] == "Bearer token-1"
        server.now += 1
        assert tokens.applied(request()).headers["Authorization"] == "Bearer token-2"

    def test_a_token_that_was_let_in_before_is_renewed_and_a_new_one_is_not(self) -> None:
        tokens = Counter().tokens()
        first = tokens.applied(request())
        assert not tokens.is_outdated(first)
        tokens.worked(first)
        assert tokens.is_outdated(first)
        second = tokens.applied(request())
        assert second.headers["Authorization"] == "Bearer token-2"
        assert tokens.is_outdated(first)  # a request that was under way with the old one
        assert not tokens.is_outdated(second)
        assert tokens.applied(request()).headers["Authorization"] == "Bearer token-2"

    @pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 7}, {"access_token": "a\nb"}])
    def test_an_answer_without_a_token_is_refused(self, answer: dict[str, Any]) -> None:
        with pytest.raises(TargetRefused, match="without an access_token"):
            Tokens(lambda: answer).applied(request())

    @pytest.mark.parametrize("life", [None, "soon"])
    def test_a_life_that_is_not_said_is_an_hour(self, life: Any) -> None:
        server = Counter(life)
        tokens = server.tokens()
        tokens.applied(request())
        server.now += 3500
        tokens.applied(request())
        assert server.count == 1

    def test_what_is_held_is_hidden(self) -> None:
        tokens = Tokens(Counter().fetch, ("word",))
        tokens.applied(request())
        assert set(tokens.hidden()) == {"word", "token-1"}
        assert "token-1" not in repr(tokens)


class Posted:
    """In place of a visit: what was posted, and answers in turn."""

    def __init__(self, *answers: Any) -> None:
        self.seen: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self._answers = list(answers)

    def post(self, url: str, form: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
        self.seen.append((url, dict(form), dict(headers)))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def test_oauth2_shows_the_client_in_the_header_and_else_in_the_form() -> None:
    visit: Any = Posted(Denied("no"), {"access_token": "t"})
    auth = Auth(AuthKind.OAUTH2, token_url="https://login.example/token", scope="score", audience="models")
    assert oauth2(auth, "me:pass:word", visit).applied(request()).headers["Authorization"] == "Bearer t"
    (_, first, header), (url, second, none) = visit.seen
    assert url == "https://login.example/token"
    assert first == {"grant_type": "client_credentials", "scope": "score", "audience": "models"}
    assert base64.b64decode(header["Authorization"].removeprefix("Basic ")) == b"me:pass%3Aword"
    assert second == {**first, "client_id": "me", "client_secret": "pass:word"}
    assert none == {}


def test_google_gets_a_statement_that_its_key_signed() -> None:
    key = rsa.generate_private_key(65537, 2048)
    plain: Callable[..., bytes] = key.private_bytes
    pem = plain(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    account = {"client_email": "me@p.example", "private_key": pem, "token_uri": "https://t.example/token", "private_key_id": "k1"}
    visit: Any = Posted({"access_token": "t"})
    google(Auth(AuthKind.GOOGLE), json.dumps(account), visit, lambda: 1_000_000.5).applied(request())
    url, form, _ = visit.seen[0]
    head, claims, signature = form["assertion"].split(".")
    parts = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, claims)]
    assert parts[0] == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert (parts[1]["iss"], parts[1]["aud"]) == ("me@p.example", url)
    assert (parts[1]["iat"], parts[1]["exp"]) == (1_000_000, 1_003_600)
    proof = base64.urlsafe_b64decode(signature + "==")
    key.public_key().verify(proof, f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    ("target", "secret", "field"),
    [
        (Target("https://x", ca="no certificate"), None, "target.ca"),
        (Target("https://x", auth=Auth(AuthKind.MTLS)), SECRET, "target.auth.secret"),
        (Target("https://x", auth=Auth(AuthKind.MTLS)), None, "target.auth.secret"),
    ],
)
def test_what_is_no_certificate_is_refused(target: Target, secret: str | None, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        context_for(target, secret)
    assert refusal.value.field == field
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    ("auth", "field"),
    [
        ({"kind": "oauth2"}, "token_url"),
        ({"kind": "bearer", "token_url": "https://login.example"}, "token_url"),
        ({"kind": "sigv4", "scope": "x"}, "scope"),
        ({"kind": "google", "audience": "x"}, "audience"),
        ({"kind": "bearer", "region": "eu-west-1"}, "region"),
    ],
)
def test_keys_of_another_kind_are_mistakes(auth: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_wire(TargetSpec.model_validate({"url": "https://x", "auth": auth}))
    assert refusal.value.field == f"target.auth.{field}"


@pytest.mark.parametrize(
    ("bound", "token_url", "loose"),
    [
        ("models.example", "", None),
        ("models.example", "https://login.example/t", "login.example"),
        ("models.example,login.example", "https://login.example/t", None),
        ("login.example", "https://login.example/t", "models.example"),
        ("", "", "models.example"),
    ],
)
def test_a_secret_goes_to_the_hosts_it_was_stored_for(bound: str, token_url: str, loose: str | None) -> None:
    assert unbound(bound, "https://models.example:8443/x", token_url) == loose
