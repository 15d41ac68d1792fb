"""The servers: what is installed, how each is started, and where its model is asked."""

from dataclasses import dataclass
from pathlib import Path

FOREIGN = Path(__file__).parent / "foreign"
SKLEARN = "scikit-learn==1.9.1"


@dataclass(frozen=True)
class Server:
    """`prepare`, `start`: command lines with {bin}, {here}, {folder}, {port}. `path`, `ready`: with {kind}, the name of the model.

    `shown`: the start command as a reader would type it.
    """

    package: str
    version: str
    also: tuple[str, ...]
    start: str
    path: str
    shown: str
    ready: str = "/"
    prepare: str = ""

    @property
    def requirements(self) -> tuple[str, ...]:
        return f"{self.package}=={self.version}", SKLEARN, *self.also


OPEN_INFERENCE = "/v2/models/{kind}/infer"
SERVERS: dict[str, Server] = {
    "mlserver": Server(
        *("mlserver", "1.7.1", ("mlserver-sklearn==1.7.1",)),
        start="{bin}/mlserver start {folder}",
        path=OPEN_INFERENCE + "#predict_proba",
        shown="`mlserver start DIR`, its own scikit-learn runtime",
        ready="/v2/models/{kind}/ready",
        prepare="{bin}/python {here}/for_mlserver.py {folder} {port}",
    ),
    "kserve": Server(
        *("kserve", "0.21.0", ()),
        start="{bin}/python {here}/on_kserve.py {port}",
        path=OPEN_INFERENCE,
        shown="`ModelServer().start([model])`",
        ready="/v2/models/{kind}/ready",
    ),
    "kserve-v1": Server(
        *("kserve", "0.21.0", ()),
        start="{bin}/python {here}/on_kserve.py {port}",
        path="/v1/models/{kind}:predict",
        shown="the same, at its V1 address",
        ready="/v2/models/{kind}/ready",
    ),
    "triton": Server(
        *("nvidia-pytriton", "0.7.0", ("pandas",)),
        start="{bin}/python {here}/on_triton.py {port}",
        path=OPEN_INFERENCE,
        shown="`Triton().bind(...)`, then `.serve()`; a tensor a column",
        ready="/v2/models/{kind}/ready",
    ),
    "mlflow": Server(
        *("mlflow", "3.17.2", ()),
        start="{bin}/mlflow models serve -m {folder}/model -h 127.0.0.1 -p {port} --env-manager local -w 1",
        path="/invocations",
        shown='`mlflow models serve -m MODEL --env-manager local`, saved with `pyfunc_predict_fn="predict_proba"`',
        ready="/ping",
        prepare="{bin}/python {here}/for_mlflow.py {folder} {port}",
    ),
    "bentoml": Server(
        *("bentoml", "1.4.39", ("pandas",)),
        start="{bin}/bentoml serve for_bentoml:Served --working-dir {here} --host 127.0.0.1 --port {port}",
        path="/classify",
        shown="`bentoml serve service:Served`, an argument `x` of records",
        ready="/readyz",
    ),
    "azureml": Server(
        *("azureml-inference-server-http", "1.5.1", ("pandas",)),
        start="{bin}/azmlinfsrv --entry_script {here}/for_azureml.py --port {port}",
        path="/score",
        shown="`azmlinfsrv --entry_script score.py`",
    ),
    "litserve": Server(
        *("litserve", "0.2.19", ("pandas",)),
        start="{bin}/python {here}/on_litserve.py {port}",
        path="/predict",
        shown="`LitServer(Api()).run()`, a record a request",
        ready="/health",
    ),
    "fastapi": Server(
        *("fastapi", "0.165.0", ("uvicorn", "pandas")),
        start="{bin}/python {here}/on_fastapi.py {port}",
        path="/predict",
        shown="`uvicorn.run(app)`, a list of records",
        ready="/openapi.json",
    ),
    "ray": Server(
        *("ray", "2.60.0", ("ray[serve]==2.60.0", "pandas")),
        start="{bin}/python {here}/on_ray.py {port}",
        path="/predict",
        shown="`serve.run(app)`, instances in and predictions out",
        ready="/-/routes",
    ),
}
