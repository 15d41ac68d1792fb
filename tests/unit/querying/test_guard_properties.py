"""No way of writing or wrapping an address makes it more reachable, and no text makes the URL reader stumble."""

import ipaddress
import socket
from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from auditor.errors import InvalidInput
from auditor.querying import check_url
from auditor.querying.endpoint import parse_url
from auditor.querying.guard import Guard, Reach, reach
from auditor.settings import load

CLOSED = load({"AUDITOR_DATABASE_URL": "postgresql://db/auditor", "AUDITOR_BROKER_URL": "redis://broker"})
IPV4 = st.integers(0, 2**32 - 1).map(lambda n: str(ipaddress.IPv4Address(n)))
IPV6 = st.integers(0, 2**128 - 1).map(lambda n: str(ipaddress.IPv6Address(n)))


def bits(address: str) -> int:
    return int(ipaddress.IPv4Address(address))


WRAPPED = {
    "mapped": lambda v4: ipaddress.IPv6Address((0xFFFF << 32) | v4),
    "compatible": lambda v4: ipaddress.IPv6Address(v4),
    "nat64": lambda v4: ipaddress.IPv6Address((0x0064FF9B << 96) | v4),
    "6to4": lambda v4: ipaddress.IPv6Address((0x2002 << 112) | (v4 << 80) | 1),
    "teredo client": lambda v4: ipaddress.IPv6Address((0x20010000 << 96) | (0x41C3 << 48) | (v4 ^ 0xFFFFFFFF)),
    "teredo server": lambda v4: ipaddress.IPv6Address((0x20010000 << 96) | (v4 << 64) | 0xBEEF),
    "isatap": lambda v4: ipaddress.IPv6Address((0x20010DB9 << 96) | (0x5EFE << 32) | v4),
}


@pytest.mark.parametrize("wrapping", WRAPPED)
@given(address=IPV4)
def test_wrapping_an_address_never_brings_it_nearer(wrapping, address):
    assume(bits(address) > 1)
    assert reach(str(WRAPPED[wrapping](bits(address)))) >= reach(address)


@given(address=IPV4)
def test_a_mapped_address_is_the_address_itself(address):
    assert reach(str(WRAPPED["mapped"](bits(address)))) is reach(address)


@given(address=st.one_of(IPV4, IPV6))
def test_what_is_not_global_is_never_public(address):
    parsed = ipaddress.ip_address(address)
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved or parsed.is_link_local or parsed.is_unspecified:
        assert reach(address) is not Reach.PUBLIC


@given(address=IPV4)
def test_every_notation_of_an_address_is_the_same_address(address):
    n = bits(address)
    a, b, c, d = n >> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255
    short = [str(n), hex(n), f"0{n:o}", f"{a}.{n & 0xFFFFFF}", f"{a}.{b}.{n & 0xFFFF}"]
    notations = [address, address + ".", f"{hex(a)}.{b}.0{c:o}.{hex(d)}", *short]
    assert {parse_url(f"http://{text}/").literal for text in notations} == {address}


@given(address=IPV4)
def test_early_and_late_refusals_agree(address):
    guard = Guard()
    early = _refused(lambda: check_url(f"http://{address}/", CLOSED))
    assert early is not guard.permits(reach(address))


@given(address=IPV6)
def test_early_and_late_refusals_agree_on_ipv6(address):
    early = _refused(lambda: check_url(f"http://[{address}]/", CLOSED))
    assert early is not Guard().permits(reach(address))


def _refused(attempt) -> bool:
    try:
        attempt()
    except InvalidInput as refusal:
        return refusal.field == "target.url"
    return False


@given(reaches=st.lists(st.sampled_from(list(Reach)), min_size=1, max_size=5))
def test_more_permission_never_forbids(reaches):
    for found in reaches:
        assert Guard(allow_private=True).permits(found) >= Guard(allow_loopback=True).permits(found) >= Guard().permits(found)
        assert Guard(allow_loopback=True, allow_private=True).permits(found) is (found is not Reach.NEVER)


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_a_sentence(text):
    for url in (text, "http://" + text, "http://models.example.com/" + text, f"https://{text}.example.com/x"):
        try:
            endpoint = parse_url(url)
        except InvalidInput:
            continue
        assert endpoint.scheme in ("http", "https")
        assert endpoint.host.isascii()
        assert endpoint.path.startswith("/")
        assert endpoint.path.isascii()
        assert 0 < endpoint.port < 2**16


@given(st.text(st.sampled_from("@:/\\?#[]%.0x17f localhost"), max_size=30))
def test_tricks_with_the_authority_are_refused_or_seen_through(text):
    url = f"http://{text}"
    try:
        endpoint = parse_url(url)
    except InvalidInput:
        return
    assert "@" not in urlsplit(url).netloc
    assert not set(endpoint.host) & set("@/\\?#% ")


def test_port_zero_is_no_port():
    with pytest.raises(InvalidInput, match="port 0"):
        parse_url("http://models.example.com:0/")


def test_a_literal_is_what_the_operating_system_would_connect_to():
    for text in ("127.1", "0x7f.1", "0177.1", "2130706433", "1.2.3", "0"):
        assert parse_url(f"http://{text}/").literal == socket.inet_ntoa(socket.inet_aton(text))
