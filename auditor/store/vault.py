"""The vault seals secrets with AES-256-GCM. A secret moved to another row does not open there."""

import base64
import binascii
import contextlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auditor.errors import InvalidInput, Unavailable
from auditor.settings import Settings
from auditor.store import refusals

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class Vault:
    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self._cipher = AESGCM(key)

    @classmethod
    def load(cls, settings: Settings) -> "Vault":
        """With the key of AUDITOR_MASTER_KEY, or of a file in the home that is made on first use."""
        if settings.master_key is not None:
            return cls(_decoded(settings.master_key, "AUDITOR_MASTER_KEY"))
        path = settings.home / "master.key"
        try:
            return cls(_decoded(_kept(path), str(path)))
        except OSError as error:
            raise refusals.of_the_system(error, f"the master key {path}") from error

    def derive(self, purpose: str) -> bytes:
        """A key for another purpose, the same on every machine that has the master key, from which nobody gets back to it."""
        return hmac.digest(self._key, f"auditor|{purpose}".encode(), "sha256")

    def seal(self, plain: str, belongs_to: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain.encode(), belongs_to.encode())

    def open(self, sealed: bytes, belongs_to: str) -> str:
        nonce, text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, text, belongs_to.encode()).decode()
        except (InvalidTag, ValueError):
            raise Unavailable(
                "this secret cannot be opened with the present master key; set AUDITOR_MASTER_KEY to the one it was stored under, "
                "or store the secret again"
            ) from None


def _kept(path: Path) -> str:
    """The key in the file; of several processes that start together, the first writes it and all read the same."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            _write(draft)
            _publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return path.read_text(encoding="ascii", errors="replace")


def _write(draft: Path) -> None:
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)))
        file.flush()
        os.fsync(file.fileno())


def _publish(draft: Path, path: Path) -> None:
    with contextlib.suppress(FileExistsError):  # another process was first: its key counts
        os.link(draft, path)


def _decoded(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidInput(
            place, f"a master key is {KEY_BYTES} random bytes in base64, as `openssl rand -base64 {KEY_BYTES}` prints them"
        )
    return key
