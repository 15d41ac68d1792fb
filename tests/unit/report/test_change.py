from typing import Any

from auditor.report.change import change_of


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def difference(name: str, value: float | None) -> dict[str, Any]:
    if value is None:
        return {"name": name, "value": None, "reason": "too few non-members"}
    return {"name": name, "value": value, "low": value - 0.02, "high": value + 0.02, "confidence": 0.95, "n": 900}


def comparison(**changes: Any) -> dict[str, Any]:
    attacks = [
        {
            "attack": "rmia",
            "estimates": [difference("auc_difference", -0.1), difference("tpr_difference@fpr=0.01", -0.05)],
            "sentence": "The second target leaks less.",
        },
        {"attack": "gap", "estimates": [difference("auc_difference", None)], "sentence": "It cannot be told."},
    ]
    kept = {"first": "a", "second": "b", "members": 1500, "non_members": 900, "attacks": attacks}
    return {**kept, "first_only": [], "second_only": [], **changes}


def test_each_attack_has_its_sentence_and_its_figures() -> None:
    change = change_of(comparison())
    assert change.sides == "1,500 members and 900 non-members, the same in both"
    assert [(a.attack, a.sentence) for a in change.attacks] == [
        ("rmia", "The second target leaks less."),
        ("gap", "It cannot be told."),
    ]
    auc, tpr = change.attacks[0].figures
    assert (auc.name, auc.value, auc.interval) == ("Difference in AUC", "−0.100", "−0.120 to −0.080")
    assert (plain(tpr.value), plain(tpr.interval)) == ("−5.0 pp", "−7.0 to −3.0 pp")
    assert change.attacks[1].figures[0].reason == "too few non-members"


def test_only_differences_that_could_be_told_are_drawn() -> None:
    svg = change_of(comparison()).svg
    assert svg.count("<circle") == 1
    assert ">rmia<" in svg
    assert change_of(comparison(attacks=[])).svg == ""


def test_attacks_that_one_of_the_two_lacks_are_named() -> None:
    assert change_of(comparison()).missing == ()
    assert change_of(comparison(first_only=["lira", "gap"], second_only=["rmia"])).missing == (
        "Only the first audit ran lira, gap.",
        "Only the second audit ran rmia.",
    )


def test_reasons_beside_the_targets_are_kept() -> None:
    assert change_of(comparison()).caveats == ()
    assert change_of(comparison(caveats=["The audits attacked with 4 and 16 shadow models."])).caveats == (
        "The audits attacked with 4 and 16 shadow models.",
    )
