"""The audited model as seen from outside: where it is, how it is asked, what it turned out to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from auditor.domain.blackout import Window


class WireProtocol(StrEnum):
    OPEN_INFERENCE = "open-inference"
    KSERVE_V1 = "kserve-v1"
    MLFLOW = "mlflow"
    SAGEMAKER = "sagemaker"
    VERTEX = "vertex"
    AZUREML = "azureml"
    DATABRICKS = "databricks"
    BENTOML = "bentoml"
    TORCHSERVE = "torchserve"
    SELDON = "seldon"
    JSON = "json"


class Rows(StrEnum):
    """How rows are sent: named fields, one numeric tensor, names once and rows as lists, a list a column, or as text."""

    RECORDS = "records"
    MATRIX = "matrix"
    SPLIT = "split"
    COLUMNS = "columns"
    CSV = "csv"
    LINES = "lines"


PLAIN = (Rows.RECORDS, Rows.MATRIX)
TABLES = (Rows.RECORDS, Rows.SPLIT, Rows.COLUMNS, Rows.MATRIX, Rows.CSV)
SPOKEN: Mapping[WireProtocol, tuple[Rows, ...]] = {
    WireProtocol.OPEN_INFERENCE: PLAIN,
    WireProtocol.KSERVE_V1: (*PLAIN, Rows.COLUMNS),
    WireProtocol.MLFLOW: TABLES,
    WireProtocol.SAGEMAKER: (*PLAIN, Rows.CSV, Rows.LINES),
    WireProtocol.VERTEX: PLAIN,
    WireProtocol.AZUREML: (*PLAIN, Rows.SPLIT),
    WireProtocol.DATABRICKS: TABLES,
    WireProtocol.BENTOML: (*PLAIN, Rows.COLUMNS),
    WireProtocol.TORCHSERVE: PLAIN,
    WireProtocol.SELDON: PLAIN,
    WireProtocol.JSON: (Rows.RECORDS,),
}
"""Which rows each protocol has a form for; the body of `json` says it itself."""


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
    QUERY = "query"
    OAUTH2 = "oauth2"
    GOOGLE = "google"
    SIGV4 = "sigv4"
    MTLS = "mtls"


@dataclass(frozen=True)
class Auth:
    """`secret` is a reference (`env:NAME` or `secret:ID`), never a value. The other fields belong to one kind or two."""

    kind: AuthKind = AuthKind.NONE
    secret: str = ""
    header: str = "X-API-Key"
    parameter: str = "key"
    token_url: str = ""
    scope: str = ""
    audience: str = ""
    region: str = ""
    service: str = "sagemaker"


@dataclass(frozen=True)
class Adapter:
    """How a server without a protocol of its own is spoken to.

    `body`: a JSON value with placeholders such as `$records`. `answer` and `names`: JMESPath to the answers and to the classes of
    their columns. `labels`: what the server calls a class -> the class. `score_of`: the class that a single number belongs to.
    `headers`, `query`: what every request carries beside the body.
    """

    body: Any
    answer: str = "@"
    names: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    score_of: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Explainer:
    """Where counterfactuals are asked for, on the host of the target. `body`: a JSON value with placeholders such as `$record` and
    `$ranges`. `record` and `label`: JMESPath to the counterfactual, and to the class of the record that was asked about."""

    url: str
    body: Any
    record: str = "@"
    label: str = ""


@dataclass(frozen=True)
class Limits:
    """How the one who runs the model wants it to be asked; `rows` of one request, None: as many as it takes."""

    connections: int = 4
    rows: int | None = None
    blackout: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Target:
    url: str
    protocol: WireProtocol = WireProtocol.OPEN_INFERENCE
    rows: Rows = Rows.RECORDS
    output: Output = Output.PROBABILITIES
    classes: tuple[str, ...] = ()
    auth: Auth = Auth()
    adapter: Adapter | None = None
    ca: str = ""  # certificates of a private authority, as PEM
    limits: Limits = Limits()
    binary: bool = False  # tensors as raw bytes (open-inference)
    model: str = ""  # the id of a submitted model file, in place of a URL
    explainer: Explainer | None = None


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
