"""Results of single records, by pseudonym: for keys of the role record-reader, and every look is an event."""

import re

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import Field, field_validator

from auditor.domain.catalog import Role
from auditor.errors import InvalidInput
from auditor.web.access import needs
from auditor.web.api.shapes import Checked, PageOf, PageQuery, Shown, page
from auditor.web.current import principal, services
from auditor.workflow import recovered_values, single_records

bp = APIBlueprint("records", __name__, url_prefix="/audits/<audit_id>", tag="Records")

OFFSET = re.compile(r"\d{1,9}")


class RecordQuery(PageQuery):
    attack: str | None = Field(None, max_length=200, description="whose table; default: the strongest attack that has one")

    @field_validator("cursor")
    @classmethod
    def _offset(cls, value: str | None) -> str | None:
        if value is not None and OFFSET.fullmatch(value) is None:
            raise InvalidInput("cursor", "use the cursor of the page before as it was given, or leave it out")
        return value


class RecordOut(Shown):
    pseudonym: str = Field(description="of the record, the same in every audit of this workspace")
    side: str | None = Field(description="member or non-member")
    score: float | None = Field(description="of the attack; higher means more likely a member")
    p_value: float | None = Field(description="of the claim that the record is a member of this model")
    q_value: float | None = Field(description="the same, corrected for all candidates (Benjamini-Hochberg)")
    named: bool | None = Field(description="is it among those that can be named as members?")
    vulnerability: float | None = Field(description="gap between models trained with and without it, in standard deviations")
    vulnerability_low: float | None
    vulnerability_high: float | None
    tpr: float | None = Field(description="share of such models in which it would be found at the headline rate")
    memorisation: float | None = Field(description="probability of its label with it in training minus without")
    memorisation_error: float | None = Field(description="standard error of the memorisation")
    rank: int | None = Field(description="1 is the most vulnerable")
    rank_low: int | None
    rank_high: int | None
    outlier_rank: int | None = Field(description="1 is the record most unlike the others")


class RecordPage(PageOf[RecordOut]):
    attack: str
    total: int = Field(description="rows of the table: the most exposed candidates, at most 1,000")


@bp.get("/records")
@needs(Role.RECORD_READER)
@bp.input(RecordQuery, location="query")
@bp.output(RecordPage)
def of_audit(audit_id: str, query_data: RecordQuery) -> Response:
    """The most exposed records of an audit by pseudonym, by pages; the look is written down as an event."""
    start = int(query_data.cursor or 0)
    reader = single_records.Reader(principal().workspace_id, f"The key {principal().name}")
    found = single_records.read(services(), reader, audit_id, query_data.attack, range(start, start + query_data.limit))
    following = None if found.next is None else str(found.next)
    return page([RecordOut.of(row) for row in found.rows], following, attack=found.attack, total=found.total)


class RecoveredQuery(Checked):
    attack: str | None = Field(None, max_length=300, description="whose values, one of `choices`; default: the strongest")


class RecoveredOut(Shown):
    pseudonym: str = Field(description="of the member, the same in every audit of this workspace")
    column: str
    true: str | float | bool | None = Field(description="what the record has; null where it is missing")
    recovered: str | float | bool | None = Field(description="what the attack claims")
    guess: str | float | bool | None = Field(description="what is guessed without the model")
    right: bool = Field(description="is the recovered value the true one, or a number close enough to count?")
    guess_right: bool
    confidence: float | None = Field(description="of the attack, in units of its own; higher is surer")


class RecoveredValues(Shown):
    attack: str = Field(description="the attack and its attribute, as in `choices`")
    choices: list[str] = Field(description="what recovered values of single records, the strongest first")
    kept: str = Field(description="which members are shown, in words")
    items: list[RecoveredOut]


@bp.get("/recovered-values")
@needs(Role.RECORD_READER)
@bp.input(RecoveredQuery, location="query")
@bp.output(RecoveredValues)
def recovered_of_audit(audit_id: str, query_data: RecoveredQuery) -> Response:
    """True value, recovered value and the guess without the model of a sample of members; the look is written down as an event."""
    reader = single_records.Reader(principal().workspace_id, f"The key {principal().name}")
    found = recovered_values.read(services(), reader, audit_id, query_data.attack)
    items = [RecoveredOut.of(row).model_dump(mode="json") for row in found.rows]
    return jsonify({"attack": found.attack, "choices": list(found.choices), "kept": found.kept, "items": items})
