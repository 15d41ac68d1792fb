"""python on_litserve.py PORT: a record a request, {"input": {...}} in, {"output": [...]} out."""

import sys
from typing import Any

import litserve
from served import probabilities, trained


class Served(litserve.LitAPI):
    def setup(self, device: str) -> None:
        self.model = trained()

    def decode_request(self, request):  # type: ignore[no-untyped-def]  # LitServe would take an annotation for a parameter of the URL
        return request["input"]

    def predict(self, x: Any) -> Any:
        return probabilities(self.model, [x])[0].tolist()

    def encode_response(self, output: Any) -> Any:
        return {"output": output}


if __name__ == "__main__":
    litserve.LitServer(Served(), accelerator="cpu").run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
