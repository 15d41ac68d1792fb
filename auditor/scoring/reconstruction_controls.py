"""Would a reconstruction attack have seen what is there, and does it stay silent where nothing is?"""

import pandas as pd

from auditor.domain.evidence import Evidence, Reconstructions
from auditor.domain.finding import Control, Estimate
from auditor.errors import AttackFailed
from auditor.scoring.grading import Grading, Truth
from auditor.scoring.reconstruction import assess_reconstruction, surest
from auditor.scoring.reconstruction_space import space_of

WANTED = 0.5
"""The share of the way from the guess to the known prototypes that an attack has to go."""
EXACT = 1e-3


def known(evidence: Reconstructions, baseline: Evidence | None, truth: Truth, prototypes: pd.DataFrame) -> Control:
    """A model whose ideal record of each class is known (one row of `prototypes` each)."""
    originals = truth.originals
    assert isinstance(baseline, Reconstructions) and originals is not None  # noqa: S101, PT018 - graded before
    space = space_of(originals.candidates.features, originals.columns, originals.bounds)
    if space is None:
        raise AttackFailed("Every column is constant among the candidates; there is nothing to reconstruct.")
    goals = space.points(prototypes)
    mine, theirs = surest(evidence), surest(baseline)
    claims, guesses = space.points(evidence.records), space.points(baseline.records)
    left = sum(float(((claims[mine[c]] - goals[c]) ** 2).sum()) for c in mine)
    before = sum(float(((guesses[theirs[c]] - goals[c]) ** 2).sum()) for c in mine)
    share = 1.0 - left / before if before else 0.0
    found = (Estimate("improvement_over_guess", share, n=len(mine)),)
    if share >= WANTED:
        return Control(True, f"On a model whose ideal records are known the attack goes {share:.0%} of the way to them.", found)
    return Control(
        False,
        f"On a model whose ideal records are known the attack goes only {max(0.0, share):.0%} of the way to them, so its silence "
        "on the real one means nothing.",
        found,
    )


def noise(evidence: Reconstructions, baseline: Evidence | None, truth: Truth, grading: Grading) -> Control:
    """Answers that follow no rule: claims must be no nearer to the members than the guess."""
    graded = assess_reconstruction(evidence, baseline, truth, grading)
    silent = not graded.score_low
    sentence = "finds nothing in" if silent else "seems to rebuild records from"
    return Control(
        silent, f"The attack {sentence} a target whose answers follow no rule (score at least {graded.score_low or 0:.0f})."
    )


def computed(error: float) -> Control:
    """A linear model whose ideal records can be computed; `error`: the largest difference of a cell, in units of its range."""
    if error <= EXACT:
        return Control(
            True, f"On a model whose ideal records can be computed the attack finds them (largest difference {error:.1g})."
        )
    return Control(
        False,
        f"On a model whose ideal records can be computed the attack misses them by up to {error:.2g} of a column's range, so its "
        "silence on the real one means nothing.",
    )


def recognised(evidence: Reconstructions) -> Control:
    """Of an attack that computes with the target itself: does the target see each class in what was claimed for it? One that did
    not even reach that has not searched well."""
    share = evidence.figures["recognised_share"]
    found = (Estimate("recognised_share", share, n=len(set(evidence.labels.tolist()))),)
    if share >= WANTED:
        return Control(True, f"The target itself takes {share:.0%} of the claims for their class: the search worked.", found)
    sentence = f"The target itself takes only {share:.0%} of the claims for their class, so the search failed; raise its steps."
    return Control(False, sentence, found)
