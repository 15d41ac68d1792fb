"""python on_triton.py PORT: the C++ server with one tensor a column, answering FP64."""

import sys
from typing import Any

import numpy as np
import pandas as pd
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig
from served import FEATURES, NUMBERS, kind, probabilities, trained

MODEL = trained()


@batch
def infer(**columns: Any) -> Any:
    frame = pd.DataFrame({name: cells[:, 0] for name, cells in columns.items()})
    texts = [name for name in frame if name not in NUMBERS]
    frame[texts] = frame[texts].map(bytes.decode)
    return {"probabilities": probabilities(MODEL, frame)}


port = int(sys.argv[1])
inputs = [Tensor(name=name, dtype=np.int64 if name in NUMBERS else np.bytes_, shape=(1,)) for name in FEATURES[kind()]]
outputs = [Tensor(name="probabilities", dtype=np.float64, shape=(2,))]
config = TritonConfig(http_address="127.0.0.1", http_port=port, grpc_port=port + 1, metrics_port=port + 2)
with Triton(config=config) as triton:
    triton.bind(model_name=kind(), infer_func=infer, inputs=inputs, outputs=outputs, config=ModelConfig(max_batch_size=256))
    triton.serve()
