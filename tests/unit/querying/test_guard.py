import socket

import pytest

from auditor.errors import AddressBlocked, InvalidInput
from auditor.querying import Guard, check_url, guard_of
from auditor.querying.endpoint import parse_url, refuse
from auditor.querying.guard import Reach, reach
from auditor.settings import load

PUBLIC = ["93.184.216.34", "8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8"]
LOOPBACK = ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"]
PRIVATE = [
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.254",
    "192.0.0.1",
    "192.0.2.5",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "192.88.99.1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "2001:db8::1",
    "64:ff9b::808:808",
    "64:ff9b:1::808:808",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "::ffff:10.0.0.1",
    "::8.8.8.8",
    "::127.0.0.1",
    "100::1",
    "5f00::1",
    "3fff::1",
]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.1.1",
    "168.63.129.16",
    "192.0.0.192",
    "100.100.100.200",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "ff0e::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::169.254.169.254",
    "fd00::5efe:169.254.169.254",
    "2001:0:a9fe:a9fe:8000:63bf:3fff:fdd2",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "64:ff9b::a83f:8110",
]


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [(PUBLIC, Reach.PUBLIC), (LOOPBACK, Reach.LOOPBACK), (PRIVATE, Reach.PRIVATE), (NEVER, Reach.NEVER)],
    ids=["public", "loopback", "private", "never"],
)
def test_every_address_has_its_reach(addresses, expected):
    assert {a: reach(a) for a in addresses} == dict.fromkeys(addresses, expected)


def guard(answers, connect=None, **allowed):
    return Guard(resolve=lambda host, port: answers, connect=connect or FakeConnector(), **allowed)


class FakeSocket:
    def __init__(self, peer):
        self.peer, self.closed = peer, False

    def getpeername(self):
        return (self.peer, 80)

    def close(self):
        self.closed = True


class FakeConnector:
    """Connects to nothing. `down`: addresses that refuse; `elsewhere`: where the connection really ends up."""

    def __init__(self, down=(), elsewhere=None):
        self.down, self.elsewhere, self.tried, self.made = down, elsewhere, [], []

    def __call__(self, address, port, timeout):
        self.tried.append(address)
        if address in self.down:
            raise ConnectionRefusedError("refused")
        self.made.append(FakeSocket(self.elsewhere or address))
        return self.made[-1]


def test_the_vetted_address_is_the_one_connected_to():
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    connector = FakeConnector()
    Guard(resolve=resolve, connect=connector).open("models.example.com", 443, 1.0)
    assert asked == ["models.example.com"]
    assert connector.tried == ["93.184.216.34"]


@pytest.mark.parametrize("bad", [*LOOPBACK, *PRIVATE, *NEVER])
def test_one_bad_address_among_good_ones_refuses_all(bad):
    connector = FakeConnector()
    with pytest.raises(AddressBlocked):
        guard(["93.184.216.34", bad, "1.1.1.1"], connector).open("rebind.example.com", 80, 1.0)
    assert connector.tried == []


def test_a_name_that_leads_to_a_private_address_does_not_tell_which():
    with pytest.raises(AddressBlocked) as refusal:
        guard(["10.1.2.3"]).open("intranet.example.com", 80, 1.0)
    assert "intranet.example.com" in refusal.value.sentence
    assert "10.1.2.3" not in refusal.value.sentence
    assert "AUDITOR_ALLOW_PRIVATE_TARGETS" in refusal.value.sentence


def test_loopback_is_for_the_laptop_and_private_for_the_setting():
    guard(["127.0.0.1"], allow_loopback=True).open("localhost", 80, 1.0)
    guard(["10.0.0.7", "127.0.0.1"], allow_private=True).open("inside", 80, 1.0)
    with pytest.raises(AddressBlocked):
        guard(["10.0.0.7"], allow_loopback=True).open("inside", 80, 1.0)


@pytest.mark.parametrize("address", NEVER)
def test_metadata_is_refused_even_when_private_addresses_are_allowed(address):
    with pytest.raises(AddressBlocked, match="never asked"):
        guard([address], allow_loopback=True, allow_private=True).open("metadata", 80, 1.0)


def test_the_peer_is_vetted_again_and_the_socket_closed():
    connector = FakeConnector(elsewhere="169.254.169.254")
    with pytest.raises(AddressBlocked):
        guard(["93.184.216.34"], connector).open("models.example.com", 80, 1.0)
    assert connector.made[0].closed


def test_the_next_address_is_tried_when_one_is_down():
    connector = FakeConnector(down=("93.184.216.34",))
    guard(["93.184.216.34", "1.1.1.1"], connector).open("models.example.com", 80, 1.0)
    assert connector.tried == ["93.184.216.34", "1.1.1.1"]
    with pytest.raises(OSError, match="refused"):
        guard(["1.1.1.1"], FakeConnector(down=("1.1.1.1",))).open("models.example.com", 80, 1.0)


def test_a_name_without_an_address_is_an_error_of_the_network():
    with pytest.raises(OSError, match="no address"):
        guard([]).open("nothing.example.com", 80, 1.0)
    with pytest.raises(socket.gaierror):
        Guard(resolve=lambda host, port: (_ for _ in ()).throw(socket.gaierror())).open("nothing.example.com", 80, 1.0)


LITERALS = [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",
    "0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "api.localhost",
    "127.0.0.1.",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "[fd00:ec2::254]",
    "100.64.0.1",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "10.0.0.1",
    "012.0.0.1",
    "168.63.129.16",
    "metadata.google.internal",
    "Metadata.Google.Internal.",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "ｌocalhost",
]
CLOSED = load({"AUDITOR_DATABASE_URL": "postgresql://db/auditor", "AUDITOR_BROKER_URL": "redis://broker"})
LAPTOP = load({})
OPEN = load({"AUDITOR_ALLOW_PRIVATE_TARGETS": "1"})


@pytest.mark.parametrize("host", LITERALS)
def test_every_way_to_write_a_forbidden_address_is_refused_early(host):
    with pytest.raises(InvalidInput) as refusal:
        check_url(f"http://{host}:8080/v2/models/income/infer", CLOSED)
    assert refusal.value.field == "target.url"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433"])
def test_a_laptop_may_ask_itself(host):
    check_url(f"http://{host}:8080/v2/models/income/infer", LAPTOP)


def test_the_setting_opens_private_addresses_but_not_metadata():
    check_url("http://10.0.0.5/v1/models/m:predict", OPEN)
    check_url("http://127.0.0.1/v1/models/m:predict", OPEN)
    with pytest.raises(InvalidInput):
        check_url("http://10.0.0.5/v1/models/m:predict", LAPTOP)
    for host in ("169.254.169.254", "metadata.google.internal", "168.63.129.16", "[fd00:ec2::254]"):
        with pytest.raises(InvalidInput):
            check_url(f"http://{host}/latest", OPEN)


@pytest.mark.parametrize(
    "url", ["https://models.example.com/v2/models/m", "http://8.8.8.8/", "https://bücher.example/m", "http://a_b.example/"]
)
def test_a_public_url_passes_without_a_look_up(url):
    check_url(url, CLOSED)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://models.example.com/", "http://"),
        ("file:///etc/passwd", "http://"),
        ("models.example.com/v2", "http://"),
        ("", "http://"),
        ("http://user:secret@models.example.com/", "target.auth"),
        ("http://models.example.com@10.0.0.1/", "target.auth"),
        ("http://models.example.com\\@10.0.0.1/", "backslashes"),
        ("http://models.example.com/a b", "spaces"),
        ("http://models.example.com/\r\nX: y", "control"),
        ("http:///v2/models", "names no host"),
        ("http://models.example.com:99999/", "not a URL"),
        ("http://models.example.com:no/", "not a URL"),
        ("http://[::1/", "not a URL"),
        ("http://[fe80::1%25eth0]/", "zone"),
        ("http://exa mple.com/", "spaces"),
        ("http://exa$mple.com/", "no host name"),
        ("http://-dash-.example/", "no host name"),
        ("http://1.2.3.4.5/", "no valid address"),
        ("http://256.1.1.1/", "no valid address"),
        ("http://models.example.com/" + "a" * 3_000, "2,000"),
        ("http://" + "a." * 200 + "example/", "no host name"),
        ("http://models.example.com/modèle", "percent-encode"),
    ],
)
def test_a_url_that_cannot_be_one_is_told_in_a_sentence(url, words):
    with pytest.raises(InvalidInput, match=words.replace(".", r"\.")) as refusal:
        check_url(url, OPEN)
    assert refusal.value.field == "target.url"
    assert "\n" not in refusal.value.sentence
    assert len(refusal.value.sentence) < 300


def test_a_url_is_taken_apart_once():
    endpoint = parse_url("https://Models.Example.COM/v2/models/m/infer?version=3#predict_proba")
    assert (endpoint.scheme, endpoint.host, endpoint.port) == ("https", "models.example.com", 443)
    assert (endpoint.path, endpoint.tensor) == ("/v2/models/m/infer?version=3", "predict_proba")
    assert parse_url("http://models.example.com").path == "/"
    assert parse_url("http://models.example.com:8080/").port == 8080
    assert parse_url("http://bücher.example/").host == "xn--bcher-kva.example"
    assert parse_url("http://[2606:4700:0:0::1111]/").host == "2606:4700::1111"


def test_an_early_refusal_uses_the_same_guard_as_the_connection():
    endpoint = parse_url("http://127.0.0.1/")
    refuse(endpoint, guard_of(LAPTOP))
    with pytest.raises(InvalidInput):
        refuse(endpoint, guard_of(CLOSED))
    assert guard_of(OPEN).allow_private
    assert not guard_of(LAPTOP).allow_private
