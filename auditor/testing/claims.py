"""Evidence of any kind: compared with other evidence, put back into order, and held against what is true in a world."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from auditor.domain.attack import Query
from auditor.domain.evidence import (
    AttributeGuesses,
    CanarySignals,
    Copies,
    Disclosures,
    Evidence,
    MembershipScores,
    PropertyGuess,
    Reconstructions,
    SurrogateValues,
)
from auditor.testing.properties import guesses_apart, placed
from auditor.testing.reconstructed import rebuilt, reconstructed, reconstructions_apart
from auditor.testing.strength import Strength
from auditor.testing.world import World

Floats = NDArray[np.float64]


def strength(evidence: Evidence, world: World, target: Query) -> Strength:
    """Membership: the AUC against 1/2. Attributes: the rate of right guesses on members against that on non-members. Stealing:
    agreement with the target against always answering its most frequent class. Deterministic checks: how many found something."""
    if isinstance(evidence, MembershipScores):
        members = world.data.is_member
        return _auc(evidence.target, members if evidence.rows is None else members[evidence.rows])
    if isinstance(evidence, AttributeGuesses):
        return _guessing(evidence, world)
    if isinstance(evidence, Disclosures):
        return Strength(float(sum(check.found is True for check in evidence.checks)), 0.0, 0.0)
    if isinstance(evidence, CanarySignals):
        return _auc(evidence.signals, world.data.is_member)
    if isinstance(evidence, PropertyGuess):
        return placed(evidence, target)
    if isinstance(evidence, Reconstructions) and evidence.rows is not None:
        return rebuilt(evidence, world)
    if isinstance(evidence, Reconstructions):
        return reconstructed(evidence, world)
    return _fidelity(evidence, world, target)


def _auc(scores: Floats, is_member: NDArray[np.bool_]) -> Strength:
    inside, outside = scores[is_member], scores[~is_member]
    wins = (inside[:, None] > outside).mean() + 0.5 * (inside[:, None] == outside).mean()
    return Strength(float(wins), 0.5, float(np.sqrt((len(scores) + 1) / (12 * len(inside) * len(outside)))))


def _guessing(evidence: AttributeGuesses, world: World) -> Strength:
    cells = world.data.candidates.features[list(evidence.attribute.columns)].iloc[evidence.rows]
    truth = list(cells.itertuples(index=False, name=None))
    guesses = evidence.scores.argmax(axis=1)
    right = np.array([evidence.attribute.values[guess] == cell for guess, cell in zip(guesses, truth, strict=True)])
    inside = world.data.is_member[evidence.rows]
    rates = [right[inside].mean(), right[~inside].mean()]
    spread = sum(rate * (1 - rate) / side.sum() for rate, side in zip(rates, (inside, ~inside), strict=True))
    return Strength(float(rates[0]), float(rates[1]), float(np.sqrt(spread)))


def _fidelity(evidence: Copies, world: World, target: Query) -> Strength:
    answers = target(world.data.candidates.features.iloc[evidence.rows])
    if isinstance(evidence, SurrogateValues):
        return _explained(evidence.values[-1], answers[:, 0])
    classes = answers.argmax(axis=1)
    most = float(np.bincount(classes).max() / len(classes))
    return Strength(float((evidence.labels[-1] == classes).mean()), most, float(np.sqrt(most * (1 - most) / len(classes))))


def _explained(copies: Floats, answers: Floats) -> Strength:
    """The correlation of the copy's numbers with the target's, where 0 is chance."""
    moves = copies.std() > 0 and answers.std() > 0
    return Strength(float(np.corrcoef(copies, answers)[0, 1]) if moves else 0.0, 0.0, float(1 / np.sqrt(len(answers))))


def restored(evidence: Evidence, order: NDArray[np.intp]) -> Evidence:
    """Evidence about candidates in a new order (`order[i]` is the first place of the new i-th), about those in the first order."""
    if isinstance(evidence, Reconstructions) and evidence.rows is not None:
        return replace(evidence, rows=order[evidence.rows])
    if isinstance(evidence, Reconstructions | PropertyGuess):  # about classes or about everybody, not about candidates
        return evidence
    if isinstance(evidence, CanarySignals):
        return CanarySignals(evidence.signals[np.argsort(order)])
    if isinstance(evidence, Disclosures):
        boxed = evidence.boxed
        return evidence if boxed is None else replace(evidence, boxed=tuple(sorted(int(order[row]) for row in boxed)))
    if isinstance(evidence, MembershipScores) and evidence.rows is None:
        back = np.argsort(order)
        return MembershipScores(evidence.target[back], evidence.pseudo_targets[:, back], evidence.membership[:, back])
    rows = order[evidence.rows]
    if isinstance(evidence, MembershipScores):
        back = np.argsort(rows)
        pseudo, halves = evidence.pseudo_targets[:, back], evidence.membership[:, back]
        return MembershipScores(evidence.target[back], pseudo, halves, rows[back])
    return replace(evidence, rows=rows)


def distance(first: Evidence, second: Evidence) -> float:
    """The largest difference between two claims about the same record; infinite where they are not about the same things."""
    if type(first) is not type(second):
        return float("inf")
    if isinstance(first, Disclosures):
        return 0.0 if first == second else float("inf")
    assert not isinstance(second, Disclosures)  # noqa: S101 - of the same type
    if isinstance(first, CanarySignals) and isinstance(second, CanarySignals):
        return _largest_gap(first.signals, second.signals)
    assert not isinstance(first, CanarySignals) and not isinstance(second, CanarySignals)  # noqa: S101, PT018 - of the same type
    if isinstance(first, PropertyGuess) and isinstance(second, PropertyGuess):
        return guesses_apart(first, second)
    assert not isinstance(first, PropertyGuess) and not isinstance(second, PropertyGuess)  # noqa: S101, PT018 - of the same type
    if isinstance(first, Reconstructions) or isinstance(second, Reconstructions):
        return reconstructions_apart(first, second)
    ours, theirs = _claims(first), _claims(second)
    return max(_largest_gap(ours[name], theirs[name]) for name in ours)


def _claims(evidence: MembershipScores | AttributeGuesses | Copies) -> Mapping[str, Floats]:
    """Every claim as an array whose first axis runs over records, ascending."""
    if isinstance(evidence, MembershipScores):
        places = np.arange(len(evidence.target)) if evidence.rows is None else evidence.rows
        pseudo, halves = evidence.pseudo_targets.T, evidence.membership.T
        return {"rows": places.astype(float), "target": evidence.target, "pseudo": pseudo, "membership": halves.astype(float)}
    ascending = np.argsort(evidence.rows)
    rows = evidence.rows[ascending].astype(float)
    if isinstance(evidence, AttributeGuesses):
        return {"rows": rows, "scores": evidence.scores[ascending]}
    if isinstance(evidence, SurrogateValues):
        return {"rows": rows, "values": evidence.values.T[ascending], "queries": evidence.queries.astype(float)}
    return {"rows": rows, "labels": evidence.labels.T[ascending].astype(float), "queries": evidence.queries.astype(float)}


def _largest_gap(first: Floats, second: Floats) -> float:
    if first.shape != second.shape:
        return float("inf")
    return float(np.abs(first - second).max(initial=0.0))
