"""The ONNX graph: encodings, trees and all. In: `codes` int64 [n, 4], `amounts` double [n, 2]; out: `risk` float [n, 1]."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from encode import COARSER, LEAST, LIMITS, MOST_STEPS, STEPS

OPSET, ML_OPSET, IR_VERSION = 13, 3, 8


class Builder:
    def __init__(self):
        self.nodes, self.initializers = [], []

    def constant(self, values):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def add(self, op, inputs, domain="", output=None, **attributes):
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], domain=domain, **attributes))
        return name

    def cast(self, value, to):
        return self.add("Cast", [value], to=to)

    def column(self, matrix, at):
        """Column `at`, still [n, 1]."""
        return self.add("Gather", [matrix, self.constant(np.array([at], np.int64))], axis=1)


def floor_to_float32(threshold):
    """The largest float32 that is no more than the threshold: x ≤ t means the same for every float32 x."""
    value = np.float32(threshold)
    return value if float(value) <= threshold else np.nextafter(value, np.float32(-np.inf))


def parts_of(graph):
    """Each part of a key as int64 [n, 1], 0 where missing: the twin of `encode.part`."""
    one, zero = graph.constant(np.array([1], np.int64)), graph.constant(np.array([0], np.int64))
    parts = {name: graph.column("codes", at) for name, at in (("hs6", 0), ("origin", 1), ("departure", 2))}
    hs6 = parts["hs6"]
    known = graph.add("Greater", [hs6, zero])
    for name in ("hs4", "hs2"):
        fewer = graph.add("Div", [graph.add("Sub", [hs6, one]), graph.constant(np.array([COARSER[name]], np.int64))])
        parts[name] = graph.add("Where", [known, graph.add("Add", [fewer, one]), zero])
    for name, at in (("massKg", 0), ("value", 1)):
        amount = graph.column("amounts", at)
        absent = graph.add("IsNaN", [amount])
        filled = graph.add("Where", [absent, graph.constant(np.array([0.0])), amount])
        scaled = graph.add("Mul", [filled, graph.constant(np.array([float(STEPS[name])]))])
        steps = graph.add("Floor", [graph.add("Add", [scaled, graph.constant(np.array([0.5]))])])
        held = graph.add("Min", [steps, graph.constant(np.array([float(MOST_STEPS)]))])
        parts[name] = graph.add("Where", [absent, zero, graph.add("Add", [graph.cast(held, TensorProto.INT64), one])])
    return parts


def key_of(graph, names, parts):
    zero = graph.constant(np.array([0], np.int64))
    key, whole = parts[names[0]], graph.add("Greater", [parts[names[0]], zero])
    for name in names[1:]:
        key = graph.add("Add", [graph.add("Mul", [key, graph.constant(np.array([LIMITS[name]], np.int64))]), parts[name]])
        whole = graph.add("And", [whole, graph.add("Greater", [parts[name], zero])])
    return graph.add("Where", [whole, key, zero])


def encoded(graph, key, table):
    """[n, 2] float: the row of the table that the key has; the first row is that of keys never seen."""
    at = graph.add(
        "LabelEncoder", [key], "ai.onnx.ml",
        keys_int64s=table.keys.tolist(), values_int64s=list(range(1, len(table.keys) + 1)), default_int64=0,
    )
    rows = np.concatenate([[[table.prior, 0]], np.column_stack([table.rates, table.logs])]).astype(np.float32)
    found = graph.add("Gather", [graph.constant(rows), at], axis=0)
    return graph.add("Squeeze", [found, graph.constant(np.array([1], np.int64))])


def numbers(graph):
    logs = graph.add("Log", [graph.add("Add", ["amounts", graph.constant(np.array([LEAST]))])])
    mass, value = graph.column(logs, 0), graph.column(logs, 1)
    return graph.cast(graph.add("Concat", [value, mass, graph.add("Sub", [value, mass])], axis=1), TensorProto.FLOAT)


def transport_mode(graph):
    mode = graph.column("codes", 3)
    known = graph.add("Greater", [mode, graph.constant(np.array([0], np.int64))])
    return graph.add("Where", [known, graph.cast(mode, TensorProto.FLOAT), graph.constant(np.array([np.nan], np.float32))])


def tree_attributes(model):
    """Trees of scikit-learn's HistGradientBoostingClassifier as those of TreeEnsembleRegressor."""
    out = {name: [] for name in (
        "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_values", "nodes_modes", "nodes_truenodeids", "nodes_falsenodeids",
        "nodes_missing_value_tracks_true", "target_treeids", "target_nodeids", "target_ids", "target_weights",
    )}
    for tree, (predictor,) in enumerate(model._predictors):
        for at, node in enumerate(predictor.nodes):
            leaf = bool(node["is_leaf"])
            out["nodes_treeids"].append(tree)
            out["nodes_nodeids"].append(at)
            out["nodes_featureids"].append(0 if leaf else int(node["feature_idx"]))
            out["nodes_values"].append(0.0 if leaf else float(floor_to_float32(node["num_threshold"])))
            out["nodes_modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            out["nodes_truenodeids"].append(0 if leaf else int(node["left"]))
            out["nodes_falsenodeids"].append(0 if leaf else int(node["right"]))
            out["nodes_missing_value_tracks_true"].append(0 if leaf else int(node["missing_go_to_left"]))
            if leaf:
                out["target_treeids"].append(tree)
                out["target_nodeids"].append(at)
                out["target_ids"].append(0)
                out["target_weights"].append(float(node["value"]))
    return out


def build(config, tables, model):
    graph = Builder()
    parts = parts_of(graph)
    columns = [numbers(graph), transport_mode(graph)]
    columns += [encoded(graph, key_of(graph, names, parts), table) for names, table in zip(config["keys"], tables)]
    features = graph.add("Concat", columns, axis=1)
    score = graph.add(
        "TreeEnsembleRegressor", [features], "ai.onnx.ml", n_targets=1, aggregate_function="SUM", post_transform="NONE",
        base_values=[float(np.ravel(model._baseline_prediction)[0])], **tree_attributes(model),
    )
    graph.add("Sigmoid", [score], output="risk")
    inputs = [helper.make_tensor_value_info("codes", TensorProto.INT64, ["n", 4]), helper.make_tensor_value_info("amounts", TensorProto.DOUBLE, ["n", 2])]
    outputs = [helper.make_tensor_value_info("risk", TensorProto.FLOAT, ["n", 1])]
    made = helper.make_graph(graph.nodes, config["name"], inputs, outputs, graph.initializers)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    return helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION, producer_name="lynceus")
