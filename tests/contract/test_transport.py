"""One contract, two transports: a model in this process, and the same model behind HTTP in both protocols."""

import gzip
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate

import numpy as np
import pandas as pd
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Auth, AuthKind, Output, Profile, Rows, Target, WireProtocol
from auditor.errors import (
    AddressBlocked,
    AuditorError,
    BadAnswer,
    InvalidInput,
    TargetBusy,
    TargetError,
    TargetRefused,
    TargetUnreachable,
)
from auditor.querying import (
    EstimatorTransport,
    Guard,
    LabelsOnly,
    MemoryLedger,
    QueryClient,
    Rate,
    Rounded,
    TopK,
    http_transport,
    probe,
)
from auditor.querying.faults import HungUp
from auditor.testing.servers import Fault, ModelServer, Script

COLUMNS = (
    Column("age", ColumnType.INTEGER),
    Column("hours", ColumnType.NUMBER),
    Column("work", ColumnType.STRING),
    Column("own", ColumnType.BOOLEAN),
)
NUMERIC = COLUMNS[:2]
CLASSES = ("<=50K", ">50K")
LAPTOP = Guard(allow_loopback=True)
PROTOCOLS = ("open-inference", "kserve-v1")


def records(n=100, seed=0):
    rng = np.random.default_rng(seed)
    work = pd.Series(rng.choice(["État", "privé", '"quoted"'], n).tolist(), dtype=object)
    own = pd.Series([bool(v) for v in rng.integers(0, 2, n)], dtype=object)
    frame = pd.DataFrame({"age": rng.integers(18, 90, n), "hours": rng.random(n) * 60, "work": work, "own": own})
    frame.loc[frame.index == 7, "work"] = None
    frame.loc[frame.index == 9, "own"] = None
    return frame


def score(frame):
    z = (frame["age"].to_numpy(dtype=float) - 40) / 9 + frame["hours"].to_numpy(dtype=float) / 60
    if "work" in frame:
        z = z + (frame["work"] == "privé").to_numpy() - 2.0 * frame["own"].map(lambda v: v is True).to_numpy()
    p = 1 / (1 + np.exp(-z))
    return np.column_stack([1 - p, p])


def target(server, protocol="open-inference", **changes):
    url = server.open_inference if protocol == "open-inference" else server.kserve_v1
    return Target(url, WireProtocol(protocol), **changes)


def door(server, protocol="open-inference", columns=COLUMNS, secret=None, timeout=5.0, **changes):
    return http_transport(target(server, protocol, **changes), columns, secret, LAPTOP, timeout=timeout)


def hasty():
    return Rate(sleep=lambda seconds: None)


def client(transport, ledger=None, rate=None, **changes):
    profile = Profile(**{"output": Output.PROBABILITIES, "classes": CLASSES, "batch_size": 16, **changes})
    return QueryClient(transport, ledger or MemoryLedger(), profile, rate or hasty())


@pytest.fixture
def served():
    """A server per call, all closed at the end."""
    servers = []

    def start(predict=score, script=None, columns=()):
        servers.append(ModelServer(predict, script, columns).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(params=["in-process", *PROTOCOLS])
def transport(request, served):
    """The model `score` behind each transport."""
    if request.param == "in-process":
        return EstimatorTransport(score)
    return door(served(), request.param)


# What every transport does


def test_answers_are_those_of_the_model_to_the_last_bit(transport):
    asked = records()
    assert np.array_equal(client(transport)(asked), score(asked))


def test_the_order_and_the_batches_do_not_matter(transport):
    asked = records()
    shuffled = asked.sample(frac=1.0, random_state=1)
    assert np.array_equal(client(transport, batch_size=7)(shuffled), score(shuffled))
    assert np.array_equal(client(transport, batch_size=1)(asked.head(9)), score(asked.head(9)))


def test_the_probe_finds_the_same_profile(transport):
    ledger = MemoryLedger()
    found = probe(transport, ledger, Target("http://127.0.0.1/"), records(200), CLASSES)
    assert (found.output, found.decimals, found.deterministic, found.batch_dependent) == (Output.PROBABILITIES, None, True, False)
    assert ledger.spent <= 700


@pytest.mark.parametrize("wrap", [lambda t: Rounded(t, 2), lambda t: TopK(t, 1), lambda t: LabelsOnly(t, CLASSES)])
def test_wrappers_show_the_same_of_every_transport(transport, wrap):
    asked = records(40)
    reply, plain = wrap(transport).ask(asked), wrap(EstimatorTransport(score)).ask(asked)
    assert reply.labels == plain.labels
    assert (reply.numbers is None) == (plain.numbers is None)
    if reply.numbers is not None:
        assert np.array_equal(reply.numbers, plain.numbers, equal_nan=True)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_rows_as_a_matrix(served, protocol):
    server = served(columns=("age", "hours"))
    asked = records()[["age", "hours"]]
    assert np.array_equal(client(door(server, protocol, NUMERIC, rows=Rows.MATRIX))(asked), score(asked))
    assert "instances" not in server.seen.document or isinstance(server.seen.document["instances"][0], list)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["text", "number", "column"])
def test_labels_over_the_wire(served, protocol, kind):
    def labels(frame):
        best = score(frame).argmax(axis=1)
        return {"text": np.array(CLASSES)[best], "number": best, "column": best[:, None]}[kind]

    answers = client(door(served(labels), protocol, output=Output.LABELS), output=Output.LABELS)(records())
    assert np.array_equal(answers.argmax(axis=1), score(records()).argmax(axis=1))
    assert set(answers.ravel()) == {0.0, 1.0}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_probability_over_the_wire(served, protocol):
    answers = client(door(served(lambda frame: score(frame)[:, 1]), protocol))(records())
    assert answers == pytest.approx(score(records()))


def test_a_mapping_a_row_over_v1(served):
    def change(document):
        return {"predictions": [{">50K": p[1], "<=50K": p[0]} for p in document["predictions"]]}

    server = served(script=Script(always=Fault(change=change)))
    assert np.array_equal(client(door(server, "kserve-v1"))(records()), score(records()))


def test_the_named_output_is_asked_for(served):
    server = served()
    url = server.open_inference + "#predict_proba"
    http_transport(Target(url), COLUMNS, None, LAPTOP).ask(records(2))
    assert server.seen.document["outputs"] == [{"name": "predict_proba"}]
    assert server.seen.path == "/v2/models/model/infer"


def test_the_server_sees_exactly_what_is_spent(served):
    script = Script([None, Fault(503), None, Fault(reset=True), Fault(429, (("Retry-After", "0"),))], max_rows=40)
    server, ledger = served(script=script), MemoryLedger()
    assert np.array_equal(client(door(server), ledger, batch_size=64)(records(300)), score(records(300)))
    assert server.seen.rows <= ledger.spent
    assert max(server.seen.batches[2:]) <= 64
    assert server.seen.rows == ledger.spent


def test_the_connection_is_kept(served):
    server = served()
    ports = set()
    accept = server._http.get_request

    def counted():
        request, address = accept()
        ports.add(address[1])
        return request, address

    server._http.get_request = counted
    client(door(server))(records(320))
    assert server.seen.requests == 20
    assert 1 <= len(ports) <= 4


# What goes wrong


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (301, TargetRefused, "final address"),
        (302, TargetRefused, "final address"),
        (400, TargetRefused, "scripted"),
        (401, TargetRefused, "target.auth"),
        (403, TargetRefused, "target.auth"),
        (404, TargetRefused, "no model at this address"),
        (422, TargetRefused, "refuses the request"),
        (413, TargetRefused, "single record"),
        (500, TargetBusy, "500"),
        (503, TargetBusy, "503"),
        (429, TargetBusy, "budget.rate"),
        (204, TargetRefused, "204"),
    ],
)
def test_a_status_is_one_sentence(served, status, kind, words):
    server = served(script=Script(always=Fault(status, (("Location", "http://10.0.0.1/"),))))
    with pytest.raises(kind) as refusal:
        client(door(server))(records(4))
    assert words in refusal.value.sentence
    assert "10.0.0.1" not in refusal.value.sentence
    assert server.seen.requests <= 7


def test_a_flapping_target_is_asked_until_it_answers(served):
    script = Script([Fault(503), None, Fault(502), Fault(504), None, Fault(500), None, Fault(425), Fault(408)])
    assert np.array_equal(client(door(served(script=script)))(records()), score(records()))


@pytest.mark.parametrize("kind", ["seconds", "date"])
def test_retry_after_comes_over_the_wire(served, kind):
    waits = []
    value = "2" if kind == "seconds" else formatdate(time.time() + 3, usegmt=True)
    server = served(script=Script([Fault(429, (("Retry-After", value),))]))
    client(door(server), rate=Rate(sleep=waits.append))(records(4))
    assert 1.0 <= sum(waits) <= 3.0


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault(body=b"<html>sign in</html>", content_type="text/html"), BadAnswer, "not JSON (text/html)"),
        (Fault(body=b""), BadAnswer, "not JSON"),
        (Fault(body=b'{"outputs": ['), BadAnswer, "not JSON"),
        (Fault(body=b"[" * 200_000), BadAnswer, "not JSON"),
        (Fault(body=b'{"predictions": [1]}'), BadAnswer, "target.protocol"),
        (Fault(body=b"\xff\xfe\x00"), BadAnswer, "not JSON"),
        (Fault(change=lambda d: {"outputs": [{**d["outputs"][0], "data": d["outputs"][0]["data"][:-1]}]}), BadAnswer, "says shape"),
        (Fault(change=lambda d: {"outputs": [{**d["outputs"][0], "shape": [1, 8]}]}), BadAnswer, "answers for 4 records"),
        (
            Fault(
                body=json.dumps(
                    {"outputs": [{"name": "p", "shape": [4, 2], "datatype": "FP64", "data": [float("nan")] * 8}]}
                ).encode()
            ),
            BadAnswer,
            "NaN",
        ),
        (
            Fault(change=lambda d: {"outputs": [{"name": "p", "shape": [4], "datatype": "BYTES", "data": list("abcd")}]}),
            BadAnswer,
            "output: labels",
        ),
        (
            Fault(
                change=lambda d: {"outputs": [{"name": "p", "shape": [4, 3], "datatype": "FP64", "data": [0.25, 0.25, 0.5] * 4}]}
            ),
            BadAnswer,
            "target.classes",
        ),
        (Fault(body=b"junk", headers=(("Content-Encoding", "gzip"),)), BadAnswer, "decompressed"),
    ],
)
def test_an_answer_that_is_none_is_one_sentence(served, fault, kind, words):
    server = served(script=Script(always=fault))
    with pytest.raises(kind) as refusal:
        client(door(server))(records(4))
    assert words in refusal.value.sentence
    assert "\n" not in refusal.value.sentence
    assert server.seen.requests == 1


def test_a_compressed_answer_is_read_and_a_bomb_is_not(served):
    def packed(document):
        return gzip.compress(json.dumps(document).encode())

    good = {"outputs": [{"name": "p", "shape": [4, 2], "datatype": "FP64", "data": [0.25, 0.75] * 4}]}
    bomb = gzip.compress(b" " * (80 * 2**20))
    headers = (("Content-Encoding", "gzip"),)
    script = Script([Fault(body=packed(good), headers=headers), Fault(body=bomb, headers=headers), None])
    transport = door(served(script=script), timeout=30.0)
    assert transport.ask(records(4)).numbers.tolist() == [[0.25, 0.75]] * 4
    with pytest.raises(BadAnswer, match="larger than 1 MB"):
        transport.ask(records(4))
    assert len(transport.ask(records(4))) == 4


def test_a_huge_error_is_cut(served):
    body = b'{"error": "' + b"x" * 1_000_000 + b'"}'
    with pytest.raises(TargetRefused) as refusal:
        door(served(script=Script([Fault(400, body=body)]))).ask(records(1))
    assert len(refusal.value.sentence) < 400


@pytest.mark.parametrize("fault", [Fault(delay=2.0), Fault(drip=0.1)])
def test_a_slow_target_meets_one_deadline(served, fault):
    transport = door(served(script=Script(always=fault)), timeout=0.4)
    start = time.monotonic()
    with pytest.raises(TargetUnreachable, match=r"within 0\.4 seconds"):
        transport.ask(records(4))
    assert time.monotonic() - start < 1.5


def test_a_header_that_drips_meets_the_deadline_too():
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            try:
                for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100:
                    if stop.wait(0.05):
                        return
                    connection.sendall(bytes([byte]))
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v2/models/m"
    start = time.monotonic()
    try:
        with pytest.raises(TargetUnreachable, match="within"):
            http_transport(Target(url), COLUMNS, None, LAPTOP, timeout=0.5).ask(records(1))
        assert time.monotonic() - start < 1.5
    finally:
        stop.set()
        thread.join()
        listener.close()


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TargetUnreachable, match="No connection"):
        client(http_transport(Target(f"http://127.0.0.1:{port}/v2/models/m"), COLUMNS, None, LAPTOP))(records(4))


def test_a_name_that_is_not_known():
    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    transport = http_transport(Target("http://nowhere.example/v2/models/m"), COLUMNS, None, Guard(resolve=unknown))
    with pytest.raises(TargetUnreachable, match="host name was not found"):
        transport.ask(records(1))


def test_a_reset_is_tried_again_on_a_new_connection(served):
    server = served(script=Script([Fault(reset=True), Fault(reset=True), None, Fault(reset=True)]))
    assert np.array_equal(client(door(server))(records(40)), score(records(40)))
    dead = door(served(script=Script(always=Fault(reset=True))))
    with pytest.raises(HungUp, match="closed the connection"):
        client(dead)(records(4))


def test_http_where_tls_is_spoken(served):
    url = served().open_inference.replace("http://", "https://")
    with pytest.raises(TargetError) as refusal:
        http_transport(Target(url), COLUMNS, None, LAPTOP, timeout=2.0).ask(records(1))
    assert "\n" not in refusal.value.sentence


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for models.example, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "models.example")])
    today = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), today - timedelta(1), today + timedelta(1)
    )
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("models.example")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = made.sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "models.pem"
    plain_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(signed.public_bytes(Encoding.PEM) + plain_key)
    return path


@pytest.fixture
def over_tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ModelServer(score, tls=context) as server:
        yield server


def by_name(server, host):
    guard = Guard(allow_loopback=True, resolve=lambda name, port: ["127.0.0.1"])
    return http_transport(Target(server.open_inference.replace("127.0.0.1", host)), COLUMNS, None, guard, timeout=5.0)


def test_tls_is_checked_against_the_name_and_not_the_address(over_tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    asked = records(20)
    assert np.array_equal(client(by_name(over_tls, "models.example"))(asked), score(asked))
    with pytest.raises(TargetUnreachable, match="certificate cannot be verified"):
        by_name(over_tls, "other.example").ask(asked)


def test_a_certificate_that_nobody_vouches_for_is_refused(over_tls):
    with pytest.raises(TargetUnreachable, match=r"certificate cannot be verified.*target\.url"):
        by_name(over_tls, "models.example").ask(records(1))
    assert over_tls.seen.requests == 0


# The guard on the real connection


def test_a_name_that_turns_private_is_refused_when_it_is_connected(served):
    server = served()
    port = server.open_inference.split(":")[2].split("/")[0]
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    connected = []

    def connect(address, port, timeout):
        connected.append(address)
        raise TimeoutError("never connects")

    transport = http_transport(
        Target(f"http://rebind.example:{port}/v2/models/m"),
        COLUMNS,
        None,
        Guard(resolve=lambda h, p: answers.pop(0), connect=connect),
    )
    with pytest.raises(TargetUnreachable):
        transport.ask(records(1))
    with pytest.raises(AddressBlocked, match="loopback"):
        transport.ask(records(1))
    assert connected == ["93.184.216.34"]
    assert server.seen.requests == 0


def test_an_allowed_name_reaches_the_address_it_was_vetted_with(served):
    server = served()
    port = server.open_inference.split(":")[2].split("/")[0]
    guard = Guard(allow_loopback=True, resolve=lambda host, port: ["127.0.0.1"])
    transport = http_transport(Target(f"http://models.example:{port}/v2/models/model"), COLUMNS, None, guard)
    assert len(transport.ask(records(3))) == 3
    assert server.seen.headers["Host"] == f"models.example:{port}"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "http://u:p@models.example/", "ftp://models.example/"]
)
def test_a_forbidden_url_never_becomes_a_transport(url):
    with pytest.raises(InvalidInput) as refusal:
        http_transport(Target(url), COLUMNS, None, Guard())
    assert refusal.value.field == "target.url"


def test_the_environment_names_no_proxy(served, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert len(door(served()).ask(records(3))) == 3


# Credentials


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (Auth(AuthKind.BEARER), "Authorization", "Bearer s3cret"),
        (Auth(AuthKind.BASIC), "Authorization", "Basic czNjcmV0"),
        (Auth(AuthKind.HEADER, header="X-Model-Key"), "X-Model-Key", "s3cret"),
    ],
)
def test_the_credential_travels_in_its_header(served, auth, header, value):
    server = served()
    door(server, auth=auth, secret="s3cret").ask(records(1))
    assert server.seen.headers[header] == value


def test_without_a_credential_none_is_sent(served):
    server = served()
    door(server, secret="s3cret").ask(records(1))
    assert "Authorization" not in server.seen.headers


@pytest.mark.parametrize(
    ("auth", "secret", "field"),
    [
        (Auth(AuthKind.BEARER), None, "target.auth.secret"),
        (Auth(AuthKind.BEARER), "", "target.auth.secret"),
        (Auth(AuthKind.BEARER), "line\nbreak", "target.auth.secret"),
        (Auth(AuthKind.BEARER), "ünprintable", "target.auth.secret"),
        (Auth(AuthKind.HEADER, header="Bad Header"), "s3cret", "target.auth.header"),
        (Auth(AuthKind.HEADER, header="X\r\nY"), "s3cret", "target.auth.header"),
    ],
)
def test_a_credential_that_cannot_be_sent_is_told_early(served, auth, secret, field):
    with pytest.raises(InvalidInput) as refusal:
        door(served(), auth=auth, secret=secret)
    assert refusal.value.field == field
    assert not secret or secret not in refusal.value.sentence


def test_a_wrong_credential_is_refused_and_never_shown(served):
    server = served(script=Script(token="right"))
    transport = door(server, auth=Auth(AuthKind.BEARER), secret="wr0ng-secret")
    with pytest.raises(TargetRefused, match=r"target\.auth") as refusal:
        client(transport)(records(1))
    assert server.seen.requests == 1
    assert "wr0ng-secret" not in refusal.value.sentence + repr(transport)
    assert len(door(server, auth=Auth(AuthKind.BEARER), secret="right").ask(records(2))) == 2


def test_every_error_of_the_wire_is_one_of_ours(served):
    noise = np.random.default_rng(0)
    bodies = [noise.integers(0, 256, int(size)).astype(np.uint8).tobytes() for size in noise.integers(0, 300, 20)]
    documents = [
        None,
        3,
        "x",
        [],
        {},
        {"outputs": None},
        {"outputs": [{}]},
        {"outputs": [{"shape": [1], "data": [{}]}]},
        {"outputs": [{"shape": [1], "data": [[[]]]}]},
    ]
    faults = [Fault(body=body) for body in bodies] + [Fault(body=json.dumps(document).encode()) for document in documents]
    transport = door(served(script=Script(faults)))
    for _ in faults:
        with pytest.raises(AuditorError):
            client(transport)(records(1))
