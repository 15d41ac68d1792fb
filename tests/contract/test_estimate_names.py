"""Every number that a result holds is in the glossary under its name, within its limits, or has a reason."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from auditor.domain.finding import Estimate
from auditor.scoring import controls, epsilon, paired
from auditor.scoring.assess import Grading, assess
from auditor.scoring.confounding import BlindScores, against_blind
from auditor.scoring.mismatch import shadow_match
from auditor.scoring.subgroups import assess_subgroups
from auditor.scoring.triage import early_tail
from benchmarks.validation import worlds

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text().partition("## Estimates")[2]
SIDE = 600
GRADING = Grading(25.0, family_size=3)


def documented() -> set[str]:
    """Names in the first column of the table, without the rate or prior that they stand for."""
    cells = [line.split("|")[1] for line in GLOSSARY.splitlines() if line.startswith("| `")]
    return {name.partition("=")[0] for cell in cells for name in re.findall(r"`([^`]+)`", cell) if not name[0].isdigit()}


def membership() -> Iterator[Estimate]:
    rng = np.random.default_rng(1)
    is_member = worlds.halves(2 * SIDE, SIDE, rng)
    evidence, truth = worlds.evidence(is_member, 1.0, rng), worlds.truth(is_member)
    graded = assess(evidence, truth, GRADING)
    blind = BlindScores(np.arange(2 * SIDE), rng.standard_normal(2 * SIDE))
    yield from against_blind(evidence, truth, graded, blind, GRADING).estimates
    yield early_tail(evidence, is_member, GRADING)
    yield from epsilon.empirical(evidence, is_member, GRADING, 1e-5)
    yield from epsilon.lower_bound(evidence, is_member, GRADING, 1e-5)
    yield from paired.difference((evidence, evidence), paired.Terms(is_member), GRADING)
    yield from controls.negative(evidence, truth, GRADING).estimates
    yield from controls.pseudo_targets(evidence, truth, GRADING).estimates
    for group in assess_subgroups(evidence, is_member, {"half": rng.choice(["a", "b"], 2 * SIDE).astype(object)}, GRADING):
        yield from (*group.estimates, *filter(None, [group.difference]))
    signals = worlds.signals(2 * SIDE, 8, 0.0, rng)
    yield from shadow_match(signals.logits[0], signals, is_member).control.estimates


def attribute() -> Iterator[Estimate]:
    rng = np.random.default_rng(2)
    attack, imputed, truth = worlds.guesses(worlds.halves(SIDE, SIDE // 2, rng), 0.5, rng)
    yield from assess(attack, truth, GRADING, imputed).estimates
    yield from controls.attribute_negative(attack, imputed, truth, GRADING).estimates


def stealing() -> Iterator[Estimate]:
    rng = np.random.default_rng(3)
    copy, baseline, target = worlds.copies(SIDE, rng)
    yield from assess(copy, worlds.truth(worlds.halves(SIDE, SIDE // 2, rng), target=target), GRADING, baseline).estimates


@pytest.mark.parametrize("family", [membership, attribute, stealing], ids=lambda family: family.__name__)
def test_every_estimate_is_in_the_glossary(family) -> None:
    found = list(family())
    assert len(found) > 2
    assert {e.name.partition("=")[0] for e in found} <= documented()


@pytest.mark.parametrize("family", [membership, attribute, stealing], ids=lambda family: family.__name__)
def test_every_estimate_has_a_value_within_its_limits_or_a_reason(family) -> None:
    for estimate in family():
        if estimate.value is None:
            assert estimate.reason, estimate
            continue
        assert estimate.reason is None
        assert estimate.n > 0
        limits = [limit for limit in (estimate.low, estimate.high) if limit is not None]
        assert limits or estimate.name == "queries"  # a count has none
        assert np.isfinite([estimate.value, *limits]).all()
        assert estimate.low is None or estimate.low <= estimate.value
        assert estimate.high is None or estimate.value <= estimate.high


def test_what_rests_on_a_threshold_says_which() -> None:
    resting = [e for e in membership() if e.name.startswith(("tpr@", "ppv@", "advantage")) and e.value is not None]
    assert {e.threshold for e in resting} == {"calibrated", "oracle"}
