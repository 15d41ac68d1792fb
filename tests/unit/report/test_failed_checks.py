"""What a failed check speaks against never reads as if it held."""

from typing import Any

from auditor.console.told import told
from auditor.report import html
from auditor.report.privacy import privacy_of
from auditor.report.reading import read


def failing(load: Any, name: str) -> Any:
    """The exposed audit, one check of its attack on single records failed."""
    result = load("exposed")
    finding = next(f for f in result["findings"] if f.get("exposure"))
    finding["outcome"] = "inconclusive"
    finding["controls"][name] = {"passed": False, "sentence": "It found what is not there.", "estimates": []}
    return result


def test_whom_it_concerns_starts_with_the_check_that_failed(load: Any) -> None:
    (concerned,) = read(failing(load, "negative")).concerned
    assert concerned.warning == "A check of this finding failed (Negative control), so what follows does not hold."
    page = html(failing(load, "negative"))
    assert page.index(concerned.warning) < page.index("<h3>Single records</h3>")


def test_nothing_is_said_where_the_checks_passed(load: Any) -> None:
    (concerned,) = read(load("exposed")).concerned
    assert concerned.warning == ""
    assert "does not hold" not in html(load("exposed"))


def test_its_epsilon_is_left_out_and_the_report_says_so(load: Any) -> None:
    privacy = privacy_of(failing(load, "negative"))
    assert privacy is not None
    assert privacy.figures == ()
    assert privacy.premise.endswith("Epsilon from stacked does not hold and is left out: a check failed (Negative control).")


def test_epsilon_in_the_table_of_the_finding_says_that_it_does_not_hold(load: Any) -> None:
    finding = next(f for f in read(failing(load, "negative")).findings if f.attack == "stacked")
    notes = [figure.note for figure in finding.figures if "ε" in figure.name]
    assert notes
    assert all(note.startswith("does not hold: Negative control failed") for note in notes)


def test_a_blind_attack_may_still_have_found_what_it_found(load: Any) -> None:
    privacy = privacy_of(failing(load, "lookup_twin"))
    assert privacy is not None
    assert privacy.figures
    assert "left out" not in privacy.premise


def test_coins_are_fair_whatever_a_check_says(load: Any) -> None:
    result = load("canaries")
    result["findings"][0]["controls"]["negative"]["passed"] = False
    privacy = privacy_of(result)
    assert privacy is not None
    assert privacy.figures
    assert "left out" not in privacy.premise


def test_the_console_names_the_check_and_leaves_the_rest_out(load: Any) -> None:
    whole, kept = dict(told(load("exposed"))), dict(told(failing(load, "negative")))
    assert {"Single records", "Found more easily"} <= set(whole)
    assert not {"Single records", "Found more easily"} & set(kept)
    assert "It found what is not there." in kept["Checks failed"]
