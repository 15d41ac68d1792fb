"""TLS as the spec declares it: a private authority beside the usual ones, and a certificate that shows who asks."""

import os
import ssl
import tempfile
from pathlib import Path

from auditor.domain.target import AuthKind, Target
from auditor.errors import InvalidInput
from auditor.querying.auth.static import SECRET


def context_for(target: Target, secret: str | None) -> ssl.SSLContext | None:
    """None where the usual verification is all. Raises InvalidInput for a text that is no PEM."""
    is_mutual = target.auth.kind is AuthKind.MTLS
    if not target.ca and not is_mutual:
        return None
    context = ssl.create_default_context()
    if target.ca:
        _trust(context, target.ca)
    if is_mutual:
        _show(context, secret or "")
    return context


def _trust(context: ssl.SSLContext, pem: str) -> None:
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise InvalidInput("target.ca", "give the certificate of your authority as PEM, from BEGIN CERTIFICATE to END") from None


def _show(context: ssl.SSLContext, pem: str) -> None:
    """The library reads certificates from files only: one that nobody else can read, gone at once."""
    with tempfile.TemporaryDirectory(prefix="auditor-tls-") as folder:
        path = Path(folder) / "client.pem"
        path.touch(mode=0o600)
        path.write_text(pem, encoding="utf-8")
        try:
            context.load_cert_chain(os.fspath(path), password="")
        except (ssl.SSLError, ValueError, OSError):
            sentence = "give the secret of kind mtls as PEM: the client's certificate and its private key, without a password"
            raise InvalidInput(SECRET, sentence) from None
