from typing import Any

import pytest

from auditor.report.findings import KEYS
from auditor.report.verdict import answers_of, verdict_of
from auditor.report.weight import RESTS_ON_TAIL, by_family, ordered, set_aside, telling
from auditor.scoring import membership
from auditor.scoring.score import is_blind


def finding(attack: str, outcome: str, *failed: str, **more: Any) -> dict[str, Any]:
    controls = {name: {"passed": name not in failed, "sentence": "s"} for name in ("lookup_twin", "negative", "blind_baseline")}
    controls["pseudo_targets"] = {"passed": None, "sentence": "s"}
    kept = {"attack": attack, "family": "membership", "outcome": outcome, "controls": controls, "estimates": [], "severity": "none"}
    return {**kept, "score": 5, "score_low": 0, "score_high": 9, **more}


def names(findings: list[Any]) -> list[str]:
    return [f["attack"] for f in findings]


BLIND = finding("gap", "inconclusive", "lookup_twin")
CONFOUNDED = finding("lira", "inconclusive", "lookup_twin", "blind_baseline")
UNSETTLED = finding("rmia", "inconclusive")
PASSED = finding("stacked", "pass")


def test_a_blind_attack_is_set_aside_only_while_another_decides() -> None:
    assert names(set_aside([BLIND, PASSED])) == ["gap"]
    assert set_aside([BLIND, UNSETTLED]) == []
    assert set_aside([CONFOUNDED, PASSED]) == []


@pytest.mark.parametrize("one", [BLIND, CONFOUNDED, UNSETTLED], ids=names([BLIND, CONFOUNDED, UNSETTLED]))
def test_it_is_the_rule_by_which_audits_are_judged(one: dict[str, Any]) -> None:
    assert (set_aside([one, PASSED]) == [one]) is is_blind(one)


def test_what_is_set_aside_comes_last_and_is_no_headline() -> None:
    breach = finding("proxy", "breach", score_low=30)
    assert names(ordered([BLIND, PASSED, UNSETTLED, breach])) == ["proxy", "rmia", "stacked", "gap"]


def test_families_come_by_their_first_finding() -> None:
    stolen = {**finding("surrogate", "breach", score_low=40), "family": "stealing"}
    assert list(by_family({"findings": [PASSED, stolen]})) == ["stealing", "membership"]


def test_a_family_is_answered_by_the_attacks_that_can_see() -> None:
    audit = {"name": "n", "status": "completed", "outcome": "pass", "score": 5, "severity": "none"}
    answer = answers_of({"audit": audit, "findings": [BLIND, PASSED]})[0]
    assert (answer.outcome, answer.short) == ("pass", "Not shown")
    assert answer.words.endswith("gap saw nothing of a target that remembers, and was set aside.")
    assert answers_of({"audit": audit, "findings": [BLIND, UNSETTLED]})[0].short == "Cannot tell"


def test_an_audit_that_is_open_for_want_of_an_attack_says_which_question_is_open() -> None:
    audit = {"name": "n", "status": "completed", "outcome": "inconclusive", "score": None, "severity": None}
    missing = [{"attack": "surrogate", "family": "stealing", "reason": "r"}]
    verdict = verdict_of({"audit": audit, "findings": [BLIND, PASSED], "not_run": missing})
    assert verdict.sentences[0] == "No attack could run that would show whether someone can copy the model. That is not a pass."
    unsettled = verdict_of({"audit": audit, "findings": [UNSETTLED, BLIND]})
    told = (
        "Lookup twin failed for gap. The interval of rmia (0 to 9) holds the policy's level; more records make it narrower. "
        "That is not a pass."
    )
    assert unsettled.sentences[0] == told


def test_where_the_tail_made_the_score_the_tail_is_told_first() -> None:
    found = {
        "caveats": ["Read this.", f"{RESTS_ON_TAIL}: 4.0 % of members found."],
        "estimates": [
            {"name": "auc", "value": 0.6},
            {"name": "tpr@fpr=0.01", "value": 0.05, "threshold": "oracle"},
            {"name": "tpr@fpr=0.01", "value": 0.04, "threshold": "calibrated"},
            {"name": "tpr@fpr=0.001", "value": None, "reason": "needs more"},
        ],
    }
    listed = ("auc", "tpr@fpr=0.001", "tpr@fpr=0.01")
    assert [(e["name"], e["value"]) for e in telling(found, listed)] == [("tpr@fpr=0.01", 0.04), ("auc", 0.6)]
    assert telling({**found, "caveats": []}, listed)[0]["name"] == "auc"
    tied = [{"name": "tpr@fpr=0.001", "value": 0.0, "threshold": "calibrated"}, *found["estimates"][:3]]
    assert [e["name"] for e in telling({**found, "estimates": tied}, listed)] == ["tpr@fpr=0.01", "auc", "tpr@fpr=0.001"]
    assert membership.RESTS_ON_TAIL == RESTS_ON_TAIL


def test_a_rate_that_ties_kept_from_being_reached_leads_nothing() -> None:
    """The score may rest on the tail at the strictest threshold there is, while nothing is found at the rate of the headline."""
    estimates = [{"name": "auc", "value": 0.6}, {"name": "tpr@fpr=0.001", "value": 0.0}, {"name": "tpr@fpr=0.01", "value": 0.09}]
    found = {"caveats": [f"{RESTS_ON_TAIL}: 3.5 % of members found."], "estimates": estimates}
    listed = ("auc", "tpr@fpr=0.001", "tpr@fpr=0.01")
    assert [e["name"] for e in telling(found, listed)] == ["tpr@fpr=0.01", "auc", "tpr@fpr=0.001"]


def test_the_figure_that_made_the_score_of_canaries_is_told_first() -> None:
    found = {"caveats": ["2.0 bits. The score rests on all canaries together."]}
    found |= {"estimates": [{"name": "memorised_share", "value": 0.0}, {"name": "exposure", "value": 2.0}]}
    assert telling(found, KEYS["inversion"])[0]["name"] == "exposure"
