"""Torch -> ONNX: two graphs, decode, NMS and TopK inside; weights stored as int8 with a scale per row, computed in float32.

Storing a byte per weight makes the file a quarter: the Cast and the Mul behind each weight are folded away when the runtime
loads the graph (a DequantizeLinear would stay in it). The network that is measured is rounded the same way first, so nothing
is lost between the figures and the file.
"""

import copy
import io

import numpy as np
import onnx
import torch
import torch.nn as nn
from onnx import TensorProto, helper, numpy_helper

from export_reading import append_reading
from network import STRIDES, decode_boxes, flatten_levels

OPSET = 13
MIN_SMALL_ELEMENTS = 512
STEPS = 127
STEPS_NAME, SCALE_NAME = "_int8", "_scale"


def fold_and_round(model):
    """A copy with batch norms folded into their convolutions and the large weights rounded to 255 steps a row."""
    model = copy.deepcopy(model).eval().to(memory_format=torch.contiguous_format)
    for module in list(model.modules()):
        if isinstance(module, nn.Sequential) and len(module) == 3 and isinstance(module[1], nn.BatchNorm2d):
            module[0] = torch.nn.utils.fuse_conv_bn_eval(module[0], module[1])
            module[1] = nn.Identity()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1 and parameter.numel() >= MIN_SMALL_ELEMENTS:
                parameter.copy_(torch.from_numpy(rounded_rows(parameter.numpy())))
    return model


def steps_and_scale(value):
    """int8 of the same shape, and the step of each row [R, 1, ...]: of 11 bits, so that 127 steps are exact in float32."""
    most = np.abs(value).reshape(len(value), -1).max(1)
    mantissa, exponent = np.frexp(np.maximum(most / np.float32(STEPS), np.float32(1e-12)))
    scale = np.ldexp(np.round(mantissa * 2048) / np.float32(2048), exponent).astype(np.float32)
    scale = scale.reshape(-1, *[1] * (value.ndim - 1))
    return np.clip(np.round(value / scale), -STEPS, STEPS).astype(np.int8), scale


def rounded_rows(value):
    """The weights as they come back from `steps_and_scale`; rounding them again changes nothing."""
    steps, scale = steps_and_scale(value)
    return steps.astype(np.float32) * scale


def grid(levels):
    """Cell centres and strides, from the shapes of the maps so that the size stays dynamic."""
    points, strides = [], []
    for level, stride in zip(levels, STRIDES):
        ones = torch.ones_like(level[0, 0])
        ys, xs = (torch.cumsum(ones, 0) - 0.5) * stride, (torch.cumsum(ones, 1) - 0.5) * stride
        points.append(torch.stack([xs.reshape(-1), ys.reshape(-1)], 1))
        strides.append(ones.reshape(-1, 1) * stride)
    return torch.cat(points), torch.cat(strides)


class Detector(nn.Module):
    def __init__(self, mirrored):
        super().__init__()
        self.mirrored = mirrored
        self.net = mirrored.net

    def forward(self, transmission):
        logits, raw, *cells = self.mirrored.detect(transmission)
        points, strides = grid(logits)
        return decode_boxes(flatten_levels(raw), points, strides), flatten_levels(logits).sigmoid().transpose(1, 2), *cells


class Goods(nn.Module):
    """Of the scan as it is, with its second reading."""

    def __init__(self, whole):
        super().__init__()
        self.net, self.matter, self.reading = whole.net, whole.matter, whole.goods

    def forward(self, transmission):
        front, high = self.net.front(transmission)
        x3, x4, x5 = self.net.backbone(front)
        presence, share = self.net.goods(x4, x5, high)
        told = self.matter(self.net.neck(x3, x4, x5)).softmax(1)
        return self.reading(presence, share, told, high).sigmoid(), share


class Embedding(nn.Module):
    def __init__(self, whole, head):
        super().__init__()
        self.net, self.matter, self.head = whole.net, whole.matter, head

    def forward(self, transmission):
        return self.head(self.head.pooled(self.net, self.matter, *self.net.front(transmission)))


def to_onnx(module, outputs, canvas):
    buffer = io.BytesIO()
    sample = torch.ones(1, 2, canvas["height"], canvas["width"]) * 0.5
    axes = {"transmission": {2: "height", 3: "width"}}
    if "boxes" in outputs:
        axes.update({"boxes": {1: "places"}, "scores": {2: "places"}})
    if "cells" in outputs:
        axes.update({"cells": {2: "rows", 3: "columns"}})
    torch.onnx.export(module, sample, buffer, input_names=["transmission"], output_names=outputs,
                      dynamic_axes=axes, opset_version=OPSET, do_constant_folding=True)
    return onnx.load_model_from_string(buffer.getvalue())


def append_selection(model, decode):
    """boxes, scores -> dets [k, 6]: NonMaxSuppression per class, then the best `total` by score."""
    graph = model.graph
    constants = {
        "nms_most": np.array([decode["perClass"]], np.int64), "nms_iou": np.array([decode["iou"]], np.float32),
        "nms_floor": np.array([decode["scoreFloor"]], np.float32), "total": np.array([decode["total"]], np.int64),
        "column_class": np.array([1], np.int64), "column_box": np.array([2], np.int64), "first": np.array([0], np.int64),
        "only_axis": np.array([0], np.int64), "columns_class_box": np.array([1, 2], np.int64), "axis_one": np.array([1], np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    node = helper.make_node
    graph.node.extend([
        node("NonMaxSuppression", ["boxes", "scores", "nms_most", "nms_iou", "nms_floor"], ["selected"]),
        node("Gather", ["selected", "columns_class_box"], ["class_box"], axis=1),
        node("Squeeze", ["scores", "only_axis"], ["scores_flat"]),
        node("GatherND", ["scores_flat", "class_box"], ["score_each"]),
        node("Gather", ["class_box", "first"], ["class_column"], axis=1),
        node("Squeeze", ["class_box_second", "axis_one"], ["box_index"]),
        node("Squeeze", ["boxes", "only_axis"], ["boxes_flat"]),
        node("Gather", ["boxes_flat", "box_index"], ["box_each"], axis=0),
        node("Cast", ["class_column"], ["class_each"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["score_each", "axis_one"], ["score_column"]),
        node("Concat", ["box_each", "score_column", "class_each"], ["rows"], axis=1),
        node("Shape", ["score_each"], ["count"]),
        node("Min", ["count", "total"], ["kept"]),
        node("TopK", ["score_each", "kept"], ["top_score", "top_index"], axis=0, largest=1, sorted=1),
        node("Gather", ["rows", "top_index"], ["dets"], axis=0),
    ])
    split = node("Gather", ["class_box", "column_class"], ["class_box_second"], axis=1)
    position = next(i for i, n in enumerate(graph.node) if n.output[0] == "class_column")
    graph.node.insert(position, split)
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("dets", TensorProto.FLOAT, ["k", 6]))
    unused = {"column_box"}
    for tensor in [t for t in graph.initializer if t.name in unused]:
        graph.initializer.remove(tensor)


def store_small(model):
    """Large float weights that stand on such steps become int8 initialisers with a Cast to float and a Mul by the step."""
    graph = model.graph
    nodes = []
    for tensor in list(graph.initializer):
        value = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or value.ndim < 2 or value.size < MIN_SMALL_ELEMENTS:
            continue
        steps, scale = steps_and_scale(value)
        if not np.array_equal(steps.astype(np.float32) * scale, value):
            continue
        name = tensor.name
        graph.initializer.remove(tensor)
        graph.initializer.extend([numpy_helper.from_array(steps, name + STEPS_NAME), numpy_helper.from_array(scale, name + SCALE_NAME)])
        nodes.append(helper.make_node("Cast", [name + STEPS_NAME], [name + "_wide"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [name + "_wide", name + SCALE_NAME], [name]))
    for i, node in enumerate(nodes):
        graph.node.insert(i, node)


def finish(model, path, name):
    store_small(model)
    model.graph.name, model.producer_name, model.producer_version = name, "lynceus", ""
    del model.metadata_props[:]
    model.graph.doc_string = ""
    for each in model.graph.node:
        each.doc_string = ""
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def detector_graph(whole, config):
    """The mirrored network `whole` with its selection and second reading, and the same without both."""
    dense = to_onnx(Detector(whole).eval(), ["boxes", "scores", "cells"], config["canvas"])
    model = copy.deepcopy(dense)
    append_selection(model, config["decode"])
    return append_reading(model, whole.reading, config["canvas"]), dense


def export(whole, head, config, folder):
    """Writes threat-detector.onnx, goods-classifier.onnx and, with a `head`, embedding.onnx of a folded, mirrored network into `folder`.

    Beside them the detector without its selection, for the comparison with torch cell by cell.
    """
    with torch.no_grad():
        detector, dense = detector_graph(whole, config)
        finish(dense, folder / "threat-detector-dense.onnx", "threat-detector-dense")
        finish(detector, folder / "threat-detector.onnx", "threat-detector")
        goods = to_onnx(Goods(whole).eval(), ["presence", "share"], config["canvas"])
        finish(goods, folder / "goods-classifier.onnx", "goods-classifier")
        if head is not None:
            embedding = to_onnx(Embedding(whole, head).eval(), ["embedding"], config["canvas"])
            finish(embedding, folder / "embedding.onnx", "embedding")
