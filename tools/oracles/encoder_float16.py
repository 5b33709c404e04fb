"""Writes onnx/model_fp16.onnx beside the onnx/model.onnx of an encoder: all computed in float16, inputs and outputs as they were. For
`npm run bench -- encoder`, which prints how near such vectors are to those of float32.

usage: encoder_float16.py MODEL_FOLDER
Needs onnx, onnxconverter-common and onnxruntime.
"""
import pathlib
import sys

import onnx
import onnxruntime
from onnx import TensorProto, numpy_helper
from onnxconverter_common.float16 import convert_float_to_float16

folder = pathlib.Path(sys.argv[1]) / 'onnx'
model = onnx.load(folder / 'model.onnx')
graph = model.graph

# Weights that are stored as float16 and cast when the model is loaded become float32 first: the converter expects no others.
stored = {tensor.name: tensor for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT16}
kept = []
for node in graph.node:
    tensor = stored.get(node.input[0]) if node.op_type == 'Cast' else None
    if tensor is None:
        kept.append(node)
        continue
    graph.initializer.append(numpy_helper.from_array(numpy_helper.to_array(tensor).astype('float32'), node.output[0]))
    graph.initializer.remove(tensor)
del graph.node[:]
graph.node.extend(kept)

half = convert_float_to_float16(onnx.shape_inference.infer_shapes(model), keep_io_types=True)
outputs = {output.name for output in half.graph.output}
for node in half.graph.node:  # the converter leaves casts of the model's own, such as that of the mask, as they were
    for attribute in node.attribute:
        if node.op_type == 'Cast' and attribute.name == 'to' and attribute.i == TensorProto.FLOAT and not outputs.intersection(node.output):
            attribute.i = TensorProto.FLOAT16
path = folder / 'model_fp16.onnx'
onnx.save(half, path)
onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
print(path)
