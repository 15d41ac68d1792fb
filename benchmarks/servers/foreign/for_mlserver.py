"""python for_mlserver.py FOLDER PORT: what `mlserver start FOLDER` needs, for its own scikit-learn runtime."""

import json
import sys
from pathlib import Path

import joblib
from served import kind, trained

folder, port = Path(sys.argv[1]), int(sys.argv[2])
joblib.dump(trained(), folder / "model.joblib")
model = {
    "name": kind(),
    "implementation": "mlserver_sklearn.SKLearnModel",
    "parameters": {"uri": "./model.joblib", "version": "1"},
}
(folder / "model-settings.json").write_text(json.dumps(model))
ports = {"http_port": port, "grpc_port": port + 1, "metrics_port": port + 2}
(folder / "settings.json").write_text(json.dumps({"host": "127.0.0.1", "parallel_workers": 0, **ports}))
