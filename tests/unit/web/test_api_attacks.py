import pytest

from auditor.attacks import registry
from auditor.domain.catalog import Role


@pytest.fixture
def listed(house):
    return {attack["name"]: attack for attack in house.get("/attacks", as_=Role.VIEWER).json["items"]}


def test_every_attack_is_listed(listed):
    assert set(listed) == {attack.name for attack in registry.BUILTIN}


def test_each_says_in_words_against_whom_it_defends(listed):
    for attack in listed.values():
        assert attack["threat_model"]["words"].startswith("An adversary who ")
        assert attack["threat_model"]["words"].endswith(".")
        assert attack["shows"]
        assert attack["reference"]


def test_each_tier_is_told_by_its_attacks(listed):
    for tier, names in registry.TIERS.items():
        assert {name for name, attack in listed.items() if tier in attack["tiers"]} == set(names) & set(listed)


def test_the_parameters_and_their_defaults_are_those_that_an_audit_takes(listed):
    for name, attack in listed.items():
        defaults = {p["name"]: p["default"] for p in attack["parameters"] if p["default"] is not None}
        assert registry.make(name, defaults) == registry.make(name, {})
