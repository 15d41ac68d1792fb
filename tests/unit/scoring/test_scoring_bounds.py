"""Whatever the scores of an attack are: limits surround the score, everything lies between 0 and 100, and no figure is made up."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_world import truth_of

from auditor.domain.evidence import MembershipScores
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.validity import BlindScores, against_blind

SIDES = st.sampled_from([2, 3, 50, 499, 500])
briefly = settings(deadline=None, max_examples=25)


@st.composite
def audits(draw: st.DrawFn) -> tuple[MembershipScores, np.ndarray, int]:
    """Few or many records, scores on any grid (from constant to all different), any leak, target and shadows alike or not."""
    members, others, seed = draw(SIDES), draw(SIDES), draw(st.integers(0, 2**16))
    rng, n = np.random.default_rng(seed), members + others
    is_member = rng.permutation(n) < members
    masks = rng.random((draw(st.integers(0, 3)), n)) < 0.5
    step, gain, apart = (
        draw(st.sampled_from([0.0, 0.01, 0.5, 50.0])),
        draw(st.sampled_from([-2, 0, 0.3, 30])),
        draw(st.floats(-3, 3)),
    )

    def shown(inside: np.ndarray, shift: float) -> Any:
        raw = rng.standard_normal(inside.shape) + gain * inside + shift
        return raw if step == 0 else step * np.round(raw / step)

    return MembershipScores(shown(is_member, apart), shown(masks, 0.0), masks), is_member, seed


def bounded(found: Assessment) -> bool:
    if found.score is None or found.score_low is None or found.score_high is None:
        return False
    return 0.0 <= found.score_low <= found.score <= found.score_high <= 100.0


@briefly
@given(audits(), st.sampled_from([1, 6, 18]))
def test_limits_surround_the_score_of_any_evidence(audit: Any, family: int) -> None:
    evidence, is_member, _ = audit
    found = assess(evidence, truth_of(is_member), Grading(25.0, family))

    assert bounded(found)
    for estimate in found.estimates:
        assert estimate.value is None or (estimate.low or 0.0) - 1e-9 <= estimate.value <= (estimate.high or 0.0) + 1e-9


@briefly
@given(audits())
def test_sharing_the_error_never_makes_an_interval_narrower(audit: Any) -> None:
    evidence, is_member, _ = audit
    alone, shared = (assess(evidence, truth_of(is_member), Grading(25.0, family)) for family in (1, 6))

    assert (shared.score_low or 0.0) <= (alone.score_low or 0.0)
    assert (shared.score_high or 0.0) >= (alone.score_high or 0.0)


@briefly
@given(audits())
def test_limits_surround_what_is_found_beyond_a_blind_classifier(audit: Any) -> None:
    evidence, is_member, seed = audit
    truth, grading, n = truth_of(is_member), Grading(25.0, seed=seed), len(is_member)
    rival = BlindScores(np.arange(n), np.random.default_rng(seed).standard_normal(n) + is_member)

    assert bounded(against_blind(evidence, truth, assess(evidence, truth, grading), rival, grading))
