"""Every attack there is: those that ship, and those that installed packages register as entry points of `auditor.attacks`."""

import dataclasses
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from auditor.attacks.inversion.attribute import AttributeInference
from auditor.attacks.inversion.class_inversion import ClassInversion
from auditor.attacks.inversion.csmia import Csmia
from auditor.attacks.inversion.exposure_signals import Exposure
from auditor.attacks.inversion.forest_reconstruction import ForestReconstruction
from auditor.attacks.inversion.fredrikson import FredriksonConfidence, FredriksonMap
from auditor.attacks.inversion.fredrikson_counts import FredriksonCounts
from auditor.attacks.inversion.generative import GMI
from auditor.attacks.inversion.likelihood_ratio import LikelihoodRatio
from auditor.attacks.inversion.linear_record import LinearRecord
from auditor.attacks.inversion.lomia import Lomia
from auditor.attacks.inversion.mi_face import MIFace
from auditor.attacks.inversion.property_inference import PropertyInference
from auditor.attacks.inversion.tree_counts import TreeCounts
from auditor.attacks.inversion.yeom import Yeom
from auditor.attacks.membership.attack_p import AttackP
from auditor.attacks.membership.attack_r import AttackR
from auditor.attacks.membership.boundary import Boundary
from auditor.attacks.membership.calibrated_correctness import CalibratedCorrectness
from auditor.attacks.membership.confidence import Confidence
from auditor.attacks.membership.difficulty_calibration import DifficultyCalibration
from auditor.attacks.membership.entropy import Entropy
from auditor.attacks.membership.gap import Gap
from auditor.attacks.membership.lira import LiRA
from auditor.attacks.membership.loss_threshold import LossThreshold
from auditor.attacks.membership.modified_entropy import ModifiedEntropy
from auditor.attacks.membership.noise import Noise
from auditor.attacks.membership.proxy import Proxy
from auditor.attacks.membership.quantile_regression import QuantileRegression
from auditor.attacks.membership.rmia import RMIA
from auditor.attacks.membership.salem import Salem
from auditor.attacks.membership.shokri import Shokri
from auditor.attacks.membership.stacked import Stacked
from auditor.attacks.stealing.critical_points import ReluCriticalPoints
from auditor.attacks.stealing.ensemble_thresholds import EnsembleThresholds
from auditor.attacks.stealing.equation_solving import EquationSolving
from auditor.attacks.stealing.lowd_meek import LowdMeek
from auditor.attacks.stealing.path_finding import PathFinding
from auditor.attacks.stealing.surrogate import Surrogate
from auditor.attacks.stealing.tree_reconstruction import TreeReconstruction
from auditor.domain.attack import Attack, Needs, Scope
from auditor.domain.spec import suggestion
from auditor.domain.target import Output, Profile
from auditor.domain.threat import Knows, Sees
from auditor.errors import InvalidInput

MAIN: tuple[type[Attack], ...] = (Gap, CalibratedCorrectness, LossThreshold, LiRA, RMIA, Stacked, AttributeInference, Surrogate)
# Attacks of the literature that others here dominate. Holm's correction makes every attack of a family cost all of them power, so
# they are tried in `full` alone.
CLASSICAL: tuple[type[Attack], ...] = (
    Confidence,
    Entropy,
    ModifiedEntropy,
    DifficultyCalibration,
    AttackR,
    AttackP,
    QuantileRegression,
    Shokri,
    Salem,
    Proxy,
    FredriksonMap,
    FredriksonConfidence,
    Yeom,
    LikelihoodRatio,
    Csmia,
    Lomia,
)
# Each copies one kind of model exactly, and says so where the target is of another kind.
EXACT: tuple[type[Attack], ...] = (EquationSolving, PathFinding, EnsembleThresholds)
# They read a submitted model file and ask nothing, so every tier tries them where there is one.
INSIDE: tuple[type[Attack], ...] = (TreeCounts,)
# It reads a submitted file as well, but is graded as other attacks on attributes are, and would cost them power unasked.
COUNTING: tuple[type[Attack], ...] = (FredriksonCounts,)
# They rebuild the typical record of each class, which takes thousands of questions a class or a look inside.
REBUILDING: tuple[type[Attack], ...] = (ClassInversion, MIFace)
# Tried where the spec declares what they are about: a property, canaries, an endpoint for counterfactuals.
DECLARED: tuple[type[Attack], ...] = (PropertyInference, Exposure, TreeReconstruction)
# They take the adversary to know more than most do: every training record but one.
INFORMED: tuple[type[Attack], ...] = (LinearRecord,)
# They need a package that is not installed by default: to train generators, or to solve constraint problems.
DEEP: tuple[type[Attack], ...] = (GMI, ForestReconstruction)
# They ask many questions about each record, so no tier spends a budget on them unasked.
ASKING: tuple[type[Attack], ...] = (Noise, Boundary, LowdMeek, ReluCriticalPoints)
BUILTIN: tuple[type[Attack], ...] = (
    *MAIN,
    *CLASSICAL,
    *EXACT,
    *INSIDE,
    *COUNTING,
    *DECLARED,
    *REBUILDING,
    *INFORMED,
    *DEEP,
    *ASKING,
)

STANDARD = ("gap", "calibrated-correctness", "loss-threshold", "lira", "rmia", "stacked", "attribute", "surrogate", "tree-counts")
TIERS: dict[str, tuple[str, ...]] = {
    "quick": ("gap", "calibrated-correctness", "loss-threshold", "rmia", "tree-counts"),
    "standard": STANDARD,
    "full": (*STANDARD, *(attack.name for attack in (*CLASSICAL, *EXACT))),
}

EXPLAINED: tuple[str, ...] = (TreeReconstruction.name,)
"""Tried by every tier that tries to copy the model, where the spec declares an endpoint for counterfactuals."""

GROUP = "auditor.attacks"

RETURNS = {
    Output.LABELS: "labels only",
    Output.TOP_K: "the top few probabilities only",
    Output.PROBABILITIES: "probabilities",
    Output.LOGITS: "raw scores",
    Output.VALUE: "a value",
}


def find(name: str) -> type[Attack]:
    """The attack class of this name; raises InvalidInput with the nearest known name. What ships cannot be replaced."""
    for attack in BUILTIN:
        if attack.name == name:
            return attack
    registered = {point.name: point for point in entry_points(group=GROUP)}
    if name in registered:
        return _load(registered[name])
    known = [attack.name for attack in BUILTIN] + sorted(registered)
    raise InvalidInput("attacks", f"there is no attack {name!r}{suggestion(name, known)}")


def make(name: str, params: Mapping[str, object]) -> Attack:
    """An attack with its parameters checked; raises InvalidInput("attacks.<name>.<field>", ...)."""
    attack = find(name)
    known = [f.name for f in _fields(attack) if f.init]
    for key in params:
        if key not in known:
            takes = suggestion(key, known) if known else "; it takes none"
            raise InvalidInput(f"attacks.{name}.{key}", f"{name} has no parameter {key!r}{takes}")
    return attack(**params)


def parameters_of(attack: Attack) -> dict[str, object]:
    """The hyper-parameters of an attack by name, for the record."""
    return {f.name: getattr(attack, f.name) for f in _fields(type(attack))}


def baseline_for(attack: Attack) -> Attack | None:
    """The attack that does the same without asking the model, or None where chance is the baseline."""
    return cast(Attack | None, getattr(attack, "baseline", None))


NO_AUXILIARY = "It needs auxiliary records; give data.auxiliary or more non-members."


def unmet(attack: Attack, profile: Profile, scope: Scope) -> list[str]:
    """One sentence for each thing this attack needs and this audit does not offer; empty when it can run."""
    sentences = [*_unmet_knowledge(attack.threat_model.knows, scope)]
    if attack.threat_model.sees is Sees.PARAMETERS:
        if not scope.has_parameters:
            sentences.insert(0, "It needs the model's parameters; submit the model as a file (target.model).")
    elif not attack.threat_model.is_met_by(profile.output):
        returned = f"this target returns {RETURNS[profile.output]}.{_instead(attack, profile)}"
        sentences.insert(0, f"It needs {attack.threat_model.sees}; {returned}")
    if attack.threat_model.explained and not scope.has_counterfactuals:
        sentences.append("It asks for counterfactuals; declare the endpoint that answers them under target.counterfactual.")
    try:
        needs = attack.needs(scope)
    except InvalidInput as error:
        told = _as_sentence(error.sentence)
        known = [s for s in sentences if s != NO_AUXILIARY or "auxiliary" not in told]  # it says how many
        return [*known, told]
    return [*sentences, *_unmet_needs(needs, scope)]


def _instead(attack: Attack, profile: Profile) -> str:
    """Of attacks on attributes, of which most tiers try one: those that do with what this target returns."""
    models = {other.name: other.threat_model for other in BUILTIN if other.kind == attack.kind == "attribute"}
    names = sorted(name for name, model in models.items() if model.sees is not Sees.PARAMETERS and model.is_met_by(profile.output))
    return f" Name one of {', '.join(names)} under attacks." if names else ""


def _unmet_knowledge(knows: frozenset[Knows], scope: Scope) -> list[str]:
    offered = {
        Knows.CANDIDATES: (scope.candidates > 0, "It needs members and non-members; none are left."),
        Knows.POPULATION: (scope.auxiliary > 0, NO_AUXILIARY),
        Knows.LEARNER: (scope.has_learner, "It needs to know how the model was trained; set learner."),
        Knows.OTHER_ATTRIBUTES: (bool(scope.sensitive), "It needs a sensitive attribute; name one under data.sensitive."),
    }
    return [sentence for fact, (is_offered, sentence) in offered.items() if fact in knows and not is_offered]


def _unmet_needs(needs: Needs, scope: Scope) -> list[str]:
    sentences = []
    if needs.queries_min > scope.queries_left:
        sentences.append(
            f"It needs at least {needs.queries_min:,} queries; {max(0, scope.queries_left):,} are left; raise budget.queries."
        )
    if needs.shadows > scope.shadows:
        sentences.append(
            f"It needs at least {needs.shadows} shadow models; this audit trains {scope.shadows or 'none'}; raise shadows."
        )
    return sentences


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _fields(attack: type[Attack]) -> tuple["dataclasses.Field[Any]", ...]:
    return dataclasses.fields(attack) if dataclasses.is_dataclass(attack) else ()


def _load(point: EntryPoint) -> type[Attack]:
    try:
        attack = point.load()
    except Exception as error:
        raise InvalidInput(
            "attacks", f"the attack {point.name!r} cannot be loaded ({error}); reinstall or remove its package"
        ) from error
    if not isinstance(attack, type) or not all(
        hasattr(attack, part) for part in ("name", "family", "threat_model", "needs", "run")
    ):
        raise InvalidInput("attacks", f"{point.value!r}, registered as the attack {point.name!r}, is not an attack; ask its author")
    return attack
