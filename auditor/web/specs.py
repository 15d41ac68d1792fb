"""From the ids that a person or program gives to what an audit is frozen with. The API and the dashboard share it."""

from urllib.parse import urlsplit

from auditor.domain.catalog import Dataset, TargetRecord
from auditor.domain.spec import AuditSpec, AuthSpec, TargetSpec, parse
from auditor.domain.target import AuthKind
from auditor.domain.target_spec import check_wire
from auditor.errors import Conflict, InvalidInput, NotFound
from auditor.querying import check_target, check_url
from auditor.querying.auth.hosts import unbound
from auditor.settings import Settings
from auditor.store import datasets, model_files, secrets, targets
from auditor.store.engine import Transaction
from auditor.web.ids import the_id
from auditor.workflow.named_columns import features_of
from auditor.workflow.services import Services


def resolved(tx: Transaction, workspace_id: str, spec: AuditSpec) -> tuple[AuditSpec, str]:
    """The spec with its target's block in place of the id, and that id.

    Every id must stand in this workspace, and every file must have the columns that the spec names; raises InvalidInput.
    """
    target_id = the_id(spec.target, "target", "target")
    document = spec.as_json()
    files = {name: _dataset(tx, workspace_id, name, value) for name, value in spec.data.files.items()}
    features_of(spec.data, {name: list(file.columns) for name, file in files.items()})
    document["data"].update({name: file.id for name, file in files.items()})
    try:
        document["target"] = targets.get_target(tx, workspace_id, target_id).spec
    except NotFound:
        raise InvalidInput("target", "this workspace has no target with this id; GET /api/v1/targets lists those it has") from None
    return parse(document), target_id


def register(services: Services, workspace_id: str, name: str, block: TargetSpec) -> TargetRecord:
    """A new target, of a block that may be asked; it is not asked anything yet."""
    with services.database.begin() as tx:
        spec = vetted(tx, workspace_id, block, services.settings).model_dump(mode="json")
        return targets.create_target(tx, workspace_id, name, spec, services.clock())


def vetted(tx: Transaction, workspace_id: str, block: TargetSpec, settings: Settings) -> TargetSpec:
    """A target's block whose address may be asked and whose secret is one of this workspace, bound to that very host."""
    if block.model or not block.url:
        return _of_file(tx, workspace_id, block)
    check_url(block.url, settings)
    check_wire(block)
    check_target(block.as_target(), settings)
    if block.auth is None or block.auth.kind is AuthKind.NONE:
        return block.model_copy(update={"auth": None})
    return block.model_copy(update={"auth": _auth(tx, workspace_id, block.auth, block.url)})


def _of_file(tx: Transaction, workspace_id: str, block: TargetSpec) -> TargetSpec:
    """A target's block that names a model file of this workspace."""
    check_wire(block)
    model_id = the_id(block.model, "target.model", "model")
    try:
        return block.model_copy(update={"model": model_files.get_model_file(tx, workspace_id, model_id).id})
    except NotFound:
        raise InvalidInput("target.model", "this workspace has no model with this id; POST /api/v1/models makes one") from None


def endpoint_of(tx: Transaction, workspace_id: str, target_id: str) -> TargetSpec:
    """The block of a target whose endpoint somebody may show control over; raises Conflict for a model file, which has none."""
    block = TargetSpec.model_validate(targets.get_target(tx, workspace_id, target_id).spec)
    if not block.url:
        raise Conflict("this target is a submitted model and no endpoint; there is no control over it to show")
    return block


def host_of(url: str) -> str:
    """The host that a secret is bound to."""
    return urlsplit(url).hostname or ""


def _dataset(tx: Transaction, workspace_id: str, name: str, value: object) -> Dataset:
    dataset_id = the_id(value, f"data.{name}", "dataset")
    try:
        return datasets.get_dataset(tx, workspace_id, dataset_id)
    except NotFound:
        sentence = "this workspace has no dataset with this id; GET /api/v1/datasets lists those it has"
        raise InvalidInput(f"data.{name}", sentence) from None


def _auth(tx: Transaction, workspace_id: str, auth: AuthSpec, url: str) -> AuthSpec:
    secret_id = the_id(auth.secret.removeprefix("secret:"), "target.auth.secret", "secret")
    try:
        record = secrets.get_secret(tx, workspace_id, secret_id)
    except NotFound:
        raise InvalidInput("target.auth.secret", "this workspace has no secret with this id; an admin can make one") from None
    host = unbound(record.host, url, auth.token_url)
    if host is not None:
        raise InvalidInput("target.auth.secret", f"this secret is bound to {record.host}; it would be sent to {host}")
    return auth.model_copy(update={"secret": f"secret:{secret_id}"})
