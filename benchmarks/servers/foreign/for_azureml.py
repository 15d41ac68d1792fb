"""`azmlinfsrv --entry_script for_azureml.py`: {"data": [...]} in, {"result": [...]} out."""

import json
from typing import Any

from served import probabilities, trained

MODEL: Any = None


def init() -> None:
    global MODEL
    MODEL = trained()


def run(body: str) -> Any:
    return {"result": probabilities(MODEL, json.loads(body)["data"]).tolist()}
