from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from auditor.attacks import registry
from auditor.attacks.membership.gap import Gap
from auditor.domain.attack import Attack, Family, Scope
from auditor.domain.data import Sensitive
from auditor.domain.target import Output, Profile
from auditor.domain.threat import Knows, Sees
from auditor.errors import InvalidInput

CLASSES = ("no", "yes")
SEX = Sensitive("sex", ("sex",), (("F",), ("M",)))
SCOPE = Scope(Profile(Output.PROBABILITIES, CLASSES), 1000, 500, 16, 100_000, (SEX,), True, True, True)


def offered(**changes: object) -> Scope:
    return replace(SCOPE, **changes)


@dataclass(frozen=True)
class Plugin(Gap):
    name: ClassVar[str] = "plugin"


NOT_AN_ATTACK = object


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a package on the path that registers attacks, as pip would."""

    def installed(**attacks: str) -> None:
        folder = tmp_path / "a_plugin-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: a-plugin\nVersion: 1.0\n")
        lines = "".join(f"{name} = {value}\n" for name, value in attacks.items())
        (folder / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{lines}")
        monkeypatch.syspath_prepend(tmp_path)

    return installed


def test_the_attacks_that_ship_have_names_of_their_own() -> None:
    names = [a.name for a in registry.BUILTIN]
    assert len(set(names)) == len(names)
    assert names[:8] == [
        "gap",
        "calibrated-correctness",
        "loss-threshold",
        "lira",
        "rmia",
        "stacked",
        "attribute",
        "surrogate",
    ]


@pytest.mark.parametrize("attack", registry.BUILTIN, ids=lambda a: a.name)
def test_every_attack_is_found_by_its_name_and_made_with_defaults(attack: type[Attack]) -> None:
    assert registry.find(attack.name) is attack
    made = registry.make(attack.name, {})
    assert isinstance(made, attack)
    assert registry.make(attack.name, registry.parameters_of(made)) == made


def test_tiers_name_attacks_that_exist() -> None:
    assert set(registry.TIERS) == {"quick", "standard", "full"}
    assert registry.TIERS["quick"] == ("gap", "calibrated-correctness", "loss-threshold", "rmia", "tree-counts")
    for names in registry.TIERS.values():
        for name in names:
            registry.find(name)


def test_an_unknown_attack_suggests_the_nearest() -> None:
    with pytest.raises(InvalidInput, match="did you mean 'lira'"):
        registry.find("lirra")


def test_an_unknown_parameter_suggests_the_nearest() -> None:
    with pytest.raises(InvalidInput, match="did you mean 'mode'") as caught:
        registry.make("lira", {"mod": "offline"})
    assert caught.value.field == "attacks.lira.mod"


def test_an_attack_without_parameters_says_so() -> None:
    with pytest.raises(InvalidInput, match="it takes none"):
        registry.make("gap", {"threshold": 1})


def test_class_constants_are_not_parameters() -> None:
    with pytest.raises(InvalidInput):
        registry.make("gap", {"name": "other"})
    assert registry.parameters_of(registry.make("lira", {})) == {"mode": "online", "variance": "auto"}


def test_installed_packages_add_attacks(install: Callable[..., None]) -> None:
    install(plugin=f"{__name__}:Plugin", gap=f"{__name__}:Plugin")
    assert registry.find("plugin").name == "plugin"
    assert registry.find("gap") is Gap  # what ships cannot be replaced


@pytest.mark.parametrize(
    ("value", "words"), [("no.such.module:X", "cannot be loaded"), (f"{__name__}:NOT_AN_ATTACK", "is not an attack")]
)
def test_a_broken_plugin_is_a_sentence(install: Callable[..., None], value: str, words: str) -> None:
    install(broken=value)
    with pytest.raises(InvalidInput, match=words):
        registry.find("broken")


def test_stealing_and_inversion_have_baselines_that_see_nothing() -> None:
    for name in ("attribute", "surrogate"):
        baseline = registry.baseline_for(registry.make(name, {}))
        assert baseline is not None
        assert baseline.threat_model.sees is Sees.NOTHING
    assert registry.baseline_for(registry.make("lira", {})) is None


def test_a_baseline_works_on_the_same_records_as_its_attack() -> None:
    attack = registry.make("attribute", {"records": 700})
    assert registry.parameters_of(registry.baseline_for(attack))["records"] == 700


def test_auxiliary_records_that_are_missing_are_asked_for_once() -> None:
    (told,) = registry.unmet(registry.make("surrogate", {}), SCOPE.profile, offered(auxiliary=0))
    assert "at least 200 auxiliary records and has 0" in told


@pytest.mark.parametrize("attack", [a for a in registry.BUILTIN if a not in registry.DEEP], ids=lambda a: a.name)
def test_an_audit_that_offers_everything_leaves_nothing_unmet(attack: type[Attack]) -> None:
    assert registry.unmet(registry.make(attack.name, {}), SCOPE.profile, SCOPE) == []


@pytest.mark.parametrize(
    ("name", "output", "words"),
    [("lira", Output.LABELS, "labels only"), ("attack-p", Output.TOP_K, "top few"), ("modified-entropy", Output.VALUE, "a value")],
)
def test_a_target_that_shows_too_little_is_named(name: str, output: Output, words: str) -> None:
    sentences = registry.unmet(registry.make(name, {}), Profile(output, CLASSES), SCOPE)
    assert len(sentences) == 1
    assert "It needs probabilities" in sentences[0]
    assert words in sentences[0]


def test_gap_runs_on_labels() -> None:
    assert registry.unmet(registry.make("gap", {}), Profile(Output.LABELS, CLASSES), SCOPE) == []


def test_what_looks_inside_says_that_a_server_shows_no_parameters() -> None:
    scope = offered(has_parameters=False)
    sentences = registry.unmet(registry.make("tree-counts", {}), scope.profile, scope)
    assert sentences == ["It needs the model's parameters; submit the model as a file (target.model)."]


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("lira", {"shadows": 0}, "this audit trains none; raise shadows"),
        ("rmia", {"candidates": 0}, "members and non-members"),
        ("lira", {"has_learner": False}, "set learner"),
        ("surrogate", {"auxiliary": 0}, "data.auxiliary"),
        ("surrogate", {"queries_left": 10}, "10 are left; raise budget.queries"),
        ("attribute", {"sensitive": ()}, "data.sensitive"),
    ],
)
def test_each_unmet_need_says_what_to_change(name: str, changes: dict[str, object], words: str) -> None:
    scope = offered(**changes)
    sentences = registry.unmet(registry.make(name, {}), scope.profile, scope)
    assert any(words in sentence for sentence in sentences)
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in sentences)


def test_membership_needs_nothing_beyond_the_candidates() -> None:
    scope = offered(queries_left=0, auxiliary=0, sensitive=())
    for name in (name for name in registry.TIERS["quick"] if registry.find(name).family is Family.MEMBERSHIP):
        assert registry.unmet(registry.make(name, {}), scope.profile, scope) == []


@pytest.mark.parametrize("attack", registry.BUILTIN, ids=lambda a: a.name)
def test_every_attack_has_a_reference_and_says_what_it_shows_in_plain_words(attack: type[Attack]) -> None:
    assert "20" in attack.reference
    assert attack.shows.startswith("whether ")
    assert isinstance(attack.threat_model.knows, frozenset)
    assert all(isinstance(fact, Knows) for fact in attack.threat_model.knows)
