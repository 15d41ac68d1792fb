"""A claimed epsilon is answered in one of three ways, in a sentence that says what was assumed and what could have been seen."""

import pytest

from auditor.domain.finding import Estimate
from auditor.scoring import epsilon

SPLIT, CANARIES = "empirical_epsilon", "epsilon_lower_bound"


def found(name: str, method: str, low: float, shared: float | None = None) -> Estimate:
    return Estimate(name, low, low, n=2_000, low_simultaneous=shared, ceiling=5.6, method=method)


def test_canaries_above_the_claim_violate_it() -> None:
    verdict, sentence = epsilon.answer([found(CANARIES, "one-run", 2.3, 2.1)], 1.0, 1e-5, True)
    assert verdict == "violated at 95 %"
    assert sentence == (
        "The training is claimed to keep epsilon 1.00 at delta 1e-5; the audit shows at least 2.10 (by the guesses of one training "
        "run, 95 % over all attacks and methods). 2,000 records can show at most 5.60 to one attack alone."
    )


def test_a_split_audit_never_says_violated() -> None:
    verdict, sentence = epsilon.answer([found(SPLIT, "clopper-pearson", 5.0, 4.9)], 1.0, 1e-5, False)
    assert verdict == "higher than claimed under the stated assumption"
    assert "assumes exchangeable inclusion" in sentence


def test_a_gaussian_figure_never_says_violated_either() -> None:
    estimates = [found(CANARIES, "one-run", 0.9, 0.8), found(CANARIES, "one-run f-dp (gaussian)", 2.0, 1.9)]
    verdict, sentence = epsilon.answer(estimates, 1.0, 1e-5, True)
    assert verdict == "higher than claimed under the stated assumption"
    assert "assumes Gaussian noise" in sentence


def test_the_answer_rests_on_the_fewest_assumptions_that_carry_it() -> None:
    estimates = [found(SPLIT, "gaussian-dp", 9.0, 8.9), found(SPLIT, "clopper-pearson", 2.0, 1.9)]
    assert "1.90 (by Clopper-Pearson limits" in epsilon.answer(estimates, 1.0, 1e-5, False)[1]
    assert "8.90 (by a Gaussian trade-off" in epsilon.answer(estimates, 4.0, 1e-5, False)[1]
    assert "1.90 (by Clopper-Pearson limits" in epsilon.answer(estimates, 20.0, 1e-5, False)[1]


def test_an_answer_by_gaussian_noise_alone_tells_what_is_left_without_it() -> None:
    estimates = [found(SPLIT, "gaussian-dp", 9.0, 8.9), found(SPLIT, "clopper-pearson", 2.0, 1.9)]
    without = "; without assuming Gaussian noise it shows at least 1.90, which is within the claim of 4.00."
    assert without in epsilon.answer(estimates, 4.0, 1e-5, False)[1]
    assert "without assuming" not in epsilon.answer(estimates, 1.0, 1e-5, False)[1]
    assert "without assuming" not in epsilon.answer(estimates[:1], 4.0, 1e-5, False)[1]


def test_the_verdict_stands_beside_the_sentence_and_not_in_it() -> None:
    for claimed in (1.0, 20.0):
        verdict, sentence = epsilon.answer([found(SPLIT, "clopper-pearson", 2.0, 1.9)], claimed, 1e-5, False)
        assert verdict not in sentence


def test_the_best_of_several_attacks_counts() -> None:
    estimates = [found(SPLIT, "clopper-pearson", low, low) for low in (0.0, 2.5, 1.0)]
    assert "at least 2.50" in epsilon.answer(estimates, 1.0, 1e-5, False)[1]


def test_what_is_printed_does_not_decide_where_the_error_is_shared() -> None:
    assert epsilon.answer([found(CANARIES, "one-run", 1.2, 0.9)], 1.0, 1e-5, True)[0] == "not refuted"
    assert epsilon.answer([found(CANARIES, "one-run", 1.2)], 1.0, 1e-5, True)[0] == "violated at 95 %"


@pytest.mark.parametrize("method", ["joint-bayesian (credible)", "jeffreys (credible)"])
def test_credible_figures_decide_nothing(method: str) -> None:
    verdict, sentence = epsilon.answer([found(SPLIT, method, 9.0)], 1.0, 1e-5, False)
    assert verdict == "not refuted"
    assert "no attack measured epsilon" in sentence


def test_a_claim_at_the_bound_is_not_refuted() -> None:
    assert epsilon.answer([found(CANARIES, "one-run", 1.0, 1.0)], 1.0, 1e-5, True)[0] == "not refuted"


def test_a_claim_beyond_the_ceiling_could_not_have_been_refuted_and_the_sentence_says_so() -> None:
    verdict, sentence = epsilon.answer([found(SPLIT, "clopper-pearson", 0.2, 0.1)], 8.0, 1e-5, False)
    assert verdict == "not refuted"
    assert sentence.endswith(
        "2,000 records can show at most 5.60 to one attack alone, so a claim of 8.00 could not have been refuted."
    )


def test_estimates_of_the_other_kind_of_audit_are_left_aside() -> None:
    assert epsilon.answer([found(CANARIES, "one-run", 9.0, 9.0)], 1.0, 1e-5, False)[0] == "not refuted"
    assert epsilon.answer([found(SPLIT, "clopper-pearson", 9.0, 9.0)], 1.0, 1e-5, True)[0] == "not refuted"


@pytest.mark.parametrize("estimates", [[], [Estimate(SPLIT, reason="needs at least 10 members and 10 non-members")]])
def test_nothing_measured_refutes_nothing(estimates: list[Estimate]) -> None:
    verdict, sentence = epsilon.answer(estimates, 1.0, 1e-5, False)
    assert verdict == "not refuted"
    assert ("needs at least 10 members" in sentence) == bool(estimates)


def test_less_confidence_than_the_word_promises_is_no_violation() -> None:
    weak = Estimate(CANARIES, 9.0, 9.0, confidence=0.8, n=100, ceiling=12.0, method="one-run")
    assert epsilon.answer([weak], 1.0, 1e-5, True)[0] == "higher than claimed under the stated assumption"


def test_caveats_name_the_assumption() -> None:
    assert "assumes exchangeable inclusion" in epsilon.caveats(False)[0]
    assert "coin" in epsilon.caveats(True)[0]
