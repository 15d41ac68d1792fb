"""Google service accounts: a signed statement is exchanged for a token (RFC 7523, and https://developers.google.com/identity/protocols/oauth2/service-account)."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from auditor.domain.target import Auth
from auditor.errors import InvalidInput
from auditor.querying.auth.static import SECRET
from auditor.querying.auth.tokens import Tokens
from auditor.querying.auth.visit import Visit

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
USUAL_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LIFE = 3600
PARTS = ("client_email", "private_key", "token_uri")


def google(auth: Auth, secret: str, visit: Visit, clock: Callable[[], float] = time.time) -> Tokens:
    """`secret` is the JSON key file of the service account."""
    account = _account(secret)
    key = _key(account["private_key"])

    def fetch() -> dict[str, Any]:
        statement = signed(account, key, auth.scope or USUAL_SCOPE, int(clock()))
        return visit.post(account["token_uri"], {"grant_type": GRANT, "assertion": statement}, {})

    return Tokens(fetch, (secret, account["private_key"]))


def signed(account: Mapping[str, str], key: rsa.RSAPrivateKey, scope: str, now: int) -> str:
    """A JSON web token with an RS256 signature."""
    head = {"alg": "RS256", "typ": "JWT", "kid": account.get("private_key_id", "")}
    claims = {"iss": account["client_email"], "scope": scope, "aud": account["token_uri"], "iat": now, "exp": now + LIFE}
    text = b".".join(_coded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    return (text + b"." + _coded(key.sign(text, padding.PKCS1v15(), hashes.SHA256()))).decode()


def _coded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def _account(secret: str) -> dict[str, str]:
    try:
        account = json.loads(secret)
    except ValueError:
        account = None
    if not isinstance(account, dict) or not all(isinstance(account.get(part), str) for part in PARTS):
        raise InvalidInput(SECRET, "give the secret of kind google as the JSON key file of a service account, whole")
    return account


def _key(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise InvalidInput(
            SECRET, "the private_key of the service account is no RSA key without a password; download a new key file"
        )
    return key
