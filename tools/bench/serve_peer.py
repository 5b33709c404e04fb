"""A server of a CTR model as one writes it with FastAPI, uvicorn and onnxruntime: the peer of bench/serve.ts.

usage: serve_peer.py MODEL_FOLDER PORT

It takes the requests that expctr-serve takes (rows of features, all of them categorical) and gives the same answers, checked by
pydantic, one run of the session a request, in one thread. The model.onnx is the one that expctr-serve is given; the vocabularies are in
its metadata.
"""

import json
import os
import sys

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

folder, port = sys.argv[1], int(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.path.join(folder, "model.onnx"), options, providers=["CPUExecutionProvider"])
schema = json.loads(session.get_modelmeta().custom_metadata_map["expctr.schema"])
ids = {table["name"]: {value: k + 1 for k, value in enumerate(table["vocabulary"])} for table in schema["tables"]}
features = [(feature["name"], ids[feature["table"]]) for feature in schema["features"]]
assert all(feature["kind"] == "categorical" for feature in schema["features"])


class Row(BaseModel):
    features: dict[str, str]


class PredictRequest(BaseModel):
    rows: list[Row]


class PredictAnswer(BaseModel):
    probabilities: list[float]


app = FastAPI()


@app.post("/v1/predict")
async def predict(request: PredictRequest) -> PredictAnswer:
    feeds = {
        name: np.array([vocabulary.get(row.features[name], 0) for row in request.rows], dtype=np.int32)
        for name, vocabulary in features
    }
    (probabilities,) = session.run(["probability"], feeds)
    return PredictAnswer(probabilities=probabilities.tolist())


@app.get("/healthz")
async def health() -> dict[str, str]:
    return {"status": "ok"}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
