"""What attacks recovered of single members: true value, recovered value, guess without the model. Personal data, so it goes by
pseudonym to those who may read single records, only a sample is shown, and every look is an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auditor.attacks import registry
from auditor.domain.audit import Audit
from auditor.domain.evidence import AttributeGuesses, Evidence, Reconstructions
from auditor.errors import AttackFailed, Conflict, InvalidInput, NotFound
from auditor.scoring.grading import Truth
from auditor.scoring.recovered import nearest_rebuilt, surest_claims, typical
from auditor.store import audits
from auditor.workflow import material
from auditor.workflow.kinds import kind_of
from auditor.workflow.look import Item, Look
from auditor.workflow.plan import attack_key
from auditor.workflow.services import Services
from auditor.workflow.single_records import FORGOTTEN, Reader, pseudonyms, write_down

CLAIMS = 20
RECORDS = 5
KEPT = {
    "attribute": f"the {CLAIMS} surest claims about members",
    "records": f"the {RECORDS} members that were rebuilt most nearly",
    "missing-record": f"the first {RECORDS} members that were taken for missing",
}
"""What is shown of attacks of each kind; others say nothing of single records."""
NONE_KEPT = "this audit recovered no values of single records; name sensitive columns under data.sensitive and audit again"

Cell = str | float | bool | None


@dataclass(frozen=True)
class RecoveredValue:
    """One cell of one member. `right`, `guess_right`: is it the true one, or of a number close enough to count? `confidence` of the
    attack, in units of its own (higher is surer); None where it gives none."""

    pseudonym: str
    column: str
    true: Cell
    recovered: Cell
    guess: Cell
    right: bool
    guess_right: bool
    confidence: float | None = None


@dataclass(frozen=True)
class Recovered:
    """The values of one finding; `choices` are the attacks that have some, each with its attribute: `csmia[job]`."""

    attack: str
    choices: tuple[str, ...]
    rows: tuple[RecoveredValue, ...]
    is_rebuilt: bool
    kept: str  # what was chosen, in words

    @property
    def told(self) -> str:
        """How many of what is shown the attack has right, and how many one would have right without the model."""
        right, guessed = (sum(getattr(row, name) for row in self.rows) for name in ("right", "guess_right"))
        return f"Of {len(self.rows):,} values shown, {right:,} are right; without the model {guessed:,} would be."


def read(services: Services, reader: Reader, audit_id: str, attack: str | None) -> Recovered:
    """The surest claims of one attack, or the members rebuilt most nearly. Raises NotFound, Conflict, InvalidInput."""
    with services.database.read() as tx:
        audit = audits.get(tx, reader.workspace_id, audit_id)
    if audit.result is None:
        raise Conflict(f"this audit is {audit.status} and recovered no values yet; they come with its findings")
    try:
        look = Look(services, material.of_audit(services, audit), 0, 1.0)
        items = _items(look, audit)
        chosen = _chosen(items, attack)
        rows, is_rebuilt = _values(look, items[chosen])
    except NotFound:
        raise Conflict(FORGOTTEN) from None
    except AttackFailed as broken:
        raise Conflict(broken.sentence) from None
    write_down(services, reader, audit, chosen, len({row.pseudonym for row in rows}))
    kept = KEPT[registry.find(items[chosen]["attack"]).kind]
    return Recovered(chosen, tuple(items), rows, is_rebuilt, kept)


def has_values(result: Mapping[str, Any] | None) -> bool:
    """Does any finding of this result tell of values of single records?"""
    return any(finding["kind"] in KEPT for finding in (result or {}).get("findings", ()))


def _items(look: Look, audit: Audit) -> dict[str, Item]:
    """What was run and says something of single records, the highest lower limit first."""
    kept = {
        attack_key(item, 0): item
        for item in look.material.results["probe"]["run"]
        if registry.find(item["attack"]).kind in KEPT and look.result("attack", item)
    }
    if not kept:
        raise Conflict(NONE_KEPT)
    found = audit.result["findings"] if audit.result else ()
    shown = {(f["attack"], f["parameters"].get("sensitive")): f.get("score_low") or 0 for f in found}
    return dict(sorted(kept.items(), key=lambda pair: -shown.get((pair[1]["attack"], pair[1]["sensitive"]), 0)))


def _chosen(items: Mapping[str, Item], attack: str | None) -> str:
    if attack is None:
        return next(iter(items))
    if attack not in items:
        raise InvalidInput("attack", f"this attack recovered no values of single records; there are those of {', '.join(items)}")
    return attack


def _values(look: Look, item: Item) -> tuple[tuple[RecoveredValue, ...], bool]:
    attack = registry.make(item["attack"], item["params"])
    truth = kind_of(attack).truth(look, item)
    evidence, baseline = (_evidence(look, kind, item) for kind in ("attack", "baseline"))
    if isinstance(evidence, AttributeGuesses):
        return _claimed(look, evidence, baseline, truth), False
    if isinstance(evidence, Reconstructions) and evidence.is_each:
        return _rebuilt(look, evidence, baseline, truth), True
    raise Conflict(NONE_KEPT)


def _evidence(look: Look, kind: str, item: Item) -> Evidence | None:
    result = look.result(kind, item)
    return None if result is None else look.independent(result["evidence"], item)


def _claimed(look: Look, evidence: AttributeGuesses, baseline: Evidence | None, truth: Truth) -> tuple[RecoveredValue, ...]:
    found = surest_claims(evidence, baseline, truth, CLAIMS)
    attribute, features = evidence.attribute, look.material.data.candidates.features
    values = [_cell(cells) for cells in attribute.values]
    return tuple(
        RecoveredValue(
            name,
            attribute.name,
            _cell(tuple(features.loc[row, list(attribute.columns)])),
            values[found.claimed[i]],
            values[found.guess[i]],
            bool(found.right[i]),
            bool(found.is_guess_right[i]),
            float(found.confidence[i]),
        )
        for i, (row, name) in enumerate(zip(found.rows, _names(look, found.rows), strict=True))
    )


def _rebuilt(look: Look, evidence: Reconstructions, baseline: Evidence | None, truth: Truth) -> tuple[RecoveredValue, ...]:
    """Claims that say which member each is about stand beside the guess about that member; others are matched with members."""
    originals = truth.originals
    if originals is None:
        raise Conflict(NONE_KEPT)
    if evidence.rows is not None and isinstance(baseline, Reconstructions):
        members = evidence.rows[:RECORDS]
        claims, guesses = evidence.records, baseline.records
    else:
        found = nearest_rebuilt(evidence, truth, RECORDS)
        members, claims = found.rows, evidence.records.iloc[found.claims]
        guesses = pd.DataFrame([typical(originals)] * len(members))
    features, rows = originals.candidates.features, []
    for place, (row, name) in enumerate(zip(members, _names(look, members), strict=True)):
        for column in (c.name for c in originals.columns):
            guess = guesses[column].iloc[place] if column in guesses else None
            cells = (features[column].iloc[row], claims[column].iloc[place], guess)
            true, told, guessed = (_cell((cell,)) for cell in cells)
            rows.append(RecoveredValue(name, column, true, told, guessed, _same(true, told), _same(true, guessed)))
    return tuple(rows)


def _same(true: Cell, told: Cell) -> bool:
    if isinstance(true, float) and isinstance(told, float):
        return bool(np.isclose(true, told, rtol=1e-6, atol=1e-9))
    return true == told


def _names(look: Look, rows: np.ndarray) -> Sequence[str]:
    return pseudonyms(look.services, look.material.audit, rows)


def _cell(cells: tuple[object, ...]) -> Cell:
    """One cell as it is, several as one text; a missing one is None, numbers are floats."""
    if len(cells) > 1:
        return ", ".join(str(cell) for cell in cells)
    (cell,) = cells
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return None
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    return float(cell) if isinstance(cell, int | float | np.number) else str(cell)
