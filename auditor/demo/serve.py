"""The target process: trains on the members, then answers over HTTP in the Open Inference Protocol V2.

python -m auditor.demo.serve --port 8080 [--members members.csv] [--safe]
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from flask import Flask, request
from flask.typing import ResponseReturnValue

from auditor.demo import adult
from auditor.demo.target import LEAKY, SAFE, train
from auditor.domain.data import Column
from auditor.learners import Model

MODEL = "income"


class BadRequestError(Exception):
    pass


def create_target(model: Model, columns: tuple[Column, ...]) -> Flask:
    """One model, named `income`."""
    app = Flask("auditor.demo.target")

    @app.get("/v2/health/live")
    @app.get("/v2/health/ready")
    @app.get(f"/v2/models/{MODEL}/ready")
    def ready() -> ResponseReturnValue:
        return {"ready": True}

    @app.get(f"/v2/models/{MODEL}")
    def metadata() -> ResponseReturnValue:
        inputs = [{"name": c.name, "datatype": datatype(c), "shape": [-1, 1]} for c in columns]
        return {"name": MODEL, "versions": ["1"], "platform": "auditor-demo", "inputs": inputs, "outputs": [_output(-1)]}

    @app.post(f"/v2/models/{MODEL}/infer")
    def infer() -> ResponseReturnValue:
        try:
            frame = frame_of(request.get_json(silent=True), columns)
        except BadRequestError as mistake:
            return {"error": str(mistake)}, 400
        probabilities = model.predict_proba(frame)
        return {
            "model_name": MODEL,
            "model_version": "1",
            "outputs": [_output(len(frame)) | {"data": probabilities.ravel().tolist()}],
        }

    return app


def datatype(column: Column) -> str:
    return "INT64" if column.type.is_numeric else "BYTES"


def _output(rows: int) -> dict[str, Any]:
    return {"name": "probabilities", "datatype": "FP64", "shape": [rows, len(adult.CLASSES)]}


def frame_of(body: Any, columns: tuple[Column, ...]) -> pd.DataFrame:
    """One tensor a column, by name; raises BadRequestError for anything else."""
    try:
        tensors = {tensor["name"]: np.ravel(np.array(tensor["data"], dtype=object)) for tensor in body["inputs"]}
        frame = pd.DataFrame({column.name: tensors[column.name] for column in columns})
        numbers = {column.name: "float64" for column in columns if column.type.is_numeric}
        return frame.astype(numbers)
    except KeyError as missing:
        raise BadRequestError(f"send a tensor named {missing}") from None
    except (TypeError, ValueError):
        raise BadRequestError("send inputs with a name, a datatype and as many data as the others") from None


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the demonstration's model and serve it.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: 127.0.0.1")
    parser.add_argument("--members", type=Path, help="records to train on; default: the 5,000 that the demonstration cuts")
    parser.add_argument("--safe", action="store_true")
    arguments = parser.parse_args()
    import waitress

    story = SAFE if arguments.safe else LEAKY
    members = adult.read(arguments.members) if arguments.members else adult.split(adult.load(), adult.SEED).members
    model = train(story, members)
    waitress.serve(create_target(model, adult.columns()), host=arguments.host, port=arguments.port, threads=4, ident=None)


if __name__ == "__main__":
    main()
