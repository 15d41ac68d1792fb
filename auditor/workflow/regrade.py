"""Grading again from what is stored: no transport, no target, no new shadow. What comes out must be what was reported."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from auditor.domain.audit import Audit, AuditStatus, Step, StepKind, StepStatus
from auditor.domain.spec import FILES
from auditor.errors import Conflict, NotFound
from auditor.querying import record_digests
from auditor.store import audits, datasets, ledger, model_files
from auditor.workflow.grade import grade
from auditor.workflow.material import Material, of_audit
from auditor.workflow.report_step import comparable, result_document
from auditor.workflow.services import Services

LISTED = 50


@dataclass(frozen=True)
class Regraded:
    """`differing` names what is not as it was reported: places in the result, and stored bytes that were changed."""

    audit_id: str
    identical: bool
    differing: tuple[str, ...]
    result: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"audit": self.audit_id, "identical": self.identical, "differing": list(self.differing)}


def regrade(services: Services, workspace_id: str, audit_id: str, reported: dict[str, Any] | None = None) -> Regraded:
    """Every finding of a completed audit, computed again from its stored evidence and compared bit for bit.

    `reported` is the result to compare with, by default the one that was stored. Raises Conflict where there is nothing to
    compare, or where the evidence is gone.
    """
    audit = _completed(services, workspace_id, audit_id)
    try:
        changed = tuple(_changed_bytes(services, audit))
        if changed:  # what was tampered with may not even be readable
            return Regraded(audit_id, False, changed[:LISTED], {})
        document = _graded_again(services, audit)
    except NotFound:
        raise Conflict(_gone(services)) from None
    differing = tuple(_differences(reported or audit.result or {}, document))
    return Regraded(audit_id, not differing, differing[:LISTED], document)


def _completed(services: Services, workspace_id: str, audit_id: str) -> Audit:
    with services.database.read() as tx:
        audit = audits.get(tx, workspace_id, audit_id)
    if audit.status is not AuditStatus.COMPLETED or audit.result is None:
        raise Conflict(f"the audit is {audit.status} and has no findings to grade again; wait for its end or resume it")
    return audit


def _graded_again(services: Services, audit: Audit) -> dict[str, Any]:
    material = of_audit(services, audit)
    _refuse_forgotten_answers(services, material)
    graded = grade(services, _last_grade(material), material, _unwatched)
    document: dict[str, Any] = json.loads(json.dumps(result_document(services, material, graded), allow_nan=False))
    return document


def _last_grade(material: Material) -> Step:
    """The look on which the result rests."""
    grades = [s for s in material.steps if s.kind is StepKind.GRADE and s.status is StepStatus.DONE]
    return max(grades, key=lambda s: s.params["look"])


def _unwatched(fraction: float) -> None:
    pass


def _changed_bytes(services: Services, audit: Audit) -> Iterator[str]:
    """Evidence and records whose bytes are not those that their digest names."""
    with services.database.read() as tx:
        steps = audits.steps(tx, audit.id)
    for key, digest in [*_evidence(steps), *_records(services, audit), *_model(services, audit)]:
        with services.database.read() as tx:
            data = services.artifacts.get(tx, audit.workspace_id, digest)
        if hashlib.sha256(data).hexdigest() != digest:
            yield f"{key}: the stored bytes were changed after the audit"


def _evidence(steps: list[Step]) -> Iterator[tuple[str, str]]:
    """(what it is, digest) of all that the attacks, their baselines and their controls left."""
    for step in steps:
        result = step.result or {}
        if "evidence" in result:
            yield f"evidence of {step.key}", result["evidence"]
        for finding in result.get("findings", ()):
            if (finding.get("exposure") or {}).get("digest"):
                yield f"single records of {step.key}", finding["exposure"]["digest"]
        if step.kind is StepKind.CONTROL:
            for name, ran in result.items():
                yield f"evidence of {step.key} ({name})", ran["evidence"]


def _records(services: Services, audit: Audit) -> Iterator[tuple[str, str]]:
    with services.database.read() as tx:
        for name in FILES:
            dataset_id = audit.spec["data"].get(name)
            if dataset_id is None:
                continue
            try:
                yield f"data.{name}", datasets.get_dataset(tx, audit.workspace_id, dataset_id).digest
            except NotFound:
                raise Conflict(f"the records of data.{name} were deleted; upload them and audit again") from None


def _model(services: Services, audit: Audit) -> Iterator[tuple[str, str]]:
    model_id = audit.spec["target"].get("model")
    if model_id:
        with services.database.read() as tx:
            yield "target.model", model_files.get_model_file(tx, audit.workspace_id, model_id).digest


def _refuse_forgotten_answers(services: Services, material: Material) -> None:
    """Stealing is graded on the recorded answers themselves; without them the figures would be other ones."""
    if not any(i["family"] == "stealing" for i in material.results["probe"]["run"]):
        return
    digests = record_digests(material.data.candidates.features)
    with services.database.read() as tx:
        if not ledger.lookup(tx, material.audit.id, digests):
            raise Conflict(_gone(services))


def _gone(services: Services) -> str:
    days = services.settings.retention_days
    return (
        f"the evidence of this audit is gone: answers and evidence are kept for {days} days (AUDITOR_RETENTION_DAYS);"
        " its findings stay, but only a new audit can be graded again"
    )


def _differences(reported: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Places where two results differ, in the parts that the same evidence always gives."""
    try:
        before = comparable(reported)
    except (KeyError, TypeError, AttributeError):
        return ["the reported result lacks parts that every result has"]
    return [*_other_definition(reported, document), *_places(before, comparable(document), "")]


def _other_definition(reported: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    """Why scores differ although nothing was changed: an older program meant something else by them."""
    before, now = (result["audit"].get("score_version", 1) for result in (reported, document))
    if before != now:
        yield f"audit.score_version: reported by version {before} of the score and graded again by version {now} (docs/score.md)"


def _places(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _places(before.get(key, _ABSENT), after.get(key, _ABSENT), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _places(one, other, f"{path}[{i}]")
    elif _written(before) != _written(after):
        yield path


_ABSENT = object()


def _written(value: Any) -> str:
    """As canonical JSON, so that 1 and 1.0, or True and 1, are different and a number is compared in every bit."""
    return "absent" if value is _ABSENT else json.dumps(value, sort_keys=True)
