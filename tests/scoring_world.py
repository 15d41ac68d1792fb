"""Evidence whose truth is known: what the tests of scoring grade."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Sensitive
from auditor.domain.evidence import AttributeGuesses, MembershipScores, SurrogateLabels
from auditor.scoring.grading import Truth

Signal = Callable[[NDArray[np.bool_], np.random.Generator], NDArray[np.float64]]
ATTRIBUTE = Sensitive("illness", ("illness",), (("none",), ("flu",), ("rare",)))


def sides(members: int, non_members: int, seed: int = 0) -> NDArray[np.bool_]:
    """(n,) who is a member, in shuffled order."""
    return np.random.default_rng(seed).permutation(np.arange(members + non_members) < members)


def truth_of(is_member: NDArray[np.bool_], **known: NDArray[np.intp]) -> Truth:
    return Truth(is_member, np.zeros(len(is_member), np.intp), known.get("attribute"), known.get("target_labels"), 3)


def normal(shift: float) -> Signal:
    """Members score `shift` standard deviations higher."""
    return lambda inside, rng: rng.standard_normal(len(inside)) + shift * inside


def tail_only(share: float) -> Signal:
    """This share of the members stands far above everybody else, the rest looks like non-members."""
    return lambda inside, rng: rng.standard_normal(len(inside)) + 20.0 * (inside & (rng.random(len(inside)) < share))


def lookup(inside: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    return inside.astype(float)


def constant(inside: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    return np.zeros(len(inside))


def correctness(right_inside: float, right_outside: float) -> Signal:
    """0 or 1: the model is right more often on its own records."""

    def signal(inside: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
        return (rng.random(len(inside)) < np.where(inside, right_inside, right_outside)).astype(float)

    return signal


def scores(
    is_member: NDArray[np.bool_], signal: Signal, pseudo: int = 4, seed: int = 0, at_home: Signal | None = None
) -> MembershipScores:
    """The target answers `signal`; pseudo-targets with random halves answer `at_home` (by default the same)."""
    rng = np.random.default_rng((seed, 1))
    halves = rng.random((pseudo, len(is_member))) < 0.5
    own = [(at_home or signal)(half, rng) for half in halves]
    return MembershipScores(signal(is_member, rng), np.array(own).reshape(halves.shape), halves)


def guesses(is_member: NDArray[np.bool_], lean_members: float, lean_others: float = 0.0, seed: int = 0, rows: int | None = None):
    """(attack, imputation, truth): scores of three values around their shares, leaning towards the true one by so much."""
    rng = np.random.default_rng((seed, 2))
    n = len(is_member)
    true = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    attacked = np.arange(n if rows is None else rows)
    imputed = np.log([0.6, 0.3, 0.1]) + 0.3 * rng.standard_normal((len(attacked), 3))
    attack = imputed.copy()
    attack[attacked, true[attacked]] += np.where(is_member, lean_members, lean_others)[attacked]
    claimed = AttributeGuesses(ATTRIBUTE, attacked, attack), AttributeGuesses(ATTRIBUTE, attacked, imputed)
    return (*claimed, truth_of(is_member, attribute=true))


def copies(agreement: dict[int, float], records: int = 2_000, seed: int = 0, uniform: int = 400):
    """(copies, target labels, uniform classes): copies by budget that agree with the target on such shares of records."""
    rng = np.random.default_rng((seed, 3))
    target = np.random.default_rng(99).integers(0, 3, records)
    classes = np.random.default_rng(98).integers(0, 3, uniform)
    labels = np.stack([_agreeing(target, share, rng) for share in agreement.values()])
    points = np.stack([_agreeing(classes, share, rng) for share in agreement.values()])
    return SurrogateLabels(np.array(list(agreement)), np.arange(records), labels, points, classes), target, classes


def _agreeing(labels: NDArray[np.intp], share: float, rng: np.random.Generator) -> NDArray[np.intp]:
    wrong = rng.permutation(len(labels)) >= round(share * len(labels))
    return np.where(wrong, (labels + 1) % 3, labels)
