"""The names in results are an interface: each stands in the glossary."""

import re
from pathlib import Path

import numpy as np
import pytest
from scoring_world import copies, guesses, lookup, normal, scores, sides, truth_of

from auditor.domain.finding import Estimate
from auditor.scoring import controls, score
from auditor.scoring.assess import Grading, assess
from auditor.scoring.validity import BlindScores, against_blind

DOCS = Path(__file__).parents[3] / "docs"
GRADING = Grading(25.0)


def membership() -> tuple[Estimate, ...]:
    is_member = sides(600, 700)
    evidence, truth = scores(is_member, lookup), truth_of(is_member)
    plain = assess(evidence, truth, GRADING)
    blind = BlindScores(np.arange(1_300), normal(0.0)(is_member, np.random.default_rng(1)))
    corrected = against_blind(evidence, truth, plain, blind, GRADING)
    return (*corrected.estimates, *controls.pseudo_targets(evidence, truth, GRADING).estimates)


def attribute() -> tuple[Estimate, ...]:
    attack, imputed, truth = guesses(sides(100, 100), 1.0)
    negative = controls.attribute_negative(attack, imputed, truth, GRADING)
    return (*assess(attack, truth, GRADING, imputed).estimates, *negative.estimates)


def stealing() -> tuple[Estimate, ...]:
    evidence, target, _ = copies({10: 0.9}, records=200)
    return assess(evidence, truth_of(sides(100, 100), target_labels=target), GRADING, copies({0: 0.5}, records=200)[0]).estimates


@pytest.mark.parametrize("graded", [membership, attribute, stealing])
def test_every_estimate_stands_in_the_glossary(graded) -> None:
    rows = [line for line in (DOCS / "glossary.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    known = set(re.findall(r"`([^`]+)`", " ".join(line.split("|")[1] for line in rows)))
    prefixed = known | {f"ppv@prior={p}" for p in ("0.1", "0.01")}

    assert {e.name for e in graded()} <= prefixed


def test_the_page_about_the_score_has_the_levels_of_the_code() -> None:
    page = (DOCS / "score.md").read_text(encoding="utf-8")

    for level, severity in score.LEVELS:
        assert f"{level:.0f}" in page
        assert str(severity) in page
