"""The spec of an audit: one document for the CLI (YAML: paths, variable names) and the API (JSON: ids).

`parse` reads either into the same frozen value. A mistake names its field and says what to change.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from auditor.domain.data import ColumnType
from auditor.domain.key_forms import SHAPES, WANTED, bounded, lacking
from auditor.domain.learner import Task
from auditor.domain.limits_spec import LimitsSpec, WindowSpec
from auditor.domain.policy import BUILTIN, DEFAULT_LEVEL, GATED_FAMILIES, Policy
from auditor.domain.target_spec import AdapterSpec, CounterfactualSpec, Part, check_wire
from auditor.domain.target_spec import AuthSpec as AuthSpec
from auditor.domain.target_spec import TargetSpec as TargetSpec
from auditor.errors import InvalidInput

TIERS = {"quick": 4, "standard": 16, "full": 64}
LOOKS = (4, 16, 64)
NEAR = 0.6
MOST_ATTACKS = 200
LISTED = 12
FILES = ("members", "non_members", "auxiliary", "canaries", "key", "training")


class SensitiveSpec(Part):
    name: str
    columns: tuple[str, ...]


class DataSpec(Part):
    members: str | None = Field(None, description="records in the training data: a CSV or Parquet path (CLI) or a dataset id (API)")
    non_members: str | None = Field(None, description="records of the same population that were not in the training data")
    canaries: str | None = Field(None, description="all canaries, in place of members and non_members; see `auditor canaries`")
    key: str | None = Field(None, description="the coin flips that decided which canaries were trained on")
    auxiliary: str | None = Field(
        None, description="what an adversary may know of the population; default: a third of the non-members"
    )
    training: str | None = Field(
        None, description="the rest of the training data: shadow models are trained on it too, and see more"
    )
    label: str = Field(description="the column that the model predicts")
    features: tuple[str, ...] | None = Field(
        None, description="columns sent to the target, in order; default: all but label and exclude"
    )
    exclude: tuple[str, ...] = Field((), description="columns that are never sent")
    types: Mapping[str, ColumnType] = Field(default_factory=dict, description="column types that override the guess")
    missing: tuple[str, ...] = Field(("",), description="cells that mean missing")
    sensitive: tuple[SensitiveSpec, ...] = Field((), description="attributes whose inference is tried")
    group: str | None = Field(
        None, description="the column that names a household or user; its records are trained on together or not at all"
    )
    subgroups: tuple[str, ...] = Field((), description="columns whose values are reported apart, beside the classes")
    bounds: Mapping[str, tuple[float, float]] = Field({}, description="low and high end of numbers; default: as the records show")
    image_shape: tuple[int, ...] | None = Field(None, description="rows and columns of pixels, where every record is an image")

    @field_validator("sensitive", mode="before", json_schema_input_type=list[SensitiveSpec | str])
    @classmethod
    def _short_form(cls, value: object) -> object:
        if not isinstance(value, list | tuple):
            return value
        return [{"name": v, "columns": [v]} if isinstance(v, str) else v for v in value]

    @property
    def files(self) -> dict[str, str]:
        """The files that are named, by their key."""
        named = {name: getattr(self, name) for name in FILES}
        return {name: value for name, value in named.items() if value is not None}


class LearnerSpec(Part):
    name: str = "auto"
    params: Mapping[str, Any] = Field(default_factory=dict)


class AttackSpec(Part):
    name: str
    params: Mapping[str, Any] = Field(default_factory=dict)


class BudgetSpec(Part):
    queries: int = Field(200_000, ge=1, le=1_000_000_000, description="rows the target may be asked, retries included")
    rate: float = Field(0, ge=0, description="rows a second; 0 means as fast as the target answers")
    price_per_1000: float | None = Field(None, ge=0, description="what 1,000 rows cost, in any currency; the estimate multiplies")


class ClaimedEpsilon(Part):
    epsilon: float = Field(gt=0, le=1000, description="the privacy budget that the training claims to have kept")
    delta: float = Field(1e-5, ge=0, lt=1, description="the probability with which the claim may fail")


class PropertySpec(Part):
    column: str = Field(description="the feature that the property is about")
    value: str = Field(description="the value that makes the property")
    ratios: tuple[float, float] = Field((0.3, 0.5), description="the two shares of the training data that are to be told apart")

    @field_validator("value", mode="before", json_schema_input_type=str | int | float | bool)
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, bool | int | float) else value


class Declared(Part):
    """Apart from the spec itself, where the name of this key would hide Python's own word."""

    property: PropertySpec | None = Field(None, description="a confidential share of the training data: {column, value, ratios}")


class AuditSpec(Declared):
    spec: Literal[1] = Field(1, description="version of this format")
    name: str = Field("audit", min_length=1, max_length=200)
    target: TargetSpec | str = Field(description="a target block (CLI) or the id of a registered target (API)")
    data: DataSpec
    learner: LearnerSpec = Field(
        LearnerSpec(), description="how the model was trained; auto picks the closest of the known learners"
    )
    attacks: Literal["quick", "standard", "full"] | tuple[AttackSpec, ...] = Field("standard", description="a tier or a list")
    shadows: Literal["auto"] | int | None = Field(None, description="an even number, or auto: 4, 16, 64 until two looks agree")
    budget: BudgetSpec = BudgetSpec()
    claimed_epsilon: ClaimedEpsilon | None = Field(None, description="(epsilon, delta) of a differentially private training")
    policy: str | Mapping[str, float | None] = Field("default", description="default, people, or {family: level or null}")
    seed: int = Field(7, ge=0, le=2**53)

    @field_validator("learner", mode="before", json_schema_input_type=LearnerSpec | str)
    @classmethod
    def _learner_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("claimed_epsilon", mode="before", json_schema_input_type=ClaimedEpsilon | float | None)
    @classmethod
    def _claimed_number(cls, value: object) -> object:
        return {"epsilon": value} if isinstance(value, int | float) and not isinstance(value, bool) else value

    @field_validator("attacks", mode="before", json_schema_input_type=Literal["quick", "standard", "full"] | list[AttackSpec | str])
    @classmethod
    def _attack_names(cls, value: object) -> object:
        if isinstance(value, list | tuple):
            return [{"name": v} if isinstance(v, str) else v for v in value]
        return value

    @property
    def target_block(self) -> TargetSpec:
        if isinstance(self.target, str):
            raise InvalidInput("target", "resolve the target id before the audit is planned")
        return self.target

    @property
    def shadow_looks(self) -> tuple[int, ...]:
        """The numbers of shadow models at which the audit looks at its outcome."""
        if self.shadows == "auto":
            return LOOKS
        if self.shadows is None:
            return (TIERS[self.attacks] if isinstance(self.attacks, str) else TIERS["standard"],)
        return (self.shadows,)

    @property
    def resolved_policy(self) -> Policy:
        if isinstance(self.policy, str):
            return BUILTIN[self.policy]
        return Policy("custom", {family: self.policy.get(family, DEFAULT_LEVEL) for family in GATED_FAMILIES})

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def parse(document: object) -> AuditSpec:
    """A spec from parsed YAML or JSON; raises InvalidInput naming the first field that is wrong."""
    if not isinstance(document, Mapping):
        raise InvalidInput("spec", "write the spec as a mapping of keys, starting with `spec: 1`")
    try:
        spec = AuditSpec.model_validate(document)
    except ValidationError as error:
        raise first_mistake(error, AuditSpec) from None
    _check(spec)
    return spec


def _check(spec: AuditSpec) -> None:
    if isinstance(spec.shadows, int) and (spec.shadows < 4 or spec.shadows % 2 or spec.shadows > 1024):
        raise InvalidInput(
            "shadows", f"choose an even number from 4 to 1024 (shadows come in complementary pairs), not {spec.shadows}"
        )
    if isinstance(spec.attacks, tuple) and not spec.attacks:
        raise InvalidInput("attacks", "name at least one attack, or a tier: quick, standard or full")
    if isinstance(spec.attacks, tuple) and len(spec.attacks) > MOST_ATTACKS:
        raise InvalidInput("attacks", f"name at most {MOST_ATTACKS} attacks, not {len(spec.attacks):,}")
    _check_policy(spec)
    if isinstance(spec.target, TargetSpec):
        check_wire(spec.target)
    if isinstance(spec.target, TargetSpec) and spec.target.task is Task.REGRESSION and spec.target.classes:
        raise InvalidInput("target.classes", "take the classes out; a target that answers a value has none")
    _check_property(spec)
    _check_files(spec.data)
    label = spec.data.label
    if spec.data.features is not None and label in spec.data.features:
        raise InvalidInput("data.features", f"take the label column {label!r} out of the features; it is what the model predicts")
    for sensitive in spec.data.sensitive:
        if label in sensitive.columns:
            raise InvalidInput("data.sensitive", f"{label!r} is the label; name a feature as the sensitive attribute instead")


def _check_property(spec: AuditSpec) -> None:
    declared = spec.property
    if declared is None:
        return
    if declared.column == spec.data.label:
        raise InvalidInput("property.column", f"{declared.column!r} is the label, whose shares are no secret; name a feature")
    first, second = declared.ratios
    if not (0 < first < 1 and 0 < second < 1) or first == second:
        raise InvalidInput("property.ratios", "give two different shares above 0 and below 1, such as [0.3, 0.5]")


def _check_files(data: DataSpec) -> None:
    """Members and non-members, or canaries and their key: one of the two, and both halves of it."""
    split, coins = ("members", "non_members"), ("canaries", "key")
    if {*coins} & data.files.keys():
        other = next((name for name in split if name in data.files), None)
        if other is not None:
            raise InvalidInput(f"data.{other}", "take it out; the canaries and their key say which records were trained on")
        missing = next((name for name in coins if name not in data.files), None)
        if missing is not None:
            raise InvalidInput(f"data.{missing}", f"add the key {missing!r}; `auditor canaries` writes canaries and key together")
        return
    missing = next((name for name in split if name not in data.files), None)
    if missing is not None:
        raise InvalidInput(f"data.{missing}", f"add the key {missing!r}, or audit with canaries and their key")


def _check_policy(spec: AuditSpec) -> None:
    if isinstance(spec.policy, str):
        if spec.policy not in BUILTIN:
            raise InvalidInput(
                "policy", f"there is no policy {spec.policy!r}; choose {' or '.join(BUILTIN)}, or give levels by family"
            )
        return
    for family, level in spec.policy.items():
        if family not in GATED_FAMILIES:
            raise InvalidInput(f"policy.{family}", f"unknown family{suggestion(family, GATED_FAMILIES)}")
        if level is not None and not 0 < level <= 100:
            raise InvalidInput(f"policy.{family}", "a level is a score above 0 and at most 100, or null to report without deciding")


def first_mistake(error: ValidationError, model: type[BaseModel]) -> InvalidInput:
    """The first validation error as one sentence; an unknown key suggests the nearest known one."""
    problems = error.errors(include_url=False)
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])  # a misspelled key is also a missing one
    path = _path(problem)
    field = ".".join(path)
    if problem["type"] == "extra_forbidden":
        return InvalidInput(field, f"unknown key {path[-1]!r}{suggestion(path[-1], _known_keys(model, path[:-1]))}")
    if problem["type"] == "missing":
        return InvalidInput(*lacking(path))
    text = WANTED.get(field) or SHAPES.get(problem["type"]) or bounded(problem["type"], problem.get("ctx", {})) or problem["msg"]
    return InvalidInput(field, text[:1].lower() + text[1:])


def _path(problem: ErrorDetails) -> list[str]:
    """Where the mistake is, without the marks that pydantic sets for the alternatives of a union; a key of the user is no mark."""
    *parents, last = problem["loc"] or ("",)
    names_a_key = problem["type"] in ("extra_forbidden", "missing")
    kept = [str(p) for p in parents if not _is_union_tag(p)]
    return kept if _is_union_tag(last) and not names_a_key else [*kept, str(last)]


def suggestion(word: str, known: Iterable[object]) -> str:
    """The nearest known name, or what is known: a file may have thousands of columns, so not all of them."""
    names = [str(name) for name in known]
    near = difflib.get_close_matches(str(word), names, n=1, cutoff=NEAR)
    if near:
        return f"; did you mean {near[0]!r}?"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"; known are: {', '.join(names[:LISTED])}{more}"


def _is_union_tag(part: object) -> bool:
    return isinstance(part, str) and (part in ("str", "int") or part.endswith("Spec") or "[" in part)


def _known_keys(model: type[BaseModel], path: list[str]) -> list[str]:
    """Keys allowed at this place of the document."""
    current: type[BaseModel] = model
    for part in path:
        if part.isdigit():
            continue
        nested: dict[str, type[BaseModel]] = {
            "target": TargetSpec,
            "auth": AuthSpec,
            "adapter": AdapterSpec,
            "limits": LimitsSpec,
            "blackout": WindowSpec,
            "data": DataSpec,
            "sensitive": SensitiveSpec,
            "learner": LearnerSpec,
        }
        nested |= {"attacks": AttackSpec, "budget": BudgetSpec, "audit": AuditSpec, "claimed_epsilon": ClaimedEpsilon}
        nested |= {"property": PropertySpec, "counterfactual": CounterfactualSpec}
        current = nested.get(part, current)
    return list(current.model_fields)
