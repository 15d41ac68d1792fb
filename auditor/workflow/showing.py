"""Showing control over an endpoint: a token at a well-known path, a DNS record, or an administrator's signed authorisation."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from auditor.domain.control import Proof, ProofKind, SigningKey, readable
from auditor.domain.control_document import SignedAuthorisation, read_authorisation
from auditor.domain.target import AuthKind, Target
from auditor.errors import Conflict
from auditor.querying import guard_of
from auditor.querying.auth import context_for
from auditor.querying.control_dns import check_record, record_name
from auditor.querying.control_scope import checked_scope, covers, origin_of
from auditor.querying.control_token import Asking, check_token, token_page
from auditor.querying.endpoint import parse_url
from auditor.store import events, proofs, signing_keys
from auditor.workflow.asking import secret_of
from auditor.workflow.services import Services
from auditor.workflow.signatures import checked_public, fingerprint, is_signed_by

LASTS = timedelta(days=30)
"""How long a token or a record counts: names and servers change hands, and looking again costs one request."""
LONGEST_WAIT = 10.0
TOKEN_BYTES = 20


def token_of(services: Services, workspace_id: str, url: str) -> str:
    """The same for every URL of a host, another in every workspace: nobody can show control with somebody else's token."""
    host = parse_url(url).host.rstrip(".").lower()
    digest = hmac.digest(services.vault.derive("proof of control"), f"{workspace_id}|{host}".encode(), "sha256")
    return "privacy-auditor-" + base64.b32encode(digest[:TOKEN_BYTES]).decode().lower()


@dataclass(frozen=True)
class Place:
    """Where the token goes; `record` None: the host is no name in the DNS."""

    token: str
    page: str
    record: str | None


def place_of(services: Services, workspace_id: str, url: str) -> Place:
    try:
        record = record_name(url)
    except Conflict:
        record = None
    return Place(token_of(services, workspace_id, url), token_page(url), record)


def by_token(services: Services, workspace_id: str, target: Target) -> Proof:
    """Asks the page now, with the TLS of the target: its authority, its client's certificate, and no other credential. Raises
    Conflict or TargetError while the token is not there."""
    url = target.url
    token, page = token_of(services, workspace_id, url), token_page(url)
    secret = secret_of(services, workspace_id, target) if target.auth.kind is AuthKind.MTLS else None
    wait = min(LONGEST_WAIT, services.settings.target_timeout)
    check_token(url, token, Asking(guard_of(services.settings), wait, context_for(target, secret)))
    known = {"kind": ProofKind.TOKEN, "shown_by": f"a token at {page}", "scope": origin_of(parse_url(url))}
    return _found(services, workspace_id, known, {"page": page, "token_sha256": _sha256(token)})


def by_dns(services: Services, workspace_id: str, url: str) -> Proof:
    """Asks the DNS now. Raises Conflict or TargetError while the record is not there."""
    token, name = token_of(services, workspace_id, url), record_name(url)
    check_record(url, token, services.text_records)
    known = {"kind": ProofKind.DNS, "shown_by": f"the DNS record {name}", "scope": checked_scope(parse_url(url).host)}
    return _found(services, workspace_id, known, {"record": name, "token_sha256": _sha256(token)})


def by_authorisation(services: Services, workspace_id: str, document: object, url: str | None = None) -> Proof:
    """Believes a signed authorisation: raises Conflict unless a registered key signed exactly this, its window is not over, and it
    speaks of the URL, where one is given."""
    signed = read_authorisation(document)
    scope, now = checked_scope(signed.authorisation.scope), services.clock()
    if url is not None and not covers(scope, parse_url(url)):
        raise Conflict(
            f"this authorisation speaks of {scope[:200]} and not of this target; have one signed whose scope holds its URL"
        )
    if signed.authorisation.ends <= now:
        raise Conflict(f"this authorisation ended on {readable(signed.authorisation.ends)}; have a new one signed")
    with services.database.begin() as tx:
        key = _signer(signing_keys.signing_keys(tx, workspace_id), signed)
        proof = proofs.add_proof(tx, workspace_id, now, **_of_signed(signed, key, scope))
        sentence = f"{signed.authorisation.by} authorised audits of {scope} until {readable(proof.ends)}"
        events.add(tx, workspace_id, "control.authorised", sentence, now, details=proof.as_json())
    return proof


def _signer(known: list[SigningKey], signed: SignedAuthorisation) -> SigningKey:
    key = next((one for one in known if hmac.compare_digest(fingerprint(one.public).encode(), signed.key.encode())), None)
    if key is None:
        raise Conflict("this authorisation is signed with a key that is not registered here; have an admin register the public key")
    if key.revoked:
        raise Conflict(f"the key {key.name!r} that signed this authorisation was revoked; have it signed with another")
    if not is_signed_by(signed, key.public):
        raise Conflict("the signature does not fit the authorisation: it was changed after it was signed, or damaged")
    return key


def _of_signed(signed: SignedAuthorisation, key: SigningKey, scope: str) -> dict[str, Any]:
    granted = signed.authorisation
    return {
        "kind": ProofKind.AUTHORISATION,
        "shown_by": f"the authorisation that {granted.by} signed with the key {key.name!r}",
        "scope": scope,
        "starts": granted.starts,
        "ends": granted.ends,
        "attacks": granted.attacks,
        "budget": granted.budget,
        "key_id": key.id,
        "evidence": {"authorisation": signed.as_json(), "public": key.public, "key_name": key.name},
    }


def _found(services: Services, workspace_id: str, known: dict[str, Any], evidence: dict[str, Any]) -> Proof:
    now = services.clock()
    with services.database.begin() as tx:
        proof = proofs.add_proof(tx, workspace_id, now, **known, starts=now, ends=now + LASTS, evidence=evidence)
        events.add(tx, workspace_id, "control.found", proof.sentence, now, details=proof.as_json())
    return proof


def register_key(services: Services, workspace_id: str, name: str, public: str) -> SigningKey:
    """From now on the workspace believes what this key signs."""
    with services.database.begin() as tx:
        made = signing_keys.create_signing_key(tx, workspace_id, name, checked_public(public), services.clock())
        sentence = f"the signing key {made.name} was registered (SHA-256 {fingerprint(made.public)[:16]}...)"
        events.add(tx, workspace_id, "signing_key.registered", sentence, services.clock())
    return made


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
