"""python for_mlflow.py FOLDER PORT: a model that `mlflow models serve` answers with probabilities."""

import sys

import mlflow.sklearn
from served import trained

mlflow.sklearn.save_model(trained(), f"{sys.argv[1]}/model", pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle")
