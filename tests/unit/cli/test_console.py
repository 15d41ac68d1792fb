"""What people see on a terminal."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from auditor.console import data_notes, findings_table, shown_progress, verdict
from auditor.console.progress import QUIET_SECONDS, Lines, eta
from auditor.console.records import REMOVED
from auditor.domain.audit import AuditStatus, Progress

FIXTURES = Path(__file__).parents[2] / "fixtures" / "results"


def result(name):
    return json.loads((FIXTURES / f"{name}.json").read_text())


def printed(renderable, width=140):
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(renderable)
    return out.getvalue().replace("\u00a0", " ")


def progress(fraction=0.25, doing="training shadow models", eta_seconds=30.0):
    return Progress(AuditStatus.RUNNING, fraction, eta_seconds, doing, 3, 12)


class TestFindings:
    def test_each_finding_shows_its_figures_with_their_intervals(self):
        shown = printed(findings_table(result("breach")))
        assert "AUC 0.742 (0.732 to 0.752)" in shown
        assert "TPR at 1 % FPR 14.4 % (13.4 to" in shown
        assert "Fidelity of the copy 94 %" in shown

    def test_a_calibrated_threshold_goes_before_the_oracle(self):
        shown = printed(findings_table(result("breach")))
        assert "14.8 %" not in shown

    def test_each_finding_says_what_it_shows_and_its_outcome(self):
        shown = printed(findings_table(result("breach")))
        for finding in result("breach")["findings"]:
            assert finding["attack"] in shown
        assert "whether a person's" in shown
        assert "Breach" in shown
        assert "score 58 (53 to 62)" in " ".join(shown.split()) or "score 58 (53" in shown

    def test_the_baseline_is_what_nobody_needs_the_model_for(self):
        shown = printed(findings_table(result("breach")))
        assert "0.500 by guessing" in shown
        assert "1 % by guessing" in shown
        assert "0 % by imputation" in shown
        assert "without queries" in shown

    def test_what_was_not_run_is_in_the_table_with_its_reason(self):
        document = result("nothing-run")
        shown = " ".join(printed(findings_table(document)).split())
        assert document["not_run"]
        assert shown.count("not run") >= len(document["not_run"])

    @pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.json")))
    @pytest.mark.parametrize("width", [60, 80, 200])
    def test_every_result_can_be_printed_at_every_width(self, name, width):
        shown = printed(findings_table(result(name)), width)
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
    assert [sentence.split()[0] for sentence in told] == ["1,200", "2", "No"]
    assert "counted as members" in told[0]
    assert "no label" in told[1]


@pytest.mark.parametrize("result", [{}, {"data": {}}, {"data": {"removed": {}, "notes": []}}])
def test_nothing_is_told_of_records_that_were_all_kept(result):
    assert data_notes(result) == []


def test_every_reason_to_remove_a_record_has_its_sentence():
    removed = dict.fromkeys(REMOVED, 5)
    assert len(set(data_notes({"data": {"removed": removed}}))) == len(REMOVED)
