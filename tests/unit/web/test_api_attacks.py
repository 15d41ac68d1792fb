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


@pytest.fixture
def plugins(tmp_path, monkeypatch):
    """A folder on the path with an installed package that registers attacks: name -> where it is."""

    def install(**points):
        info = tmp_path / "plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
        lines = "\n".join(f"{name} = {place}" for name, place in points.items())
        (info / "entry_points.txt").write_text(f"[auditor.attacks]\n{lines}\n")
        (tmp_path / "brought_attack.py").write_text(
            "import dataclasses\n"
            "from auditor.attacks.membership.gap import Gap\n"
            "Brought = dataclasses.dataclass(frozen=True)(type('Brought', (Gap,), {'name': 'brought'}))\n"
        )
        monkeypatch.syspath_prepend(tmp_path)

    return install


def test_an_attack_that_a_package_brings_is_listed_after_those_that_ship(house, plugins):
    plugins(brought="brought_attack:Brought")
    names = [attack["name"] for attack in house.get("/attacks").json["items"]]
    assert names == [*(attack.name for attack in registry.BUILTIN), "brought"]


def test_what_ships_cannot_be_replaced(house, plugins):
    plugins(gap="brought_attack:Brought")
    names = [attack["name"] for attack in house.get("/attacks").json["items"]]
    assert names == [attack.name for attack in registry.BUILTIN]


def test_a_package_that_is_broken_is_left_out_and_logged(house, plugins, caplog):
    plugins(broken="no_such_module:Attack")
    answer = house.get("/attacks")
    assert answer.status_code == 200
    assert "broken" not in [attack["name"] for attack in answer.json["items"]]
    assert "cannot be loaded" in caplog.text
