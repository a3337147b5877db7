"""The second reading in the exported graph: what was found goes in, and comes out with its scores, best first."""

import io

import onnx
import torch
import torch.nn as nn
from onnx import TensorProto, compose, helper

from reading import CELL

PREFIX = "reading_"
FIRST = "found"


class Reread(nn.Module):
    """The cells [1, L + 2, h, w] and detections [k, 6] -> detections [k, 6]. A row of nothing goes before, so that there is always one."""

    def __init__(self, reading):
        super().__init__()
        self.reading = reading
        self.register_buffer("nothing", torch.zeros(1, 6))
        self.register_buffer("numbers", torch.arange(reading.classes, dtype=torch.float32)[None])

    def forward(self, cells, found):
        rows = torch.cat([self.nothing, found])
        kinds = (rows[:, 5:6] == self.numbers).float()
        scores = self.reading(cells[0], rows[:, :4], rows[:, 4], kinds)[1:]
        rows = torch.cat([found[:, :4], scores[:, None], found[:, 5:6]], 1)
        return rows[torch.sort(scores, descending=True)[1]]


def reread_graph(reading, canvas, opset):
    """ONNX of `Reread`; any number of detections, any size of map."""
    buffer, channels = io.BytesIO(), reading.groups + reading.classes + 3
    cells = torch.full((1, channels, canvas["height"] // CELL, canvas["width"] // CELL), 1.0 / channels)
    found = torch.tensor([[8.0, 8.0, 80.0, 64.0, 0.5, 0.0], [90.0, 8.0, 160.0, 64.0, 0.4, 1.0], [8.0, 90.0, 80.0, 150.0, 0.3, 0.0]])
    axes = {"cells": {2: "rows", 3: "columns"}, "found": {0: "k"}, "dets": {0: "k"}}
    torch.onnx.export(Reread(reading).eval(), (cells, found), buffer, input_names=["cells", "found"], output_names=["dets"],
                      dynamic_axes=axes, opset_version=opset, do_constant_folding=True)
    return compose.add_prefix(onnx.load_model_from_string(buffer.getvalue()), PREFIX)


def append_reading(model, reading, canvas):
    """`model` gives `dets` [k, 6] and `cells`; returns it giving `dets` with the scores of the second reading."""
    for node in model.graph.node:
        node.output[:] = [FIRST if name == "dets" else name for name in node.output]
    del model.graph.output[:]
    outputs = [(FIRST, ["k", 6]), ("cells", [1, "channels", "rows", "columns"])]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs)
    second = reread_graph(reading, canvas, model.opset_import[0].version)
    second.ir_version = model.ir_version
    merged = compose.merge_models(model, second, [("cells", f"{PREFIX}cells"), (FIRST, f"{PREFIX}found")], outputs=[f"{PREFIX}dets"])
    for node in merged.graph.node:
        node.output[:] = ["dets" if name == f"{PREFIX}dets" else name for name in node.output]
    del merged.graph.output[:]
    merged.graph.output.append(helper.make_tensor_value_info("dets", TensorProto.FLOAT, ["k", 6]))
    return merged
