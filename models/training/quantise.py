"""int8 of a package's graph: static QDQ, min-max ranges from scans run in onnxruntime-node.

    /usr/bin/python3 models/training/quantise.py IN.onnx OUT.onnx [--scans 32]

Weights signed per output channel, activations unsigned per tensor. The first convolution and those that feed no further one
stay float: the stem sees the whole range of transmission, the outputs decide scores and pixels. Ranges are plain min-max:
clipping at a percentile moved single boxes by tens of pixels in an earlier try.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from stream import NODE, ROOT, scans

RANGES = Path(__file__).with_name("activation-ranges.ts")
SEED, AIR = 970_001, 60_000


def full_weights(graph):
    """Weights by name, those behind a Cast and a Mul by a step included."""
    held = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in held:
            held[node.output[0]] = held[node.input[0]].astype(np.float32)
        elif node.op_type == "Mul" and all(name in held for name in node.input):
            held[node.output[0]] = held[node.input[0]] * held[node.input[1]]
    return held


def chosen(graph):
    """Convolutions to quantise: all but the first and the last of each branch."""
    convolutions = [n for n in graph.node if n.op_type == "Conv"]
    readers = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)

    def feeds_conv(node):
        seen, queue = set(), [o for o in node.output]
        while queue:
            for reader in readers.get(queue.pop(), []):
                if reader.op_type == "Conv":
                    return True
                if id(reader) not in seen:
                    seen.add(id(reader))
                    queue.extend(reader.output)
        return False

    return [n for n in convolutions[1:] if feeds_conv(n)]


def activation_ranges(model, names, count):
    """Least and largest value of each tensor over `count` scans of seeds that training never saw."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    known = {o.name for o in probe.graph.output}
    probe.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in names if n not in known)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        onnx.save(probe, folder / "probe.onnx")
        shapes = []
        for at, scan in enumerate(scans(SEED, 0, count, mix="training")):
            planes = scan["planes"].astype(np.float32) / AIR
            height, width = (-(-side // 32) * 32 for side in planes.shape[1:])
            padded = np.ones((2, height, width), np.float32)
            padded[:, : planes.shape[1], : planes.shape[2]] = planes
            padded.tofile(folder / f"{at}.raw")
            shapes.append([1, 2, height, width])
        (folder / "inputs.json").write_text(json.dumps({"shapes": shapes, "names": sorted(names)}))
        out = subprocess.run([str(NODE), str(RANGES), str(folder)], cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def quantise(model, count):
    graph = model.graph
    weights, picked = full_weights(graph), chosen(graph)
    ranges = activation_ranges(model, {n.input[0] for n in picked}, count)
    names = {id(n): i for i, n in enumerate(picked)}
    done, out = {}, []
    for node in graph.node:
        if id(node) in names:
            source = node.input[0]
            if source not in done:
                low, high = min(0.0, ranges[source][0]), max(1e-6, ranges[source][1])
                scale = np.float32((high - low) / 255)
                add(graph, f"{source}_scale", scale), add(graph, f"{source}_zero", np.uint8(round(-low / scale)))
                out.extend(pair(source, f"{source}_q", f"{source}_dq", f"{source}_scale", f"{source}_zero"))
                done[source] = f"{source}_dq"
            weight = weights[node.input[1]]
            scale = np.maximum(np.abs(weight).reshape(len(weight), -1).max(1), 1e-8).astype(np.float32) / 127
            name = f"{node.input[1]}_{names[id(node)]}"
            whole = np.clip(np.round(weight / scale[:, None, None, None]), -127, 127).astype(np.int8)
            add(graph, f"{name}_q", whole), add(graph, f"{name}_scale", scale), add(graph, f"{name}_zero", np.zeros(len(weight), np.int8))
            out.append(helper.make_node("DequantizeLinear", [f"{name}_q", f"{name}_scale", f"{name}_zero"], [f"{name}_dq"], axis=0))
            node.input[0], node.input[1] = done[source], f"{name}_dq"
        out.append(node)
    del graph.node[:]
    graph.node.extend(out)
    prune(graph)
    return model


def add(graph, name, value):
    graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))


def pair(source, whole, back, scale, zero):
    return [helper.make_node("QuantizeLinear", [source, scale, zero], [whole]), helper.make_node("DequantizeLinear", [whole, scale, zero], [back])]


def prune(graph):
    """Float weights that nobody reads any more, and their casts."""
    for _ in range(3):
        read = {name for node in graph.node for name in node.input} | {o.name for o in graph.output}
        for node in [n for n in graph.node if not any(o in read for o in n.output)]:
            graph.node.remove(node)
        read = {name for node in graph.node for name in node.input}
        for tensor in [t for t in graph.initializer if t.name not in read]:
            graph.initializer.remove(tensor)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--scans", type=int, default=32)
    options = parser.parse_args()
    model = quantise(onnx.load(options.source), options.scans)
    onnx.checker.check_model(model)
    onnx.save(model, options.target)
    print(f"{options.target}: {options.source.stat().st_size // 1024} -> {options.target.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
