"""How a request proves who asks: one small file a way. A credential changes requests and never shows in errors, logs or results."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from auditor.domain.target import AuthKind, Target
from auditor.errors import InvalidInput
from auditor.querying.auth.certificates import context_for
from auditor.querying.auth.google import google
from auditor.querying.auth.request import Credential, Request
from auditor.querying.auth.sigv4 import sigv4
from auditor.querying.auth.static import NOTHING, basic, bearer, header, query
from auditor.querying.auth.tokens import oauth2
from auditor.querying.auth.visit import Visit
from auditor.querying.endpoint import Endpoint

__all__ = ["Credential", "Request", "context_for", "credential_for"]

# Its debug lines hold the whole path of every request, and a path may hold a key.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


@dataclass(frozen=True)
class Given:
    """All that a way of proving it may need: the declaration, the secret's value, where requests go."""

    target: Target
    secret: str
    endpoint: Endpoint
    visit: Visit


def _certificate(given: Given) -> Credential:
    """The certificate is shown when the connection is made; requests need nothing more."""
    return NOTHING


KINDS: Mapping[AuthKind, Callable[[Given], Credential]] = {
    AuthKind.BEARER: lambda given: bearer(given.secret),
    AuthKind.BASIC: lambda given: basic(given.secret),
    AuthKind.HEADER: lambda given: header(given.target.auth.header, given.secret),
    AuthKind.QUERY: lambda given: query(given.target.auth.parameter, given.secret),
    AuthKind.OAUTH2: lambda given: oauth2(given.target.auth, given.secret, given.visit),
    AuthKind.GOOGLE: lambda given: google(given.target.auth, given.secret, given.visit),
    AuthKind.SIGV4: lambda given: sigv4(given.target.auth, given.secret, given.endpoint),
    AuthKind.MTLS: _certificate,
}


def credential_for(target: Target, endpoint: Endpoint, secret: str | None, visit: Visit) -> Credential:
    """Raises InvalidInput for a secret that cannot be what `target.auth` says."""
    if target.auth.kind is AuthKind.NONE:
        return NOTHING
    if not secret:
        raise InvalidInput("target.auth.secret", "the secret of the target is empty; set its value, or take target.auth out")
    return KINDS[target.auth.kind](Given(target, secret, endpoint, visit))
