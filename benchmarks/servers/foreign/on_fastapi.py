"""python on_fastapi.py PORT: a bare list of records in, a bare list of probabilities out."""

import sys

import uvicorn
from fastapi import FastAPI
from served import probabilities, trained

MODEL = trained()
app = FastAPI()


@app.post("/predict")
def predict(rows: list[dict[str, int | float | str | None]]) -> list[list[float]]:
    return probabilities(MODEL, rows).tolist()


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
