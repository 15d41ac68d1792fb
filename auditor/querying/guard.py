"""Which addresses may be asked. A user names the URL, so the address behind it is refused unless it is allowed.

`ipaddress.is_global` is not enough: it calls 168.63.129.16 (Azure), 192.0.0.192 (Oracle), multicast, NAT64 and 6to4 global.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from auditor.errors import AddressBlocked
from auditor.settings import NOTHING_ALLOWED, Allowed, Settings, plain_name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Place = tuple[str, int]
Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float | None], socket.socket]


class Reach(IntEnum):
    """Ordered: an address that holds another is as far out of reach as the worse of the two."""

    PUBLIC = 0
    LOOPBACK = 1
    PRIVATE = 2
    NEVER = 3


def _networks(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# Cloud metadata and wire servers, link-local, multicast, reserved: no model is served there, whatever a setting says.
NEVER = _networks(
    "0.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "192.0.0.192/32", "100.100.100.200/32", "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "fe80::/10", "ff00::/8", "fd00:ec2::/32", "fd00:c1::a9fe:a9fe/128", "fd20:ce::254/128", "fd00:42::42/128",
)  # fmt: skip
LOOPBACK = _networks("127.0.0.0/8", "::1/128")
PRIVATE = _networks(
    "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
    "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "fc00::/7", "fec0::/10", "::/96", "64:ff9b::/96", "64:ff9b:1::/48",
    "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
)  # fmt: skip
# All that is routed in public (IANA); `is_global` also calls what nobody has been given global, such as ::ffff:0:127.0.0.1.
UNICAST = ipaddress.ip_network("2000::/3")
MAPPED = ipaddress.ip_network("::ffff:0:0/96")
# Compatible, translated (SIIT), NAT64 and its local prefix: the IPv4 address stands at the end.
AT_THE_END = _networks("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
LOCAL_NAT64, SIX_TO_FOUR, TEREDO = _networks("64:ff9b:1::/48", "2002::/16", "2001::/32")
ISATAP = (0x00005EFE, 0x02005EFE)

OPENED = "give the model's public address, or name it in AUDITOR_ALLOW_TARGETS (AUDITOR_ALLOW_PRIVATE_TARGETS=1 allows all of them)"
WHY = {
    Reach.LOOPBACK: f"this machine's own loopback address; {OPENED}",
    Reach.PRIVATE: f"a private or reserved address; {OPENED}",
    Reach.NEVER: "a metadata, link-local or reserved address, which is never asked; give the model's own address",
}
ITS_OWN = "give the model's own address"


def reach(text: str) -> Reach:
    """How far out of bounds an address is; an address inside another (mapped, NAT64, 6to4, Teredo) counts as well."""
    return max(map(_own_reach, _parts(text)))


def _parts(text: str) -> list[Address]:
    """The address and those inside it; one that is mapped is the one inside, and nothing else."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address in MAPPED:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address, *_embedded(address)]


def _own_reach(address: Address) -> Reach:
    for networks, found in ((NEVER, Reach.NEVER), (LOOPBACK, Reach.LOOPBACK), (PRIVATE, Reach.PRIVATE)):
        if any(address in network for network in networks if network.version == address.version):
            return found
    is_routed = address.version == 4 or address in UNICAST
    return Reach.PUBLIC if is_routed and address.is_global and not address.is_reserved else Reach.PRIVATE


def _embedded(address: Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that a tunnel or translator would really talk to."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    bits = int(address)
    found = []
    if any(address in network for network in AT_THE_END) or (bits >> 32) & 0xFFFFFFFF in ISATAP:
        found.append(bits & 0xFFFFFFFF)
    if address in LOCAL_NAT64:  # as a prefix of 48 bits it splits the address around eight zero bits (RFC 6052)
        found.append((bits >> 64 & 0xFFFF) << 16 | bits >> 40 & 0xFFFF)
    if address in SIX_TO_FOUR:
        found.append((bits >> 80) & 0xFFFFFFFF)
    if address in TEREDO:
        found += [(bits >> 64) & 0xFFFFFFFF, ~bits & 0xFFFFFFFF]
    return [ipaddress.IPv4Address(value) for value in found if value > 1]


def _resolve(host: str, port: int) -> list[str]:
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in infos]


def _connect(address: str, port: int, timeout: float | None) -> socket.socket:
    sock = socket.create_connection((address, port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


@dataclass(frozen=True)
class Guard:
    """Resolves a host once, refuses it if any of its addresses is out of bounds, and connects to the very address it vetted.

    `allowed`: private addresses and places that may be asked all the same. `own`: what this service itself runs on, never asked.
    """

    allow_loopback: bool = False
    allow_private: bool = False
    resolve: Resolve = _resolve
    connect: Connect = _connect
    allowed: Allowed = NOTHING_ALLOWED
    own: tuple[Place, ...] = ()

    def permits(self, found: Reach) -> bool:
        if found is Reach.LOOPBACK:
            return self.allow_loopback or self.allow_private
        return found is Reach.PUBLIC or (found is Reach.PRIVATE and self.allow_private)

    def vet(self, host: str, addresses: Sequence[str], port: int = 0) -> None:
        """Raises AddressBlocked if any address is out of bounds: a mixed answer is an attack, not a choice."""
        refused = [reach(address) for address in addresses if not self._passes((host, port), address)]
        if refused:
            raise AddressBlocked(f"The host {host[:100]!r} leads to {WHY[max(refused)]}.")
        if any(self._is_own(place, host, addresses) for place in self.own if place[1] == port):
            raise AddressBlocked(f"The host {host[:100]!r} at port {port} is this service's own database or broker; {ITS_OWN}.")

    def open(self, host: str, port: int, timeout: float | None) -> socket.socket:
        addresses = list(dict.fromkeys(self.resolve(host, port)))
        if not addresses:
            raise OSError(f"no address for {host!r}")
        self.vet(host, addresses, port)
        sock = self._first_that_answers(addresses, port, timeout)
        try:
            self.vet(host, [str(sock.getpeername()[0])], port)
        except BaseException:
            sock.close()
            raise
        return sock

    def _passes(self, place: Place, address: str) -> bool:
        """By its own reach, or because the operator named it; a metadata address passes by neither. An address that holds another
        passes only if both do."""
        return all(
            self.permits(_own_reach(part)) or (_own_reach(part) is not Reach.NEVER and self.allowed.holds(place, part))
            for part in _parts(address)
        )

    def _is_own(self, place: Place, host: str, addresses: Sequence[str]) -> bool:
        """By name, or by the address it leads to; every loopback address is the same machine."""
        if place[0] == plain_name(host):
            return True
        try:
            own = self.resolve(*place)
        except OSError:
            return False
        loops = any(reach(one) is Reach.LOOPBACK for one in own)
        return any(address in own or (loops and reach(address) is Reach.LOOPBACK) for address in addresses)

    def _first_that_answers(self, addresses: Sequence[str], port: int, timeout: float | None) -> socket.socket:
        for address in addresses[:-1]:
            try:
                return self.connect(address, port, timeout)
            except OSError:
                continue
        return self.connect(addresses[-1], port, timeout)


def guard_of(settings: Settings) -> Guard:
    return Guard(
        allow_loopback=settings.allows_loopback_targets,
        allow_private=settings.allow_private_targets,
        allowed=settings.allow_targets,
        own=settings.own_places,
    )
