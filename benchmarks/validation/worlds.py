"""Evidence from made-up models whose truth is known. Pseudo-targets come in complementary pairs and share records: easy records
score high on every model, trained on or not, as they do on real ones."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Sensitive
from auditor.domain.evidence import AttributeGuesses, MembershipScores, SurrogateLabels
from auditor.scoring.grading import Truth
from auditor.scoring.vulnerability import ShadowSignals

Mask = NDArray[np.bool_]
ILLNESS = Sensitive("illness", ("illness",), (("none",), ("flu",), ("rare",)))


def halves(n: int, members: int, rng: np.random.Generator) -> Mask:
    """(n,) who is a member, drawn at random."""
    return np.asarray(rng.permutation(n) < members)


def ease_of(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) how easy each record is for any model."""
    return np.sqrt(0.5) * rng.standard_normal(n)


def evidence(
    is_member: Mask, gain: float, rng: np.random.Generator, pseudo: int = 4, ease: NDArray[np.float64] | None = None
) -> MembershipScores:
    """Members of the target, and of each pseudo-target, score `gain` standard deviations higher. Half of the variance of all
    scores, which is 1, is how easy the record is."""
    n = len(is_member)
    ease = ease_of(n, rng) if ease is None else ease
    noise = np.sqrt(0.5) * rng.standard_normal((pseudo + 1, n))
    first = np.array([halves(n, n // 2, rng) for _ in range(pseudo // 2)]).reshape(pseudo // 2, n)
    masks = np.stack([first, ~first], axis=1).reshape(pseudo, n)
    return MembershipScores(ease + noise[0] + gain * is_member, ease + noise[1:] + gain * masks, masks)


def signals(n: int, shadows: int, gain: float, rng: np.random.Generator) -> ShadowSignals:
    """Shadows of records that differ in difficulty and spread; partners move against each other by a third of the variance."""
    first = np.array([halves(n, n // 2, rng) for _ in range(shadows // 2)])
    tension, own = rng.standard_normal((shadows // 2, n)), rng.standard_normal((2, shadows // 2, n))
    noise = np.sqrt(2 / 3) * own + np.sqrt(1 / 3) * np.stack([tension, -tension])
    spread, masks = np.exp(0.3 * rng.standard_normal(n)), np.stack([first, ~first])
    logits = rng.normal(0, 2, n) + spread * (noise + gain * masks)
    return ShadowSignals(*(np.swapaxes(table, 0, 1).reshape(shadows, n) for table in (logits, masks)))


def truth(is_member: Mask, attribute: NDArray[np.intp] | None = None, target: NDArray[np.intp] | None = None) -> Truth:
    return Truth(is_member, np.zeros(len(is_member), np.intp), attribute, target, 3)


def groups(n: int, rng: np.random.Generator) -> dict[str, NDArray[np.object_]]:
    """Attributes that have nothing to do with anything."""
    return {name: rng.choice(list("abcdef"[:count]), n).astype(object) for name, count in (("town", 4), ("sex", 2), ("label", 2))}


def guesses(is_member: Mask, lean: float, rng: np.random.Generator) -> tuple[AttributeGuesses, AttributeGuesses, Truth]:
    """An attack on an attribute, imputation, and the truth; the attack leans towards the true value on everybody alike."""
    n = len(is_member)
    true = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    imputed = np.log([0.6, 0.3, 0.1]) + 0.3 * rng.standard_normal((n, 3))
    attack = imputed + lean * (true[:, None] == np.arange(3))
    rows = np.arange(n)
    known = truth(is_member, attribute=true.astype(np.intp))
    return AttributeGuesses(ILLNESS, rows, attack), AttributeGuesses(ILLNESS, rows, imputed), known


def copies(n: int, rng: np.random.Generator) -> tuple[SurrogateLabels, SurrogateLabels, NDArray[np.intp]]:
    """A stolen copy that is no better than one made without asking, that copy, and the target's answers."""
    target = rng.integers(0, 3, n)
    made = [np.where(rng.random(n) < 0.8, target, (target + 1) % 3) for _ in range(2)]
    rows, none = np.arange(n), np.zeros((1, 0), dtype=np.intp)
    first, second = (SurrogateLabels(np.array([100]), rows, labels[None], none, none[0]) for labels in made)
    return first, second, target.astype(np.intp)


def people(n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray[np.intp]]:
    """Features and labels for the blind baseline."""
    frame = pd.DataFrame(rng.standard_normal((n, 4)), columns=list("abcd"))
    frame["work"] = rng.choice(["x", "y", "z"], n).astype(object)
    return frame, rng.integers(0, 2, n).astype(np.intp)
