"""What people see on a terminal."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from auditor.console import data_notes, findings_table, shown_progress, verdict
from auditor.console.progress import QUIET_SECONDS, Lines, eta
from auditor.console.told import told
from auditor.domain.audit import AuditStatus, Progress
from auditor.report import words
from auditor.report.removed import REMOVED

FIXTURES = Path(__file__).parents[2] / "fixtures" / "results"


def result(name):
    return json.loads((FIXTURES / f"{name}.json").read_text())


def printed(renderable, width=140):
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(renderable)
    return out.getvalue().replace("\u00a0", " ")


def progress(fraction=0.25, doing="training shadow models", eta_seconds=30.0):
    return Progress(AuditStatus.RUNNING, fraction, eta_seconds, doing, 3, 12)


def test_nothing_in_a_result_commands_the_terminal():
    """An audit, a group or a note is named by whoever wrote a file; an escape would clear the screen or worse."""
    named, escape = result("exposed"), "\x1b]0;pwned\x07"
    named["audit"]["name"] += escape
    named.setdefault("data", {})["notes"] = [escape]
    for finding in named["findings"]:
        finding["shows"] = escape
        for group in finding.get("subgroups") or ():
            group["value"] += escape
    said = printed(findings_table(named)) + "".join(data_notes(named)) + verdict(named)
    assert "pwned" in said
    assert "\x1b" not in said


class TestFindings:
    def test_each_finding_shows_its_figures_with_their_intervals(self):
        shown = printed(findings_table(result("breach")))
        assert "AUC 0.742 (0.732 to 0.752)" in shown
        assert "TPR at 1 % FPR 14.4 % (13.4 to" in shown
        assert "Fidelity of the copy 94.0 %" in shown

    def test_a_calibrated_threshold_goes_before_the_oracle(self):
        shown = printed(findings_table(result("breach")))
        assert "14.8 %" not in shown

    def test_each_finding_says_its_outcome_and_its_family_what_it_shows(self):
        shown = " ".join(printed(findings_table(result("breach"))).split())
        for finding in result("breach")["findings"]:
            assert finding["attack"] in shown
            assert f"A success shows {finding['shows']}" in shown
        assert "Breach 58 (53 to 62)" in shown

    @pytest.mark.parametrize(
        "names",
        [
            ("accuracy_advantage", "advantage_over_imputation"),
            ("mean_distance", "mean_distance_guess"),
            ("reconstruction_error", "reconstruction_error_random"),
            ("property_accuracy",),
            ("memorised_share",),
            ("exposure",),
        ],
    )
    def test_findings_of_every_kind_of_recovered_value_show_a_figure(self, names):
        document = result("breach")
        finding = next(f for f in document["findings"] if f["family"] == "inversion")
        values = (0.012, 0.001)
        finding["estimates"] = [{"name": n, "value": v, "low": None, "high": None} for n, v in zip(names, values, strict=False)]
        shown = printed(findings_table(document))
        assert "no figure could be resolved" not in shown
        assert all(words.estimate(name) in shown for name in names)

    def test_the_baseline_is_what_nobody_needs_the_model_for(self):
        shown = printed(findings_table(result("breach")))
        shown = " ".join(shown.split())
        assert "by guessing AUC 0.500 TPR at 1 % FPR 1 %" in shown
        assert "by imputation 0 pp" in shown
        assert "without queries 86.9 %" in shown

    def test_each_adversary_is_told_once_and_its_attacks_carry_its_letter(self):
        document = result("exposed")
        shown = " ".join(printed(findings_table(document)).split())
        threats = {f["threat_model"]["words"] for f in document["findings"]}
        assert all(shown.count(threat) == 1 for threat in threats)
        lines = printed(findings_table(document)).splitlines()
        letters = {line.split()[0]: line.split()[1] for line in lines if " AUC " in line and not line.startswith("by guessing")}
        assert letters["stacked"] == letters["lira"] == "A"
        assert letters["gap"] == letters["noise"] != "A"

    def test_an_interval_never_breaks_in_the_middle(self):
        lines = [line.strip() for line in printed(findings_table(result("breach"), 80), 80).splitlines()]
        assert any(line.startswith("(13.4 to 15.4 %)") for line in lines)
        assert all(line.count("(") == line.count(")") for line in lines)

    @pytest.mark.parametrize("width", range(60, 120, 4))
    def test_a_number_stays_with_its_unit(self, width):
        estimate = {"name": "advantage_over_imputation", "value": -0.0123, "low": -0.15, "high": 0.1}
        finding = {**result("breach")["findings"][0], "family": "inversion", "estimates": [estimate]}
        lines = [line.strip() for line in printed(findings_table({"findings": [finding]}, width), width).splitlines()]
        assert not [line for line in lines if line.startswith("pp")]
        assert [line for line in lines if "−1.2 pp" in line.replace("\u00a0", " ")]

    def test_many_attacks_take_a_line_each_at_80_columns(self):
        lines = [line for line in printed(findings_table(result("exposed"), 80), 80).splitlines() if " AUC " in line]
        assert len(lines) == 18  # one an attack and the baseline
        assert all(line.rstrip().endswith(")") for line in lines[:-1])

    def test_the_strongest_attack_comes_first(self):
        shown = printed(findings_table(result("exposed")))
        places = [shown.index(f"\n{attack} ") for attack in ("stacked", "lira", "shokri", "gap")]
        assert places == sorted(places)

    def test_a_reason_that_keeps_an_attack_from_several_attributes_is_told_once(self):
        document = result("breach")
        document["not_run"] = 2 * [{"attack": "attribute", "reason": "It needs probabilities."}]
        assert printed(findings_table(document)).count("It needs probabilities.") == 1

    def test_what_was_not_run_is_listed_with_its_reason(self):
        document = result("nothing-run")
        shown = " ".join(printed(findings_table(document)).split())
        assert "Not run" in shown
        assert all(f"{item['attack']} {item['reason']}" in shown for item in document["not_run"])

    @pytest.mark.parametrize(
        "said",
        [
            "Privacy loss Higher than claimed under the stated assumption. The empirical epsilon is at least 3.74",
            "A flag is worth If 1 in 10 of the records in question were a member, of 100 flagged records 65 (58 to 71)",
            "Single records 212 of 5,000 members can be pointed at one by one",
            "Found more easily race: Black and income: >50K (of 8 groups)",
            "Configuration Expected risk: high.",
            "Identical answers 4,856 of 5,000 members have an answer that no other member has",
            "records asked 36,480 (estimated 36,000 to 38,500); shadow models fitted 16 (estimated 16); time 6 min 53 s",
        ],
    )
    def test_the_other_parts_are_a_line_each(self, said):
        assert said in " ".join(printed(findings_table(result("exposed"))).split())

    def test_why_figures_carry_no_verdict_is_told_once(self):
        document = result("inconclusive")
        sentence = "The target's answers have nothing to do with the records."
        for finding in document["findings"]:
            finding["controls"]["random_answers"] = {"passed": False, "sentence": sentence, "estimates": []}
        said = dict(told(document))["Checks failed"]
        names = [f["attack"] for f in document["findings"]]
        assert said.startswith("Members and non-members can be told apart without asking the model (AUC 0.561, p < 0.005)")
        assert "the attack reads something else than membership. (lira)" in said
        assert said.count(sentence) == 1
        assert all(name in said.split(sentence)[1] for name in names)

    def test_where_no_check_failed_none_is_told(self):
        assert all("Checks failed" not in dict(told(result(name))) for name in ("breach", "pass", "exposed"))

    def test_without_a_stated_configuration_only_the_cells_are_told(self):
        document = result("exposed")
        document["triage"] = {"structure": document["triage"]["structure"]}
        parts = dict(told(document))
        assert "Configuration" not in parts
        assert parts["Identical answers"].startswith("4,856 of 5,000 members")

    def test_what_a_result_does_not_have_is_not_told(self):
        assert told(result("breach")) == []

    def test_a_lower_limit_without_a_claim_is_still_told(self):
        document = result("canaries") | {"privacy": None}
        assert dict(told(document))["Privacy loss"].startswith(
            "Over all attacks, epsilon is at least 2.12 by lira (one training run, free of assumptions on the mechanism), "
            "or 4.31 by lira (one training run, Gaussian trade-off assumed). Canaries"
        )

    def test_a_credible_limit_is_not_told_as_a_lower_limit(self):
        document = result("exposed") | {"privacy": None}
        assert "2.31 by stacked" in dict(told(document))["Privacy loss"]
        assert "2.66" not in dict(told(document))["Privacy loss"]

    def test_groups_whose_every_score_is_high_are_not_said_to_be_exposed(self):
        document = result("exposed")
        groups = next(f["subgroups"] for f in document["findings"] if f.get("subgroups"))
        for group in groups:
            group["sentence"] = "Called members more often than everybody else, and so are its non-members: share of members found."
        assert dict(told(document))["Found more easily"] == f"none of {len(groups)} groups, as far as can be told"

    def test_groups_that_do_not_differ_are_not_accused(self):
        document = result("exposed")
        document["findings"][0]["subgroups"] = document["findings"][0]["subgroups"][4:6]
        assert dict(told(document))["Found more easily"] == "none of 2 groups, as far as can be told"
        document["findings"][0]["subgroups"] = result("exposed")["findings"][0]["subgroups"][6:]
        assert dict(told(document))["Found more easily"] == "none of 2 groups is large enough to tell"

    @pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.json")))
    @pytest.mark.parametrize("width", [60, 80, 200])
    def test_every_result_can_be_printed_at_every_width(self, name, width):
        shown = printed(findings_table(result(name), width), width)
        assert max(len(line) for line in shown.splitlines()) <= width

    def test_names_cannot_bring_markup_of_their_own(self):
        document = result("breach")
        document["findings"][0]["attack"] = "[red]lira[/red]"
        document["audit"]["name"] = "[blink]x[/blink]"
        assert "[red]" in printed(findings_table(document))
        assert "[blink]x[/blink]" in printed(verdict(document))

    def test_an_attribute_is_named_beside_its_attack(self):
        document = result("breach")
        finding = next(f for f in document["findings"] if f["attack"] == "attribute")
        finding["parameters"]["sensitive"] = "race"
        assert "attribute: race" in printed(findings_table(document))

    def test_a_score_that_is_not_resolved_says_so(self):
        document = result("breach")
        document["findings"] = document["findings"][:1]
        document["findings"][0] |= {"score": None, "score_low": None, "score_high": None}
        assert "score not" in printed(findings_table(document))

    def test_the_verdict_is_one_line(self):
        shown = printed(verdict(result("breach")))
        assert shown == "Breach, score 58 of 100 (high): income-model-q3, 20,480 rows asked in 1 min 41 s\n"

    def test_an_inconclusive_verdict_has_no_score(self):
        assert printed(verdict(result("inconclusive"))).startswith("Inconclusive: ")


class TestProgress:
    def test_a_terminal_gets_a_bar_with_what_is_being_done(self):
        out = io.StringIO()
        console = Console(file=out, force_terminal=True, width=120)
        with shown_progress(console) as show:
            show(progress())
        assert "training shadow models" in out.getvalue()
        assert "25%" in out.getvalue()
        assert "about 30" in out.getvalue()

    def test_elsewhere_it_is_plain_lines(self):
        out = io.StringIO()
        with shown_progress(Console(file=out, width=120)) as show:
            show(progress())
        assert out.getvalue().replace("\u00a0", " ") == " 25%  training shadow models, about 30 s left\n"
        assert "\x1b" not in out.getvalue()

    @pytest.fixture
    def lines(self):
        out = io.StringIO()
        now = [0.0]
        return Lines(Console(file=out, width=120), clock=lambda: now[0]), out, now

    def test_the_same_work_is_said_again_only_after_a_while(self, lines):
        show, out, now = lines
        show(progress(0.25))
        show(progress(0.26))
        now[0] = QUIET_SECONDS - 0.1
        show(progress(0.30))
        assert out.getvalue().count("\n") == 1
        now[0] = QUIET_SECONDS
        show(progress(0.35))
        assert out.getvalue().count("\n") == 2

    def test_other_work_is_said_at_once(self, lines):
        show, out, _ = lines
        show(progress(0.25))
        show(progress(0.26, doing="running attacks"))
        assert out.getvalue().count("\n") == 2

    def test_without_an_estimate_nothing_is_promised(self):
        assert eta(progress(eta_seconds=None)) == ""


def test_removed_records_are_told_in_sentences():
    removed = {"non_members_also_members": 1200, "members_without_label": 2, "duplicate_auxiliary": 0, "duplicates": 3}
    told = data_notes({"data": {"removed": removed, "notes": ["No auxiliary records were given."]}})
    assert [sentence.split(",")[0] for sentence in told[1:]] == [
        "Records of members without a label: 2",
        "No auxiliary records were given.",
    ]
    assert told[0].endswith("too: 1,200, removed.")


@pytest.mark.parametrize("result", [{}, {"data": {}}, {"data": {"removed": {}, "notes": []}}])
def test_nothing_is_told_of_records_that_were_all_kept(result):
    assert data_notes(result) == []


def test_every_reason_to_remove_a_record_has_its_sentence():
    removed = dict.fromkeys(REMOVED, 5)
    assert len(set(data_notes({"data": {"removed": removed}}))) == len(REMOVED)
