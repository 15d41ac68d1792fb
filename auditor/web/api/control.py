"""Proof of control over a target's endpoint: where the token goes, what was shown, and the keys that may authorise audits."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, model_validator

from auditor.domain.catalog import Role
from auditor.domain.control import Proof, ProofKind, SigningKey
from auditor.domain.target_spec import TargetSpec
from auditor.errors import InvalidInput
from auditor.store import events, signing_keys
from auditor.web.access import needs
from auditor.web.api.replay import once
from auditor.web.api.shapes import Checked, Name, Shown, nothing
from auditor.web.current import principal, services, workspace_id
from auditor.web.specs import endpoint_of
from auditor.workflow import showing
from auditor.workflow.control import is_required, of_endpoint
from auditor.workflow.signatures import fingerprint

bp = APIBlueprint("control", __name__, tag="Proof of control")


class ControlIn(Checked):
    by: ProofKind = Field(ProofKind.TOKEN, description="what to look at now: token, dns or authorisation")
    authorisation: dict[str, Any] | None = Field(None, description="the signed document, where `by` is authorisation")

    @model_validator(mode="after")
    def _together(self) -> "ControlIn":
        if (self.by is ProofKind.AUTHORISATION) != (self.authorisation is not None):
            raise InvalidInput("authorisation", "send the signed document with `by` authorisation, and with nothing else")
        return self


class ProofOut(Shown):
    id: str
    kind: ProofKind
    sentence: str
    scope: str = Field(description="a host, or how URLs begin")
    attacks: list[str]
    budget: int | None = Field(description="rows that one audit may ask; null: any number")
    starts: datetime
    ends: datetime
    created_at: datetime
    is_in_force: bool
    evidence: dict[str, Any]


class ControlOut(Shown):
    required: bool = Field(description="an audit of this target is refused without a proof")
    token: str = Field(description="what the page or the record must hold")
    page: str = Field(description="where the token is looked for")
    record: str | None = Field(description="the TXT record that may hold it instead; null: the host is no name in the DNS")
    proofs: list[ProofOut] = Field(description="newest first, those that have ended too")


class SigningKeyIn(Checked):
    name: Name
    public: str = Field(max_length=100, description="as `auditor control keygen` prints it: ed25519:...")


class SigningKeyOut(Shown):
    id: str
    name: str
    public: str
    fingerprint: str = Field(description="SHA-256 of the key, as authorisations name it")
    created_at: datetime
    revoked: bool


class SigningKeyList(Shown):
    items: list[SigningKeyOut]
    next: None = Field(None, description="always null: keys come in one page")


@bp.get("/targets/<target_id>/control")
@needs(Role.VIEWER)
@bp.output(ControlOut)
def show(target_id: str) -> ControlOut:
    """Who has shown control over this target's endpoint, and how it can be shown."""
    here, url = services(), _block(target_id).url
    with here.database.read() as tx:
        known = of_endpoint(tx, workspace_id(), url)
    place = showing.place_of(here, workspace_id(), url)
    return ControlOut(
        required=is_required(here, url),
        token=place.token,
        page=place.page,
        record=place.record,
        proofs=[shown(proof, here.clock()) for proof in known],
    )


@bp.post("/targets/<target_id>/control")
@needs(Role.AUDITOR)
@bp.input(ControlIn)
@bp.output(ProofOut, status_code=201)
@once
def prove(target_id: str, json_data: ControlIn) -> tuple[ProofOut, int, dict[str, str]]:
    """Look for the token or the record now, or believe a signed authorisation; what was found is kept."""
    here, block = services(), _block(target_id)
    if json_data.authorisation is not None:
        proof = showing.by_authorisation(here, workspace_id(), json_data.authorisation, block.url)
    elif json_data.by is ProofKind.DNS:
        proof = showing.by_dns(here, workspace_id(), block.url)
    else:
        proof = showing.by_token(here, workspace_id(), block.as_target())
    return shown(proof, here.clock()), 201, {}


@bp.post("/signing-keys")
@needs(Role.ADMIN)
@bp.input(SigningKeyIn)
@bp.output(SigningKeyOut, status_code=201)
@once
def register(json_data: SigningKeyIn) -> tuple[SigningKeyOut, int, dict[str, str]]:
    """Register the public key of an administrator: what it signs is believed from now on."""
    return key_shown(showing.register_key(services(), workspace_id(), json_data.name, json_data.public)), 201, {}


@bp.get("/signing-keys")
@needs(Role.VIEWER)
@bp.output(SigningKeyList)
def keys() -> SigningKeyList:
    """The public keys that may authorise audits, revoked ones too."""
    with services().database.read() as tx:
        return SigningKeyList(items=[key_shown(key) for key in signing_keys.signing_keys(tx, workspace_id())])


@bp.delete("/signing-keys/<signing_key_id>")
@needs(Role.ADMIN)
@bp.doc(responses={204: "Revoked"})
def revoke(signing_key_id: str) -> Response:
    """Revoke a key, with everything that it signed: running audits under it stop at their next step."""
    here = services()
    with here.database.begin() as tx:
        signing_keys.revoke_signing_key(tx, workspace_id(), signing_key_id)
        events.add(tx, workspace_id(), "signing_key.revoked", f"{principal().name} revoked a signing key", here.clock())
    return nothing()


def shown(proof: Proof, now: datetime) -> ProofOut:
    fields = {**vars(proof), "attacks": list(proof.attacks), "sentence": proof.sentence}
    return ProofOut.model_validate({**fields, "is_in_force": proof.starts <= now < proof.ends})


def key_shown(key: SigningKey) -> SigningKeyOut:
    return SigningKeyOut.model_validate({**vars(key), "fingerprint": fingerprint(key.public)})


def _block(target_id: str) -> TargetSpec:
    with services().database.read() as tx:
        return endpoint_of(tx, workspace_id(), target_id)
