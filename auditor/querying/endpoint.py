"""A target's URL, taken apart once: what is checked is what is connected to."""

import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from auditor.errors import AddressBlocked, InvalidInput
from auditor.querying.guard import Guard, Reach, guard_of, reach
from auditor.settings import USUAL_WEB_PORTS, Settings

FIELD = "target.url"
LONGEST_URL = 2_000
METADATA_NAMES = ("metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal")
NUMERIC_PART = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?")


@dataclass(frozen=True)
class Endpoint:
    """`path` holds the query string; `tensor` is the part after `#`: which output the target is asked for."""

    scheme: str
    host: str
    port: int
    path: str
    tensor: str = ""

    @property
    def literal(self) -> str | None:
        """The address, if the host is one in any notation (127.1, 0x7f.1, 2130706433, ::1); None for a name."""
        if ":" in self.host:
            return self.host
        if all(NUMERIC_PART.fullmatch(part) for part in self.host.rstrip(".").split(".")):
            try:
                return socket.inet_ntoa(socket.inet_aton(self.host.rstrip(".")))
            except OSError:
                raise InvalidInput(FIELD, f"{self.host[:100]!r} is no valid address; write it as four numbers, 192.0.2.1") from None
        return None

    @property
    def is_loopback(self) -> bool:
        """This machine by its address or its name; a name that merely leads here is not."""
        literal, name = self.literal, self.host.rstrip(".").lower()
        return reach(literal) is Reach.LOOPBACK if literal else name == "localhost" or name.endswith(".localhost")

    def completed(self, ending: str) -> str:
        """The path of a model's URL with the action at its end; one that names the action already is kept."""
        route, mark, query = self.path.partition("?")
        route = route.rstrip("/")
        return (route if route.endswith(ending) else route + ending) + mark + query


def parse_url(url: str) -> Endpoint:
    """An http or https URL without credentials, or InvalidInput in one sentence."""
    if len(url) > LONGEST_URL or re.search(r"[\x00-\x20\x7f\\]", url):
        raise InvalidInput(
            FIELD, f"write the URL without spaces, backslashes or control characters, in at most {LONGEST_URL:,} characters"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput(
            FIELD, "this is not a URL; write one such as https://models.example.com/v2/models/income/infer"
        ) from None
    if parts.scheme not in ("http", "https"):
        raise InvalidInput(FIELD, "start the URL with http:// or https://")
    if "@" in parts.netloc:
        raise InvalidInput(FIELD, "take the user name and password out of the URL; put the credential under target.auth")
    if port == 0:
        raise InvalidInput(FIELD, "port 0 is no port; write the port that the server listens on")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise InvalidInput(FIELD, "percent-encode the characters of the path that are not ASCII")
    return Endpoint(parts.scheme, _host(parts.hostname), port or USUAL_WEB_PORTS[parts.scheme], path, parts.fragment)


def _host(name: str | None) -> str:
    if not name:
        raise InvalidInput(FIELD, "the URL names no host; write one such as https://models.example.com/v2/models/income/infer")
    if ":" in name:
        return _ipv6(name)
    try:
        host = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if len(host) > 253 or not NAME.fullmatch(host):
        raise InvalidInput(FIELD, f"{name[:100]!r} is no host name; use letters, digits, dots and hyphens")
    return host


def _ipv6(name: str) -> str:
    try:
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, name))
    except OSError:
        raise InvalidInput(FIELD, f"[{name[:100]}] is no valid IPv6 address without a zone") from None


def check_url(url: str, settings: Settings) -> None:
    """What can be said of a URL without a look-up: raises InvalidInput("target.url") for a wrong or forbidden one."""
    refuse(parse_url(url), guard_of(settings))


def refuse(endpoint: Endpoint, guard: Guard) -> None:
    literal = endpoint.literal
    try:
        if literal is not None:
            guard.vet(endpoint.host, [literal], endpoint.port)
        name = endpoint.host.rstrip(".").lower()
        if name == "localhost" or name.endswith(".localhost"):
            guard.vet(endpoint.host, ["127.0.0.1"], endpoint.port)
        if name in METADATA_NAMES:
            guard.vet(endpoint.host, ["169.254.169.254"])
    except AddressBlocked as blocked:
        raise InvalidInput(FIELD, blocked.sentence) from None
