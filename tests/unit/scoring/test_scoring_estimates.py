import json

import numpy as np
import pytest
from scoring_world import constant, lookup, normal, scores, sides, tail_only
from sklearn.metrics import roc_auc_score

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.scoring import estimates
from auditor.scoring.grading import Grading
from auditor.scoring.thresholds import CALIBRATED, ORACLE

GRADING = Grading(25.0)
LARGE = sides(2_000, 6_000)
MIDDLE = sides(1_000, 2_100)
SMALL = sides(100, 120)


def named(found: tuple[Estimate, ...], name: str, threshold: str | None = None) -> Estimate:
    return next(e for e in found if e.name == name and e.threshold == threshold)


def test_every_estimate_of_a_large_audit_has_its_name_and_threshold() -> None:
    found = estimates.membership(scores(LARGE, normal(1)), LARGE, GRADING)

    assert [(e.name, e.threshold) for e in found] == [
        ("auc", None),
        ("advantage", CALIBRATED),
        ("advantage", ORACLE),
        ("tpr@fpr=0.01", CALIBRATED),
        ("tpr@fpr=0.01", ORACLE),
        ("tpr@fpr=0.001", CALIBRATED),
        ("tpr@fpr=0.001", ORACLE),
        ("ppv@prior=0.5", CALIBRATED),
        ("ppv@prior=0.1", CALIBRATED),
        ("ppv@prior=0.01", CALIBRATED),
    ]


def test_no_number_comes_without_its_interval_and_n() -> None:
    for estimate in estimates.membership(scores(LARGE, normal(1)), LARGE, GRADING):
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.value is not None
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.n > 0
        assert estimate.confidence == 0.95


def test_auc_is_that_of_the_scores() -> None:
    evidence = scores(MIDDLE, normal(0.5))

    found = estimates.auc(evidence, MIDDLE, GRADING)

    assert found.value == pytest.approx(roc_auc_score(MIDDLE, evidence.target))
    assert found.n == 3_100


def test_too_few_non_members_are_a_reason_and_not_a_number() -> None:
    found = estimates.membership(scores(MIDDLE, normal(1)), MIDDLE, GRADING)

    refused = named(found, "tpr@fpr=0.001")
    assert refused.as_json() == {
        "name": "tpr@fpr=0.001",
        "value": None,
        "reason": "needs at least 5,000 non-members; 2,100 are left",
    }
    assert named(found, "tpr@fpr=0.01", CALIBRATED).value is not None


def test_below_500_non_members_only_auc_and_advantage_are_numbers() -> None:
    found = estimates.membership(scores(SMALL, normal(1)), SMALL, GRADING)

    assert {e.name for e in found if e.value is not None} == {"auc", "advantage"}
    assert {e.reason for e in found if e.name.startswith(("ppv", "tpr@fpr=0.01"))} >= {
        "needs at least 500 non-members; 120 are left"
    }


def test_tpr_counts_members_and_carries_the_realised_rate() -> None:
    found = estimates.tpr(scores(LARGE, tail_only(0.2)), LARGE, 0.001, GRADING)

    calibrated, oracle = found
    assert calibrated.n == oracle.n == 2_000
    assert calibrated.value == pytest.approx(0.2, abs=0.03)
    assert oracle.realised_fpr is not None
    assert oracle.realised_fpr[1] == 0.001
    assert calibrated.realised_fpr is not None
    assert calibrated.realised_fpr[0] <= calibrated.realised_fpr[1] <= calibrated.realised_fpr[2]


def test_without_pseudo_targets_every_threshold_is_the_oracle() -> None:
    found = estimates.membership(scores(LARGE, normal(1), pseudo=0), LARGE, GRADING)

    assert {e.threshold for e in found} == {None, ORACLE}


def test_ppv_is_the_formula_at_the_headline_threshold() -> None:
    evidence = scores(LARGE, normal(1.5))
    found = estimates.membership(evidence, LARGE, GRADING)
    tpr = named(found, "tpr@fpr=0.001", CALIBRATED)
    assert tpr.realised_fpr is not None
    assert tpr.value is not None

    for prior in (0.5, 0.1, 0.01):
        ppv = named(found, f"ppv@prior={prior:g}", CALIBRATED)
        expected = prior * tpr.value / (prior * tpr.value + (1 - prior) * tpr.realised_fpr[1])
        assert ppv.value == pytest.approx(expected)


def test_ppv_falls_with_the_prior() -> None:
    found = estimates.membership(scores(LARGE, normal(1.5)), LARGE, GRADING)
    values = [named(found, f"ppv@prior={p}", CALIBRATED).value or 0.0 for p in (0.5, 0.1, 0.01)]

    assert values[0] > values[1] > values[2]


def test_nobody_called_a_member_has_no_ppv() -> None:
    found = estimates.ppv(scores(LARGE, constant), LARGE, GRADING)

    assert [e.value for e in found] == [None] * 3
    assert {e.reason for e in found} == {"no record is called a member at this threshold"}


def test_ppv_uses_the_one_percent_threshold_in_a_middle_sized_audit() -> None:
    evidence = scores(MIDDLE, normal(1))
    at = named(estimates.membership(evidence, MIDDLE, GRADING), "tpr@fpr=0.01", CALIBRATED)
    assert at.value is not None
    assert at.realised_fpr is not None

    assert estimates.ppv(evidence, MIDDLE, GRADING)[0].value == pytest.approx(at.value / (at.value + at.realised_fpr[1]))


def test_oracle_advantage_is_the_largest_gain_and_calibrated_never_exceeds_it() -> None:
    evidence = scores(MIDDLE, normal(1))

    calibrated, oracle = estimates.advantage(evidence, MIDDLE, GRADING)

    steps = np.unique(evidence.target)
    gains = [(evidence.target[MIDDLE] >= t).mean() - (evidence.target[~MIDDLE] >= t).mean() for t in steps[::10]]
    assert oracle.value is not None
    assert calibrated.value is not None
    assert oracle.value >= max(gains)
    assert calibrated.value <= oracle.value


def test_a_known_advantage_lies_in_both_intervals() -> None:
    for found in estimates.advantage(scores(LARGE, normal(1)), LARGE, GRADING):
        assert (found.low or 0) < 0.3829 < (found.high or 0)


def test_the_limits_of_the_oracle_advantage_reach_down_to_nothing_where_there_is_nothing() -> None:
    found = estimates.advantage(scores(MIDDLE, normal(0), pseudo=0), MIDDLE, GRADING)[0]

    assert found.value is not None
    assert found.value > 0.0
    assert found.low is not None
    assert found.low < 0.0


def test_a_lookup_has_every_figure_at_its_best() -> None:
    found = estimates.membership(scores(LARGE, lookup), LARGE, GRADING)

    assert {e.value for e in found} == {1.0}
    assert all(e.low is not None and 0.9 < e.low < 1.0 for e in found)


def test_a_family_of_attacks_adds_a_wider_lower_limit_and_keeps_the_printed_one() -> None:
    evidence = scores(LARGE, normal(1))
    alone = estimates.membership(evidence, LARGE, GRADING)
    shared = estimates.membership(evidence, LARGE, Grading(25.0, family_size=4))

    assert [(e.low, e.high) for e in alone] == [(e.low, e.high) for e in shared]
    assert {e.low_simultaneous for e in alone} == {None}
    marked = [e for e in shared if e.low_simultaneous is not None]
    assert [(e.name, e.threshold) for e in marked] == [("auc", None), ("tpr@fpr=0.01", CALIBRATED), ("tpr@fpr=0.001", CALIBRATED)]
    assert all(e.low_simultaneous < e.low for e in marked if e.low is not None and e.low_simultaneous is not None)


def test_a_share_of_the_looks_does_so_too() -> None:
    found = estimates.auc(scores(MIDDLE, normal(1)), MIDDLE, Grading(25.0, look_share=1 / 3))

    assert found.low_simultaneous is not None
    assert found.low is not None
    assert found.low_simultaneous < found.low


@pytest.mark.parametrize("signal", [normal(1), lookup, constant])
def test_estimates_are_plain_json(signal) -> None:
    found = estimates.membership(scores(MIDDLE, signal), MIDDLE, Grading(25.0, family_size=3))

    text = json.dumps([e.as_json() for e in found], allow_nan=False)

    assert json.loads(text)[0]["name"] == "auc"


def test_the_order_of_records_does_not_matter() -> None:
    evidence = scores(MIDDLE, normal(1))
    order = np.random.default_rng(5).permutation(len(MIDDLE))
    turned = MembershipScores(evidence.target[order], evidence.pseudo_targets[:, order], evidence.membership[:, order])

    one, other = (estimates.membership(e, m, GRADING) for e, m in ((evidence, MIDDLE), (turned, MIDDLE[order])))

    fixed = [place for place, e in enumerate(one) if (e.name, e.threshold) != ("advantage", ORACLE)]
    assert [one[i].as_json() for i in fixed] == [other[i].as_json() for i in fixed]


def test_the_same_seed_gives_the_same_figures() -> None:
    evidence = scores(MIDDLE, normal(1), pseudo=0)

    assert estimates.membership(evidence, MIDDLE, Grading(None, seed=3)) == estimates.membership(
        evidence, MIDDLE, Grading(None, seed=3)
    )


def test_other_confidence_is_kept_with_the_figure() -> None:
    found = estimates.auc(scores(MIDDLE, normal(1)), MIDDLE, Grading(25.0, confidence=0.9))

    assert found.confidence == 0.9
