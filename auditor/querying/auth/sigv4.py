"""AWS Signature Version 4, for endpoints of SageMaker and other services that want requests signed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from auditor.domain.target import Auth
from auditor.errors import InvalidInput
from auditor.querying.auth.request import Request
from auditor.querying.auth.static import SECRET, in_a_header
from auditor.querying.endpoint import Endpoint
from auditor.settings import USUAL_WEB_PORTS

ALGORITHM = "AWS4-HMAC-SHA256"
REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:amazonaws\.com|api\.aws)")
UNSIGNED = {"user-agent", "accept", "connection", "accept-encoding"}
"""Headers that a proxy may change."""


@dataclass(frozen=True)
class Keys:
    name: str
    word: str = field(repr=False)
    session: str = field(default="", repr=False)


@dataclass(frozen=True)
class Signer:
    keys: Keys
    host: str
    region: str
    service: str
    method: str = "POST"
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def applied(self, request: Request) -> Request:
        now = self.clock().strftime("%Y%m%dT%H%M%SZ")
        headers = {**request.headers, "Host": self.host, "X-Amz-Date": now}
        if self.keys.session:
            headers["X-Amz-Security-Token"] = self.keys.session
        names, canonical = self.canonical(replace(request, headers=headers))
        scope = f"{now[:8]}/{self.region}/{self.service}/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signature = self._key(now[:8], f"{ALGORITHM}\n{now}\n{scope}\n{digest}")
        proof = f"{ALGORITHM} Credential={self.keys.name}/{scope}, SignedHeaders={names}, Signature={signature}"
        return replace(request, headers={**headers, "Authorization": proof})

    def worked(self, request: Request) -> None:
        """Nothing to learn from it."""

    def is_outdated(self, request: Request) -> bool:
        return False

    def hidden(self) -> tuple[str, ...]:
        return tuple(text for text in (self.keys.word, self.keys.session) if text)

    def canonical(self, request: Request) -> tuple[str, str]:
        """The names of the signed headers, and the request in the one form that both sides sign."""
        signed = _normal(request.headers)
        names = ";".join(signed)
        path, _, query = request.path.partition("?")
        pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
        lines = [
            self.method,
            quote(path, safe="/-_.~"),  # what is encoded already is encoded once more, as all services but S3 want it
            "&".join(f"{k}={v}" for k, v in pairs),
            *(f"{name}:{value}" for name, value in signed.items()),
            *("", names, hashlib.sha256(request.body).hexdigest()),
        ]
        return names, "\n".join(lines)

    def _key(self, day: str, text: str) -> str:
        key = ("AWS4" + self.keys.word).encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def _normal(headers: Mapping[str, str]) -> dict[str, str]:
    """Lower-case names in order, values with single spaces."""
    found = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    return {name: found[name] for name in sorted(found) if name not in UNSIGNED}


def sigv4(auth: Auth, secret: str, endpoint: Endpoint) -> Signer:
    """`secret` is `ACCESS_KEY_ID:SECRET_ACCESS_KEY`, with `:SESSION_TOKEN` at its end for temporary keys."""
    parts = in_a_header(secret).split(":")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise InvalidInput(SECRET, "give the secret of kind sigv4 as ACCESS_KEY_ID:SECRET_ACCESS_KEY, with :SESSION_TOKEN if any")
    said = REGION.search(endpoint.host)
    region = auth.region or (said.group(1) if said else "")
    if not region:
        raise InvalidInput("target.auth.region", "name the region that signs, such as eu-central-1; the host does not say it")
    return Signer(Keys(*parts), host_header(endpoint), region, auth.service)


def host_header(endpoint: Endpoint) -> str:
    """As the HTTP library would write it, so that what is signed is what is sent."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return host if endpoint.port == USUAL_WEB_PORTS[endpoint.scheme] else f"{host}:{endpoint.port}"
