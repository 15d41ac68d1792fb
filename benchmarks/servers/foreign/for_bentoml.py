"""`bentoml serve for_bentoml:Served`: records as the argument x in, lists of probabilities out."""

from typing import Any

import bentoml
from served import probabilities, trained


@bentoml.service(workers=1)
class Served:
    def __init__(self) -> None:
        self.model = trained()

    @bentoml.api
    def classify(self, x: list[dict[str, Any]]) -> list[list[float]]:
        return probabilities(self.model, x).tolist()
