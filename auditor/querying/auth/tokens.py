"""Tokens: fetched, kept until shortly before they expire, and fetched again when the target refuses one that it took before.

OAuth 2.0 client credentials: RFC 6749, section 4.4. An audit may outlive many tokens, so this belongs inside the client.
"""

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus

from auditor.domain.target import Auth
from auditor.errors import InvalidInput, TargetRefused
from auditor.querying.auth.request import Request
from auditor.querying.auth.static import SECRET
from auditor.querying.auth.visit import Visit
from auditor.querying.faults import Denied

USUAL_LIFE = 3600.0
EARLY, EARLY_SHARE = 60.0, 0.1
"""A token is renewed this many seconds before it expires, and by no more than this share of its life."""
HEADER = "Authorization"


@dataclass(frozen=True)
class Token:
    value: str = field(repr=False)
    renewed_at: float


@dataclass(eq=False)
class Tokens:
    """`fetch` answers as a token endpoint does; `texts` are what else no error may show."""

    fetch: Callable[[], dict[str, Any]] = field(repr=False)
    texts: tuple[str, ...] = field(default=(), repr=False)
    clock: Callable[[], float] = time.monotonic
    _held: Token | None = field(default=None, init=False, repr=False)
    _worked: str = field(default="", init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def applied(self, request: Request) -> Request:
        with self._lock:
            if self._held is None or self.clock() >= self._held.renewed_at:
                self._held = self._fetched()
            value = self._held.value
        return replace(request, headers={**request.headers, HEADER: f"Bearer {value}"})

    def worked(self, request: Request) -> None:
        self._worked = request.headers[HEADER]

    def is_outdated(self, request: Request) -> bool:
        """True for a token that was let in before, or is no longer the one that is held. A new one that is refused at once is not
        outdated but wrong, and asking for another would go on for ever."""
        used = request.headers[HEADER]
        with self._lock:
            if self._held is None or used != f"Bearer {self._held.value}":
                return True
            if used != self._worked:
                return False
            self._held = None
            return True

    def hidden(self) -> tuple[str, ...]:
        held = self._held
        return (*self.texts, held.value) if held else self.texts

    def _fetched(self) -> Token:
        answer = self.fetch()
        value, life = answer.get("access_token"), answer.get("expires_in", USUAL_LIFE)
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
            raise TargetRefused("The server that gives out tokens answers without an access_token; check target.auth.token_url.")
        try:
            seconds = max(0.0, float(life))
        except (TypeError, ValueError):
            seconds = USUAL_LIFE
        return Token(value, self.clock() + seconds - min(EARLY, EARLY_SHARE * seconds))


def oauth2(auth: Auth, secret: str, visit: Visit) -> Tokens:
    """`secret` is `client_id:client_secret`. The client shows itself in a header (RFC 6749, 2.3.1), or in
    the form where that is refused."""
    name, mark, word = secret.partition(":")
    if not name or not word or not mark:
        raise InvalidInput(SECRET, "give the secret of kind oauth2 as client_id:client_secret")
    form = {"grant_type": "client_credentials"}
    form |= {key: value for key, value in (("scope", auth.scope), ("audience", auth.audience)) if value}
    coded = base64.b64encode(f"{quote_plus(name)}:{quote_plus(word)}".encode()).decode()

    def fetch() -> dict[str, Any]:
        try:
            return visit.post(auth.token_url, form, {HEADER: f"Basic {coded}"})
        except Denied:
            return visit.post(auth.token_url, {**form, "client_id": name, "client_secret": word}, {})

    return Tokens(fetch, (secret, word, coded))
