"""python on_ray.py PORT: a deployment of Ray Serve, {"instances": [...]} in, {"predictions": [...]} out."""

import os
import sys
from typing import Any

import ray
from ray import serve
from served import probabilities, trained
from starlette.requests import Request


@serve.deployment(ray_actor_options={"num_cpus": 0.1})
class Served:
    def __init__(self) -> None:
        self.model = trained()

    async def __call__(self, request: Request) -> Any:
        body = await request.json()
        return {"predictions": probabilities(self.model, body["instances"]).tolist()}


if __name__ == "__main__":
    names = ("SERVED_MODEL", "SERVED_DATA", "PYTHONPATH")
    environment = {"env_vars": {name: os.environ[name] for name in names}}
    ray.init(num_cpus=2, object_store_memory=100_000_000, include_dashboard=False, runtime_env=environment)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Served.bind(), route_prefix="/predict", blocking=True)
