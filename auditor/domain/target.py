"""The audited model as seen from outside: where it is, how it is asked, what it turned out to answer."""

from dataclasses import dataclass
from enum import StrEnum


class WireProtocol(StrEnum):
    OPEN_INFERENCE = "open-inference"
    KSERVE_V1 = "kserve-v1"


class Rows(StrEnum):
    """How a row is sent: named fields, or one numeric tensor."""

    RECORDS = "records"
    MATRIX = "matrix"


class Output(StrEnum):
    """What the target answers for one record, from least to most."""

    LABELS = "labels"
    TOP_K = "top-k"
    PROBABILITIES = "probabilities"
    LOGITS = "logits"
    VALUE = "value"


class AuthKind(StrEnum):
    NONE = "none"
    BEARER = "bearer"
    BASIC = "basic"
    HEADER = "header"


@dataclass(frozen=True)
class Auth:
    """`secret` is a reference (`env:NAME` or `secret:ID`), never a value."""

    kind: AuthKind = AuthKind.NONE
    secret: str = ""
    header: str = "X-API-Key"


@dataclass(frozen=True)
class Target:
    url: str
    protocol: WireProtocol = WireProtocol.OPEN_INFERENCE
    rows: Rows = Rows.RECORDS
    output: Output = Output.PROBABILITIES
    classes: tuple[str, ...] = ()
    auth: Auth = Auth()


@dataclass(frozen=True)
class Profile:
    """What the probe measured. Answers reach attacks as probabilities in the order of `classes`."""

    output: Output
    classes: tuple[str, ...]
    decimals: int | None = None
    deterministic: bool = True
    batch_dependent: bool = False
    latency_ms: float = 0.0
    batch_size: int = 64
    notes: tuple[str, ...] = ()
    top: int = 0  # how many classes a top-k answer holds; 0: not known, or all

    @property
    def clip(self) -> float:
        """The smallest probability that the answers can tell from zero (half a unit in the last decimal)."""
        return 1e-7 if self.decimals is None else max(1e-7, 0.5 * 10.0**-self.decimals)
