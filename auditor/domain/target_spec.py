"""The `target` block of a spec: where the model is, and how it is spoken to."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from auditor.domain.learner import Task
from auditor.domain.limits_spec import LimitsSpec, check_limits
from auditor.domain.target import SPOKEN, Adapter, Auth, AuthKind, Explainer, Limits, Output, Rows, Target, WireProtocol
from auditor.errors import InvalidInput

DIGEST = re.compile(r"(sha256:)?[0-9a-fA-F]{64}")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AuthSpec(Part):
    kind: AuthKind = Field(description="none, bearer, basic, header, query, oauth2, google, sigv4 or mtls")
    secret: str = Field("", description="name of an environment variable (CLI) or id of a secret (API), never the value")
    header: str = Field("X-API-Key", description="header that carries the secret when kind is header")
    parameter: str = Field("key", description="argument of the URL that carries the secret when kind is query")
    token_url: str = Field("", description="where kind oauth2 gets its tokens")
    scope: str = Field("", description="scope that kinds oauth2 and google ask for")
    audience: str = Field("", description="audience that kind oauth2 asks for")
    region: str = Field("", description="region that kind sigv4 signs for; default: as the host says")
    service: str = Field("sagemaker", description="service that kind sigv4 signs for")


class AdapterSpec(Part):
    body: Any = Field(description="the request as a JSON value with placeholders such as $records or $rows")
    answer: str = Field("@", description="JMESPath to the answers in what comes back")
    names: str = Field("", description="JMESPath to the classes of the answers' columns, where the server says them")
    labels: Mapping[str, str] = Field(default_factory=dict, description="what the server calls a class: the class")
    score_of: str = Field("", description="the class that a single number belongs to; default: the second of classes")
    headers: Mapping[str, str] = Field(default_factory=dict, description="headers of every request; no credentials")
    query: Mapping[str, str] = Field(default_factory=dict, description="arguments of the URL; no credentials")


class CounterfactualSpec(Part):
    url: str = Field(description="where counterfactuals are asked for, on the host of the target")
    body: Any = Field(description="the request as a JSON value with placeholders such as $record and $ranges")
    record: str = Field("@", description="JMESPath to the counterfactual: fields by column, or a list in their order; null: none")
    label: str = Field("", description="JMESPath to the class of the record that was asked about, where the service says it")


class TargetSpec(Part):
    url: str = Field("", description="the inference URL, for example http://127.0.0.1:8080/v2/models/income/infer")
    model: str = Field("", description="in place of url: a model file, as a path (CLI) or the id of an uploaded model (API)")
    sha256: str = Field("", description="SHA-256 that the file under model should have; another file is a breach")
    protocol: WireProtocol = Field(WireProtocol.OPEN_INFERENCE, description="how the server is spoken to")
    rows: Rows = Field(
        Rows.RECORDS,
        description="how rows are sent: records, matrix, split, columns, csv or lines, as the protocol has them",
    )
    output: Output = Field(Output.PROBABILITIES, description="what the target answers; the probe checks it")
    classes: tuple[str, ...] = Field((), description="class labels in the order of the answers; default: sorted label strings")
    auth: AuthSpec | None = None
    adapter: AdapterSpec | None = Field(None, description="for protocol json: how this server is spoken to")
    ca: str = Field("", max_length=100_000, description="PEM of a private authority that signs the server's certificate")
    binary: bool = Field(False, description="for protocol open-inference: tensors as raw bytes, exact and smaller")
    counterfactual: CounterfactualSpec | None = Field(None, description="where the target explains itself by counterfactuals")
    limits: LimitsSpec | None = Field(None, description="connections, rows of a request, and hours in which it is not asked")

    @field_validator("classes", mode="before", json_schema_input_type=list[str | bool | int | float])
    @classmethod
    def _as_text(cls, value: object) -> object:
        return [_label(v) for v in value] if isinstance(value, list | tuple) else value

    @property
    def task(self) -> Task:
        """What the model was trained for follows from what it answers."""
        return Task.REGRESSION if self.output is Output.VALUE else Task.CLASSIFICATION

    def as_target(self) -> Target:
        auth = Auth() if self.auth is None else Auth(**dict(self.auth))
        adapter = None if self.adapter is None else Adapter(**dict(self.adapter))
        limits = Limits() if self.limits is None else self.limits.as_limits()
        explainer = None if self.counterfactual is None else Explainer(**dict(self.counterfactual))
        told = (self.url, self.protocol, self.rows, self.output, self.classes)
        return Target(*told, auth, adapter, self.ca, limits, self.binary, self.model, explainer)


def check_wire(target: TargetSpec) -> None:
    """Raises InvalidInput where protocol, rows and adapter do not go together, or a model file is spoken to like a server."""
    if not target.url and not target.model:
        raise InvalidInput("target.url", "add the key 'url', or name a model file under target.model")
    if target.model:
        _check_model(target)
        return
    if target.sha256:
        raise InvalidInput("target.sha256", "take it out; a server has no file to compare with")
    if (target.protocol is WireProtocol.JSON) != (target.adapter is not None):
        change = "take it out, or declare protocol: json" if target.adapter else "say how this server is spoken to: body and answer"
        raise InvalidInput("target.adapter", change)
    if target.rows not in SPOKEN[target.protocol]:
        known = " or ".join(SPOKEN[target.protocol])
        raise InvalidInput("target.rows", f"choose {known}; protocol {target.protocol} has no form for {target.rows}")
    if target.binary and target.protocol is not WireProtocol.OPEN_INFERENCE:
        raise InvalidInput("target.binary", f"take it out; protocol {target.protocol} has no binary form")
    if target.counterfactual is not None and target.output is Output.VALUE:
        raise InvalidInput("target.counterfactual", "take it out; a target that answers a value has no other class to lead to")
    _check_auth(target.auth)
    check_limits(target.limits)


def _check_model(target: TargetSpec) -> None:
    """A file has no address and no one to sign in to."""
    odd = next((key for key in ("url", "auth", "adapter", "ca", "counterfactual") if getattr(target, key)), None)
    if odd is not None:
        raise InvalidInput(f"target.{odd}", "take it out; a model file is asked in a process of this machine")
    if target.sha256 and not DIGEST.fullmatch(target.sha256):
        raise InvalidInput("target.sha256", "write the 64 hexadecimal digits that `sha256sum` prints")


def _check_auth(auth: AuthSpec | None) -> None:
    """A key that this kind does not read is a mistake, and so is a missing one."""
    if auth is None:
        return
    if auth.kind is AuthKind.OAUTH2 and not auth.token_url:
        raise InvalidInput("target.auth.token_url", "say where tokens are given out, such as https://login.example.com/token")
    readers = {
        "token_url": (AuthKind.OAUTH2,),
        "audience": (AuthKind.OAUTH2,),
        "scope": (AuthKind.OAUTH2, AuthKind.GOOGLE),
        "region": (AuthKind.SIGV4,),
    }
    odd = next((key for key, kinds in readers.items() if getattr(auth, key) and auth.kind not in kinds), None)
    if odd is not None:
        raise InvalidInput(f"target.auth.{odd}", f"take it out; kind {auth.kind} does not read it")


def _label(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
