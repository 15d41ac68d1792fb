import numpy as np
import pytest
from scoring_world import copies, guesses, normal, scores, sides, tail_only, truth_of

from auditor.domain.evidence import Evidence
from auditor.errors import AttackFailed
from auditor.scoring.assess import Assessment, Grading, Truth, assess
from auditor.scoring.holm import assess_family

IS_MEMBER = sides(1_000, 1_200)
TRUTH = truth_of(IS_MEMBER)


def family(*evidence: Evidence) -> list[tuple[Evidence, Evidence | None, Truth]]:
    return [(e, None, TRUTH) for e in evidence]


def alone(evidence: Evidence, size: int, level: float | None = 25.0) -> Assessment:
    return assess(evidence, TRUTH, Grading(level, size))


WEAK = scores(IS_MEMBER, normal(0.1), seed=1)
SILENT = scores(IS_MEMBER, normal(0.0), seed=2)
LEAKY = scores(IS_MEMBER, normal(1.0), seed=3)
TAILED = scores(IS_MEMBER, tail_only(0.3), seed=4)


def test_an_attack_alone_keeps_the_whole_error() -> None:
    (found,) = assess_family(family(LEAKY), Grading(25.0))

    assert found.score_low == alone(LEAKY, 1).score_low
    assert {e.low_simultaneous for e in found.estimates} == {None}


def test_an_empty_family_has_no_assessment() -> None:
    assert assess_family([], Grading(25.0)) == []


def test_where_nothing_decides_all_share_the_error() -> None:
    found = assess_family(family(WEAK, SILENT), Grading(25.0))

    assert [a.score_low for a in found] == [alone(e, 2).score_low for e in (WEAK, SILENT)]
    assert [a.score_high for a in found] == [alone(e, 2).score_high for e in (WEAK, SILENT)]


def test_those_that_decide_are_set_apart_and_the_rest_share_again() -> None:
    found = assess_family(family(WEAK, LEAKY, SILENT, TAILED), Grading(25.0))

    assert found[1].score_low == alone(LEAKY, 4).score_low
    assert found[3].score_low == alone(TAILED, 4).score_low
    assert found[0].score_high == alone(WEAK, 2).score_high
    assert found[2].score_high == alone(SILENT, 2).score_high


def test_a_second_attack_may_decide_only_after_the_first_stepped_aside() -> None:
    borderline = scores(IS_MEMBER, normal(0.6), seed=5)
    strict, lenient = (alone(borderline, size).score_low for size in (2, 1))
    assert strict is not None
    assert lenient is not None
    level = (strict + lenient) / 2

    found = assess_family(family(LEAKY, borderline), Grading(level))

    assert found[1].score_low == lenient
    assert lenient > level > strict


def test_all_attacks_may_decide_in_the_first_round() -> None:
    found = assess_family(family(LEAKY, TAILED), Grading(25.0))

    assert [a.score_low for a in found] == [alone(e, 2).score_low for e in (LEAKY, TAILED)]


def test_without_a_level_nobody_steps_aside() -> None:
    found = assess_family(family(LEAKY, SILENT), Grading(None))

    assert [a.score_low for a in found] == [alone(e, 2, None).score_low for e in (LEAKY, SILENT)]


def test_the_order_of_the_family_does_not_matter() -> None:
    one = assess_family(family(WEAK, LEAKY, TAILED), Grading(25.0))
    other = assess_family(family(TAILED, LEAKY, WEAK), Grading(25.0))

    assert [a.score_low for a in one] == [a.score_low for a in reversed(other)]


def test_the_share_of_a_look_is_kept_in_every_round() -> None:
    found = assess_family(family(LEAKY, SILENT), Grading(25.0, look_share=1 / 3))

    assert found[1].score_high == assess(SILENT, TRUTH, Grading(25.0, 1, look_share=1 / 3)).score_high


def test_printed_intervals_are_those_of_an_attack_alone() -> None:
    found = assess_family(family(WEAK, SILENT, LEAKY), Grading(25.0))

    for assessment, evidence in zip(found, (WEAK, SILENT, LEAKY), strict=True):
        printed = [(e.name, e.low, e.high) for e in assessment.estimates]
        assert printed == [(e.name, e.low, e.high) for e in alone(evidence, 1).estimates]


def test_attacks_on_several_attributes_bring_their_own_truth_and_baseline() -> None:
    cases: list[tuple[Evidence, Evidence | None, Truth]] = []
    for seed, lean in ((1, 50.0), (2, 0.0)):
        attack, imputed, truth = guesses(sides(400, 400), lean, seed=seed)
        cases.append((attack, imputed, truth))

    leaky, silent = assess_family(cases, Grading(25.0))

    assert leaky.score_low is not None
    assert leaky.score_low > 50.0
    assert silent.score_low == 0.0


def test_a_case_that_cannot_be_graded_is_said() -> None:
    evidence, target, _ = copies({10: 0.9})

    with pytest.raises(AttackFailed):
        assess_family([(evidence, None, truth_of(IS_MEMBER, target_labels=np.asarray(target)))], Grading(25.0))


def test_a_first_round_that_is_known_is_not_graded_again() -> None:
    """The same result, and what is given is what is used: a wrong first round shows."""
    cases, terms = family(WEAK, LEAKY, SILENT), Grading(25.0)
    first = [alone(e, 3) for e in (WEAK, LEAKY, SILENT)]
    given, graded = assess_family(cases, terms, first), assess_family(cases, terms)
    assert [(a.score_low, a.score_high, a.estimates) for a in given] == [(a.score_low, a.score_high, a.estimates) for a in graded]
    assert assess_family(cases, terms, [alone(e, 3) for e in (SILENT, SILENT, SILENT)])[1].score == alone(SILENT, 3).score
