from typing import Any

import pytest

from auditor.report.verdict import answers_of, level_of, no_evidence, threat_of, verdict_of


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_a_breach_says_what_an_adversary_can_do_and_how_strongly(load: Any) -> None:
    verdict = verdict_of(load("breach"))
    assert verdict.outcome == "breach"
    assert verdict.headline == "An adversary can tell who was in the training data and copy the model"
    assert verdict.sentences[0] == (
        "Scores of 100, with intervals: lira 58 (53 to 62) and surrogate 54 (51 to 57); the policy's level is 25."
    )


def test_each_ability_is_said_with_its_own_threat_model(load: Any) -> None:
    first, second = verdict_of(load("breach")).premises
    assert first.startswith("To tell who was in the training data: an adversary who sees the predicted probabilities, has the full")
    assert (
        second == "To copy the model: an adversary who sees the predicted probabilities and has records from the same population."
    )


def test_a_single_ability_needs_no_more_than_its_threat_model(load: Any) -> None:
    result = load("breach")
    result["findings"] = [f for f in result["findings"] if f["family"] == "membership"]
    verdict = verdict_of(result)
    assert verdict.headline == "An adversary can tell who was in the training data"
    assert [p.split(",")[0] for p in verdict.premises] == ["An adversary who sees the predicted probabilities"]


def test_a_breach_of_a_new_family_is_said_in_its_name(load: Any) -> None:
    result = load("breach")
    result["findings"] = [{**result["findings"][0], "family": "robustness"}]
    assert verdict_of(result).headline == "An adversary can succeed with robustness"


def test_a_pass_says_which_attack_came_closest(load: Any) -> None:
    (premise,) = verdict_of(load("pass")).premises
    assert premise.startswith("Closest to the level came attribute: an adversary who")


def test_a_pass_claims_no_more_than_was_measured(load: Any) -> None:
    sentence = plain(verdict_of(load("pass")).sentences[0])
    assert (
        sentence
        == "No evidence above score 14 of 100, at 95 % confidence, with attacks rmia, lira, loss-threshold, gap and attribute."
    )


def test_a_pass_says_what_was_not_tried(load: Any) -> None:
    result = load("pass")
    assert "not tried" not in " ".join(verdict_of(result).sentences)
    result["findings"] = [f for f in result["findings"] if f["family"] == "membership"]
    assert verdict_of(result).sentences[1] == "It was not tried whether someone can recover people's values or copy the model."


def test_a_pass_with_shadow_models_of_another_kind_says_so_at_once(load: Any) -> None:
    result = load("pass")
    doubt = "The shadow models do not answer like the target (KS distance 0.236): a leak may be missed."
    for finding in result["findings"][:2]:
        finding["caveats"] = ["Something else.", doubt]
    assert verdict_of(result).sentences.count(doubt) == 1


def test_what_did_not_run_stands_beside_the_verdict(load: Any) -> None:
    assert verdict_of(load("breach")).sentences[-1] == "1 attack did not run; the reasons are below."
    assert "did not run" not in " ".join(verdict_of(load("pass")).sentences)


def test_inconclusive_is_not_a_pass(load: Any) -> None:
    verdict = verdict_of(load("inconclusive"))
    assert verdict.headline == "This audit cannot tell"
    assert "That is not a pass." in verdict.sentences[0]


def test_when_nothing_ran_nothing_was_measured(load: Any) -> None:
    assert verdict_of(load("nothing-run")).headline == "Nothing could be measured"


def test_a_failed_audit_says_why_and_nothing_about_the_model(load: Any) -> None:
    verdict = verdict_of(load("failed"))
    assert verdict.outcome == "failed"
    assert "says nothing about the model" in verdict.headline
    assert verdict.sentences == (load("failed")["audit"]["reason"],)


@pytest.mark.parametrize(("status", "word"), [("cancelled", "cancelled"), ("running", "still running")])
def test_an_audit_that_did_not_end_has_no_verdict(load: Any, status: str, word: str) -> None:
    result = load("breach")
    result["audit"]["status"] = status
    verdict = verdict_of(result)
    assert verdict.outcome == status
    assert word in verdict.headline


def test_each_question_is_answered_once(load: Any) -> None:
    answers = {a.family: a for a in answers_of(load("breach"))}
    assert {f: a.short for f, a in answers.items()} == {"membership": "Yes", "inversion": "Cannot tell", "stealing": "Yes"}
    assert answers["membership"].words.startswith("The attack lira scores at least 53 of 100 (high). Of a member and a stranger")


def test_levels_that_differ_are_said_with_each_score(load: Any) -> None:
    result = load("breach")
    result["method"]["policy"]["levels"] |= {"membership": 10.0}
    told = "Scores of 100, with intervals: lira 58 (53 to 62, level 10) and surrogate 54 (51 to 57, level 25)."
    assert verdict_of(result).sentences[0] == told


def test_one_breach_answers_yes_although_weaker_attacks_passed(load: Any) -> None:
    result = load("breach")
    assert any(f["outcome"] == "pass" and f["family"] == "membership" for f in result["findings"])
    assert next(a for a in answers_of(result) if a.family == "membership").outcome == "breach"


def test_a_family_without_a_level_is_reported_and_decides_nothing(load: Any) -> None:
    answer = next(a for a in answers_of(load("pass")) if a.family == "stealing")
    assert (answer.outcome, answer.short) == ("reported", "Reported")
    assert "The policy sets no level." in answer.words


def test_a_question_that_was_not_asked_says_why(load: Any) -> None:
    result = load("inconclusive")
    result["not_run"][0]["family"] = "stealing"
    answer = next(a for a in answers_of(result) if a.family == "stealing")
    assert answer.short == "Not tried"
    assert answer.words == "Needs at least 1,500 auxiliary records; 640 are left."


def test_a_question_that_was_not_part_of_the_audit_says_so(load: Any) -> None:
    answer = next(a for a in answers_of(load("inconclusive")) if a.family == "inversion")
    assert answer.words == "No attack of this kind was part of the audit."


def test_a_new_family_gets_a_question_of_its_own(load: Any) -> None:
    result = load("pass")
    result["findings"][0]["family"] = "robustness"
    assert "robustness" in [a.family for a in answers_of(result)]


def test_no_evidence_uses_the_widest_limit_of_all(load: Any) -> None:
    findings = [f for f in load("pass")["findings"] if f["family"] == "membership"]
    assert "above score 10 " in no_evidence(findings)
    assert plain(no_evidence(findings[:1])).endswith("with attack rmia.")


def test_the_level_comes_from_the_result_or_is_not_told(load: Any) -> None:
    assert level_of(load("breach"), "membership") == 25
    assert level_of(load("pass"), "stealing") is None
    assert level_of(load("failed"), "membership") is None


def test_a_threat_model_without_words_is_told_in_its_terms() -> None:
    model = {"sees": "labels", "knows": ["true_label", "candidates"]}
    assert threat_of({"threat_model": model}) == "An adversary who sees labels and knows true label, candidates."
    assert threat_of({}) == "An adversary who sees the answers."
