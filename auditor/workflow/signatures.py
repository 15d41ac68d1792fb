"""Ed25519 signatures of administrators: keys, and what they sign."""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from auditor.domain.control import Authorisation
from auditor.domain.control_document import SignedAuthorisation
from auditor.errors import InvalidInput

MARK = "ed25519:"


def new_private_key() -> bytes:
    """As PEM (PKCS 8), for a file that only its owner may read."""
    form = serialization.PrivateFormat.PKCS8
    return Ed25519PrivateKey.generate().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def public_of(private: bytes) -> str:
    """`ed25519:` and 32 bytes in base64: what a workspace is given to trust."""
    raw = _private(private).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return MARK + base64.b64encode(raw).decode()


def fingerprint(public: str) -> str:
    """SHA-256 of the raw public key, in hexadecimal."""
    return hashlib.sha256(_raw(public)).hexdigest()


def sign(authorisation: Authorisation, private: bytes) -> SignedAuthorisation:
    signature = base64.b64encode(_private(private).sign(authorisation.signed_bytes())).decode()
    return SignedAuthorisation(authorisation, fingerprint(public_of(private)), signature)


def is_signed_by(signed: SignedAuthorisation, public: str) -> bool:
    try:
        signature = base64.b64decode(signed.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(_raw(public)).verify(signature, signed.authorisation.signed_bytes())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def checked_public(text: str) -> str:
    """In its one spelling; raises InvalidInput."""
    return MARK + base64.b64encode(_raw(text.strip())).decode()


def _raw(public: str) -> bytes:
    try:
        raw = base64.b64decode(public.removeprefix(MARK), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32 or not public.startswith(MARK):
        raise InvalidInput("public", f"give the public key as `auditor control keygen` prints it: {MARK} and 32 bytes in base64")
    return raw


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput("--key", "give the private key that `auditor control keygen` wrote (Ed25519, PEM, without a password)")
    return key
