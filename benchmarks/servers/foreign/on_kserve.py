"""python on_kserve.py PORT: V1 and the Open Inference Protocol on one port."""

import sys
from typing import Any

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from served import kind, probabilities, trained


class Served(Model):
    def __init__(self) -> None:
        super().__init__(kind())
        self.model = trained()
        self.ready = True

    def predict(self, payload: Any, headers: Any = None, response_headers: Any = None) -> Any:
        if not isinstance(payload, InferRequest):
            return {"predictions": probabilities(self.model, payload["instances"]).tolist()}
        found = probabilities(self.model, payload.as_dataframe())
        output = InferOutput("probabilities", list(found.shape), "FP64")
        output.set_data_from_numpy(found, binary_data=False)
        return InferResponse(payload.id or "1", kind(), [output])


if __name__ == "__main__":
    port = int(sys.argv[1])
    ModelServer(http_port=port, grpc_port=port + 1, workers=1, access_log_format=None).start([Served()])
