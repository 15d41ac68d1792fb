"""Proofs that are the same on every request: a header, or an argument of the URL."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from auditor.errors import InvalidInput
from auditor.querying.auth.request import Request
from auditor.querying.headers import HEADER_NAME, is_own

PARAMETER = re.compile(r"[A-Za-z0-9._~-]{1,100}")
SECRET = "target.auth.secret"


@dataclass(frozen=True)
class Fixed:
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    arguments: str = field(default="", repr=False)
    texts: tuple[str, ...] = field(default=(), repr=False)

    def applied(self, request: Request) -> Request:
        mark = "&" if "?" in request.path else "?"
        path = request.path + mark + self.arguments if self.arguments else request.path
        return replace(request, path=path, headers={**request.headers, **self.headers})

    def worked(self, request: Request) -> None:
        """Nothing to learn from it."""

    def is_outdated(self, request: Request) -> bool:
        return False

    def hidden(self) -> tuple[str, ...]:
        return self.texts


NOTHING = Fixed()


def bearer(secret: str) -> Fixed:
    return Fixed({"Authorization": f"Bearer {in_a_header(secret)}"}, texts=(secret,))


def basic(secret: str) -> Fixed:
    """`user:password`."""
    coded = base64.b64encode(in_a_header(secret).encode()).decode()
    return Fixed({"Authorization": f"Basic {coded}"}, texts=(secret, coded, secret.partition(":")[2]))


def header(name: str, secret: str) -> Fixed:
    return Fixed({checked_name(name): in_a_header(secret)}, texts=(secret,))


def checked_name(name: str) -> str:
    """Raises InvalidInput for what is no name of a header, and for those that say where a request goes or ends."""
    if not HEADER_NAME.fullmatch(name):
        raise InvalidInput("target.auth.header", f"{name[:40]!r} is no header name; use letters, digits and hyphens")
    if is_own(name):
        raise InvalidInput("target.auth.header", f"{name!r} is written for each request; name the header of the credential")
    return name


def query(name: str, secret: str) -> Fixed:
    if not PARAMETER.fullmatch(name):
        raise InvalidInput("target.auth.parameter", f"{name[:40]!r} is no name of an argument; use letters, digits and hyphens")
    coded = quote(secret, safe="")
    return Fixed(arguments=f"{name}={coded}", texts=(secret, coded))


def in_a_header(secret: str) -> str:
    if not secret.isascii() or not secret.isprintable():
        raise InvalidInput(SECRET, "the secret holds characters that a header cannot carry; give it without line breaks")
    return secret
