"""Every range of the deny list at both ends, alone and inside others; what the operator opens; what is the service's own."""

import ipaddress
import socket
from collections.abc import Sequence
from typing import cast

import pytest

from auditor.errors import AddressBlocked, InvalidInput
from auditor.querying import Guard, check_url, guard_of
from auditor.querying.guard import LOOPBACK, NEVER, PRIVATE, Reach, reach
from auditor.settings import Settings, load

SERVED = {"AUDITOR_DATABASE_URL": "postgresql://u:p@db.internal/auditor", "AUDITOR_BROKER_URL": "redis://:p@queue.internal:6380/0"}
RANGES = [(network, least) for least, all_of in ((3, NEVER), (2, PRIVATE), (1, LOOPBACK)) for network in all_of]


class Silent:
    """A socket that reached the address it was asked for, without a network."""

    def __init__(self, address: str) -> None:
        self.address = address

    def getpeername(self) -> tuple[str, int]:
        return (self.address, 443)

    def close(self) -> None:
        pass


def connect(address: str, port: int, timeout: float | None) -> socket.socket:
    return cast(socket.socket, Silent(address))


def served(allow: str = "", **more: str) -> Settings:
    return load({**SERVED, "AUDITOR_ALLOW_TARGETS": allow, **more})


def guard(settings: Settings, names: dict[str, Sequence[str]]) -> Guard:
    known = guard_of(settings)
    return Guard(
        known.allow_loopback, known.allow_private, lambda host, port: names[host], connect, allowed=known.allowed, own=known.own
    )


@pytest.mark.parametrize(("network", "least"), RANGES, ids=lambda value: str(value))
def test_a_range_is_refused_from_its_first_to_its_last_address(network: ipaddress.IPv4Network, least: int) -> None:
    for address in (network[0], network[-1], network[network.num_addresses // 2]):
        assert reach(str(address)) >= least
        with pytest.raises(AddressBlocked):
            Guard().vet("host", [str(address)])


@pytest.mark.parametrize("network", [n for n in (*NEVER, *PRIVATE, *LOOPBACK) if n.version == 4 and n[-1] != n[0]], ids=str)
@pytest.mark.parametrize("prefix", ["::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1::", "::"])
def test_a_range_is_no_nearer_inside_another_address(network: ipaddress.IPv4Network, prefix: str) -> None:
    assert reach(f"{prefix}{network[-1]}") >= reach(str(network[-1]))
    assert reach(f"{prefix}{network[-1]}") is not Reach.PUBLIC


@pytest.mark.parametrize(
    "address", ["64:ff9b:1:a9fe:a9:fe00::", "fe80::1%1", "fd00:c1::a9fe:a9fe", "::ffff:0:169.254.169.254", "64:ff9b:1::a9fe:a9fe"]
)
def test_metadata_is_found_in_the_rarer_forms_too(address: str) -> None:
    assert reach(address) is Reach.NEVER


@pytest.mark.parametrize("address", ["4000::1", "1::1", "::ffff:0:8.8.8.8", "e000::1", "200::1"])
def test_what_nobody_has_been_given_is_not_public(address: str) -> None:
    assert reach(address) is Reach.PRIVATE


@pytest.mark.parametrize(
    ("allow", "host", "port", "addresses"),
    [
        ("10.0.0.0/8", "model", 80, ["10.1.2.3"]),
        ("10.0.0.0/8, fd00::/8", "model", 80, ["10.1.2.3", "fd00::7"]),
        ("10.0.0.0/8", "model", 80, ["::ffff:10.1.2.3", "8.8.8.8"]),
        ("model.internal:8443", "Model.Internal.", 8443, ["192.168.1.1"]),
        ("bücher.internal:80", "xn--bcher-kva.internal", 80, ["10.0.0.1"]),
        ("[FD00::0:7]:8080", "fd00::7", 8080, ["fd00::7"]),
        ("127.0.0.1:9000", "127.0.0.1", 9000, ["127.0.0.1"]),
        ("64:ff9b::/96", "model", 80, ["64:ff9b::808:808"]),
    ],
)
def test_the_operator_opens_networks_and_places(allow: str, host: str, port: int, addresses: list[str]) -> None:
    guard(served(allow), {host: addresses}).open(host, port, 1.0)


@pytest.mark.parametrize(
    ("allow", "host", "port", "addresses"),
    [
        ("10.0.0.0/8", "model", 80, ["192.168.1.1"]),
        ("10.0.0.0/8", "model", 80, ["10.1.2.3", "192.168.1.1"]),
        ("model.internal:8443", "model.internal", 443, ["10.0.0.1"]),
        ("model.internal:8443", "other.internal", 8443, ["10.0.0.1"]),
        ("64:ff9b::/96", "model", 80, ["64:ff9b::a00:1"]),
        ("0.0.0.0/0, ::/0", "model", 80, ["169.254.169.254"]),
        ("0.0.0.0/0, ::/0", "model", 80, ["168.63.129.16"]),
        ("0.0.0.0/0, ::/0", "model", 80, ["::ffff:169.254.169.254"]),
        ("0.0.0.0/0, ::/0", "model", 80, ["64:ff9b::a9fe:a9fe"]),
        ("0.0.0.0/0, ::/0", "model", 80, ["2002:a9fe:a9fe::1"]),
        ("metadata:80", "metadata", 80, ["169.254.169.254"]),
    ],
)
def test_it_opens_nothing_else_and_metadata_never(allow: str, host: str, port: int, addresses: list[str]) -> None:
    with pytest.raises(AddressBlocked):
        guard(served(allow), {host: addresses}).open(host, port, 1.0)


def test_the_early_refusal_knows_the_list_too() -> None:
    check_url("http://10.0.0.7:8443/v2/models/m", served("10.0.0.7:8443"))
    with pytest.raises(InvalidInput, match="AUDITOR_ALLOW_TARGETS"):
        check_url("http://10.0.0.7:8444/v2/models/m", served("10.0.0.7:8443"))
    with pytest.raises(InvalidInput, match="never asked"):
        check_url("http://metadata.google.internal/", served("metadata.google.internal:80"))


@pytest.mark.parametrize(
    "entry", ["10.0.0.5/8", "model.internal", "http://model:80", "model:0", "model:99999", "u@model:80", "a b:80"]
)
def test_an_entry_that_cannot_be_read_is_named(entry: str) -> None:
    with pytest.raises(InvalidInput, match="separated by commas") as refusal:
        served(f"10.0.0.0/8, {entry}")
    assert refusal.value.field == "AUDITOR_ALLOW_TARGETS"


@pytest.mark.parametrize(
    ("host", "port", "addresses"),
    [
        ("db.internal", 5432, ["10.0.0.2"]),
        ("queue.internal", 6380, ["127.0.0.1"]),
        ("innocent.example", 5432, ["10.0.0.2"]),
        ("innocent.example", 6380, ["127.0.0.9"]),
    ],
)
def test_the_service_never_asks_what_it_runs_on(host: str, port: int, addresses: list[str]) -> None:
    names = {"db.internal": ["10.0.0.2"], "queue.internal": ["127.0.0.1"], "innocent.example": addresses}
    opened = served(AUDITOR_ALLOW_PRIVATE_TARGETS="1")
    with pytest.raises(AddressBlocked, match="own database or broker"):
        guard(opened, names).open(host, port, 1.0)


def test_its_neighbours_at_other_ports_are_asked() -> None:
    names = {"db.internal": ["10.0.0.2"], "model": ["10.0.0.2"], "queue.internal": ["127.0.0.1"]}
    known = guard(served(AUDITOR_ALLOW_PRIVATE_TARGETS="1"), names)
    known.open("model", 8080, 1.0)
    known.open("db.internal", 8080, 1.0)


def test_a_database_that_cannot_be_found_blocks_nobody() -> None:
    def resolve(host: str, port: int) -> list[str]:
        if host == "db.internal":
            raise socket.gaierror
        return ["8.8.8.8"]

    Guard(resolve=resolve, connect=connect, own=(("db.internal", 5432),)).open("model.example", 5432, 1.0)


def test_files_as_database_and_broker_are_no_places() -> None:
    assert load({}).own_places == ()
    assert served().own_places == (("db.internal", 5432), ("queue.internal", 6380))
    assert load({**SERVED, "AUDITOR_DATABASE_URL": "postgresql://db:port/x"}).own_places == (("queue.internal", 6380),)
