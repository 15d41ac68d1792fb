"""Privacy loss, cost, triage and the definition of the score."""

import math
from typing import Any

import pytest

from auditor.report.costs import cost_of
from auditor.report.definition import CURRENT, DEFINITIONS, definition_of
from auditor.report.privacy import COINS, EXCHANGEABLE, privacy_of
from auditor.report.triage import triage_of
from auditor.report.words import SEVERITIES, severity_of
from auditor.workflow.kinds import KINDS


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


class TestPrivacy:
    def test_no_claim_and_no_epsilon_is_no_section(self) -> None:
        assert privacy_of({"findings": [{"attack": "gap", "estimates": []}]}) is None
        assert privacy_of({"privacy": None}) is None

    @pytest.mark.parametrize(
        ("verdict", "outcome"),
        [
            ("violated at 95 %", "breach"),
            ("higher than claimed under the stated assumption", "inconclusive"),
            ("not refuted", "none"),
        ],
    )
    def test_only_a_violation_looks_like_one(self, verdict: str, outcome: str) -> None:
        block = {"claimed": {"epsilon": 1.5, "delta": 1e-5}, "verdict": verdict, "sentence": "s"}
        privacy = privacy_of({"privacy": block})
        assert privacy is not None
        assert (privacy.outcome, privacy.claim) == (outcome, "ε = 1.5, δ = 1e-5")
        assert privacy.verdict == verdict[0].upper() + verdict[1:]

    @pytest.mark.parametrize(("name", "premise"), [("empirical_epsilon", EXCHANGEABLE), ("epsilon_lower_bound", COINS)])
    def test_what_the_figures_assume_follows_from_their_name(self, name: str, premise: str) -> None:
        item = {"name": name, "value": 1.0, "low": 1.0, "n": 10, "ceiling": 2.0, "method": "m", "confidence": 0.95}
        privacy = privacy_of({"findings": [{"attack": "lira", "estimates": [item]}]})
        assert privacy is not None
        assert privacy.premise == premise
        assert (privacy.claim, privacy.verdict) == ("", "")
        assert [attack for attack, _ in privacy.figures] == ["lira"]

    def test_a_claim_without_delta_has_none(self) -> None:
        privacy = privacy_of({"privacy": {"claimed": {"epsilon": 8}, "verdict": "not refuted"}})
        assert privacy is not None
        assert privacy.claim == "ε = 8"


class TestCost:
    @pytest.mark.parametrize("block", [None, {}, {"estimated": {}, "actual": {}}])
    def test_nothing_said_is_no_section(self, block: Any) -> None:
        assert cost_of(block) is None

    def test_each_quantity_stands_beside_what_it_came_to(self) -> None:
        estimated = {"queries_min": 9000, "queries_max": 12000, "fits": 16, "seconds": 75, "price": 1.5}
        cost = cost_of({"estimated": estimated, "actual": {"queries": 9100, "fits": 16, "seconds": 3725, "price": 1.365}})
        assert cost is not None
        assert [(plain(row.estimated), plain(row.actual)) for row in cost.rows] == [
            ("9,000 to 12,000", "9,100"),
            ("16", "16"),
            ("1 min 15 s", "1 h 02 min"),
            ("1.50", "1.36"),
        ]

    def test_a_price_that_nobody_named_is_left_out(self) -> None:
        cost = cost_of({"estimated": {"queries": 100, "price": None}, "actual": {"queries": 100}})
        assert cost is not None
        assert [row.name for row in cost.rows] == ["Records asked"]

    def test_what_shadows_take_in_store_is_told_beside_how_many_were_trained(self) -> None:
        cost = cost_of({"actual": {"fits": 0, "shadow_bytes": 2_621_440}})
        assert cost is not None
        assert [(row.name, row.actual) for row in cost.rows] == [
            ("Shadow models fitted", "0"),
            ("Shadow models in store", "2.5 MiB"),
        ]

    def test_a_range_of_one_number_is_that_number(self) -> None:
        cost = cost_of({"estimated": {"queries_min": 100, "queries_max": 100}})
        assert cost is not None
        assert (cost.rows[0].estimated, cost.rows[0].actual) == ("100", "")

    def test_an_audit_that_did_nothing_still_cost_nothing(self) -> None:
        cost = cost_of({"actual": {"queries": 0, "fits": 0}})
        assert cost is not None
        assert [row.actual for row in cost.rows] == ["0", "0"]


class TestTriage:
    @pytest.mark.parametrize("block", [None, {}])
    def test_without_a_configuration_there_is_none(self, block: Any) -> None:
        assert triage_of(block) is None

    @pytest.mark.parametrize(("risk", "outcome"), [("high", "inconclusive"), ("lower", "none"), ("not known", "none")])
    def test_a_risk_never_looks_like_an_outcome(self, risk: str, outcome: str) -> None:
        triage = triage_of({"risk": risk, "rules": ["a", "b"], "sentence": "s"})
        assert triage is not None
        assert (triage.risk, triage.outcome, triage.rules) == (f"Expected risk: {risk}", outcome, ("a", "b"))

    def test_a_rule_that_the_sentence_holds_is_not_told_twice(self) -> None:
        triage = triage_of({"risk": "high", "rules": ["deep trees", "many"], "sentence": "High risk: deep trees."})
        assert triage is not None
        assert triage.rules == ("many",)

    def test_one_rule_is_one_line(self) -> None:
        triage = triage_of({"risk": "high", "rules": "only one", "source": "Preen and Smith (2025)"})
        assert triage is not None
        assert (triage.rules, triage.source) == (("only one",), "Preen and Smith (2025)")

    def test_cells_are_told_without_a_stated_configuration(self) -> None:
        triage = triage_of({"structure": {"sentences": ["Cells are large.", "No class is ruled out."], "source": "SACRO-ML"}})
        assert triage is not None
        assert triage.structure is not None
        assert (triage.risk, triage.outcome, triage.sentence) == ("", "none", "")
        assert triage.structure.sentences == ("Cells are large.", "No class is ruled out.")
        assert triage.structure.source == "SACRO-ML"

    def test_cells_stand_beside_the_configuration(self) -> None:
        triage = triage_of({"risk": "lower", "sentence": "s", "structure": {"sentences": ["Cells are large."]}})
        assert triage is not None
        assert triage.structure is not None
        assert (triage.risk, triage.structure.sentences) == ("Expected risk: lower", ("Cells are large.",))

    @pytest.mark.parametrize("structure", [None, {}, {"sentences": []}])
    def test_without_a_sentence_there_are_no_cells(self, structure: Any) -> None:
        triage = triage_of({"risk": "lower", "structure": structure})
        assert triage is not None
        assert triage.structure is None


class TestDefinition:
    def test_the_present_version_is_defined(self) -> None:
        found = definition_of(CURRENT, {"membership"})
        assert found is not None
        assert found.version == CURRENT
        assert set(DEFINITIONS) == set(range(1, CURRENT + 1))

    def test_an_older_version_keeps_what_it_meant(self) -> None:
        before, now = ({part.title: part.formula for part in DEFINITIONS[version].parts} for version in (1, 2))
        assert [title for title in now if now[title] != before[title]] == ["Recovered values", "Canaries"]

    def test_a_report_defines_the_scores_that_it_has(self) -> None:
        found = definition_of(CURRENT, {"attribute", "exposure"})
        assert found is not None
        assert [part.title for part in found.parts] == ["Recovered values", "Canaries", "Severity", "Outcome"]

    @pytest.mark.parametrize("version", sorted(DEFINITIONS))
    def test_every_kind_of_finding_has_its_score_defined_once(self, version: int) -> None:
        told = [kind for part in DEFINITIONS[version].parts for kind in part.kinds]
        assert sorted(told) == sorted(KINDS)

    def test_only_the_present_version_says_what_ties_mean(self) -> None:
        words = {version: " ".join(part.words for part in found.parts) for version, found in DEFINITIONS.items()}
        assert [version for version in words if "ties" in words[version]] == [3]

    def test_an_unknown_version_has_no_definition(self) -> None:
        assert definition_of(CURRENT + 1, {"membership"}) is None

    def test_its_levels_are_those_that_severity_goes_by(self) -> None:
        words = next(part.words for part in DEFINITIONS[1].parts if part.title == "Severity")
        for name, limit in (("none", 5), ("low", 25), ("moderate", 50), ("high", 75)):
            assert f"{name} below {limit}" in words
            assert severity_of(limit - 0.1) == name
        assert f"{SEVERITIES[-1]} from 75" in words

    def test_its_formula_gives_a_third_for_each_tenfold(self) -> None:
        formula = DEFINITIONS[1].parts[0].formula.split(",   ")[0].removeprefix("tail = 100 ")
        assert formula == "log10(max(1, TPR / a0)) / log10(1 / a0)"
        value = 100 * math.log10(max(1, 0.01 / 0.001)) / math.log10(1 / 0.001)
        assert round(value) == 33
