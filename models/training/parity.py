"""ONNX through onnxruntime-node against torch: scores within 1e-5, boxes within 0.01 px; and how long a run takes.

Every cell is compared before NMS, and after it the detections to which the first reading gives 0.05 or more: below, many
scores are equal to the last digit and which of two equals NMS keeps means nothing.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from batch import at_pitch, padded_width, transmission
from decode import detections
from network import anchor_points, decode_boxes, flatten_levels
from reading import reread
from stream import NODE, ROOT

SCORE_LIMIT, BOX_LIMIT, LEAST_SCORE, CELL_LIMIT = 1e-5, 0.01, 0.05, 1e-4


def run_onnx(model, tensors, threads=1, repeats=1):
    """Outputs per tensor as a dict of arrays, and the milliseconds of every run."""
    with tempfile.TemporaryDirectory() as folder:
        folder, inputs = Path(folder), []
        for i, tensor in enumerate(tensors):
            tensor.astype("<f4").tofile(folder / f"{i}.bin")
            inputs.append({"file": str(folder / f"{i}.bin"), "shape": list(tensor.shape)})
        job = {"model": str(model), "threads": threads, "repeats": repeats, "inputs": inputs, "output": str(folder / "out.json")}
        (folder / "job.json").write_text(json.dumps(job))
        subprocess.run([str(NODE), "models/training/run-onnx.ts", str(folder / "job.json")], cwd=ROOT, check=True)
        answer = json.loads((folder / "out.json").read_text())
    arrays = [{k: np.array(v["data"], np.float32).reshape(v["dims"]) for k, v in out.items()} for out in answer["outputs"]]
    return arrays, answer["milliseconds"]


def tensors_of(items, config):
    """Inputs as the runtime makes them: the width padded with air to a multiple of 32 only."""
    out = []
    for scan in items:
        scan = at_pitch(scan, config["pixelPitchMm"])
        height = min(config["canvas"]["height"], -(-scan["height"] // 32) * 32)
        out.append(transmission(scan, {"height": height, "width": padded_width(scan, config)})[None])
    return out


def compare_detections(mine, theirs):
    """Largest differences (score, box) of each of `mine` [k, 6] from a counterpart of its own in `theirs`, or a fault in words."""
    left, score, box = np.ones(len(theirs), bool), 0.0, 0.0
    for row in mine:
        same = left & (theirs[:, 5] == row[5])
        if not same.any():
            return f"no counterpart for class {int(row[5])} at score {row[4]:.6f}"
        away = np.abs(theirs[:, :4] - row[:4]).max(1)
        best = int(np.where(same, away + np.abs(theirs[:, 4] - row[4]), np.inf).argmin())
        left[best] = False
        score, box = max(score, abs(float(theirs[best, 4] - row[4]))), max(box, float(away[best]))
    return score, box


def expected_detections(whole, cells, logits, raw, config):
    """What the graph should give for a scan, as far as the first reading is sure enough of it to compare."""
    found = detections(logits, raw, config["decode"])[0]
    final = reread(whole.reading, cells[0], found)
    sure = {row[:4].tobytes() for row in found if row[4] >= LEAST_SCORE}
    return final[[row[:4].tobytes() in sure for row in final]] if len(final) else final


def embed(whole, head, transmissions):
    """Unit vectors [B, 128] of transmissions [B, 2, H, W]."""
    with torch.no_grad():
        return head(head.pooled(whole.net, whole.matter, *whole.net.front(transmissions)))


def largest(a, b):
    return float(np.abs(a - b).max(initial=0))


def parity(whole, head, folder, config, items):
    """Largest differences over `items`; raises when a bound is broken."""
    tensors = tensors_of(items, config)
    runs = [run_onnx(folder / f"{name}.onnx", tensors)[0] for name in ("threat-detector-dense", "threat-detector", "goods-classifier")]
    vectors = run_onnx(folder / "embedding.onnx", tensors)[0] if head is not None else [None] * len(tensors)
    worst = {"cells": 0.0, "score": 0.0, "box": 0.0, "presence": 0.0, "share": 0.0, "vector": 0.0}
    count = 0
    for tensor, vector, dense, found, goods in zip(tensors, vectors, *runs):
        with torch.no_grad():
            logits, raw, group_logits, group_share, cells = whole(torch.from_numpy(tensor))
        points, strides = anchor_points(*tensor.shape[2:])
        boxes = decode_boxes(flatten_levels(raw), points, strides).numpy()
        scores = flatten_levels(logits).sigmoid().transpose(1, 2).numpy()
        expected = expected_detections(whole, cells, logits, raw, config)
        difference = compare_detections(expected, found["dets"])
        if isinstance(difference, str):
            raise AssertionError(f"ONNX and torch disagree: {difference}")
        count += len(expected)
        worst["score"] = max(worst["score"], difference[0], largest(dense["scores"], scores))
        worst["cells"] = max(worst["cells"], largest(dense["cells"], cells.numpy()))
        worst["box"] = max(worst["box"], difference[1], largest(dense["boxes"], boxes))
        worst["presence"] = max(worst["presence"], largest(goods["presence"], group_logits.sigmoid().numpy()))
        worst["share"] = max(worst["share"], largest(goods["share"], group_share.numpy()))
        if vector is not None:
            worst["vector"] = max(worst["vector"], largest(vector["embedding"], embed(whole, head, torch.from_numpy(tensor)).numpy()))
    limits = {"cells": CELL_LIMIT, "score": SCORE_LIMIT, "box": BOX_LIMIT, "presence": SCORE_LIMIT, "share": SCORE_LIMIT, "vector": SCORE_LIMIT}
    broken = {key: value for key, value in worst.items() if not value <= limits[key]}
    if broken:
        raise AssertionError(f"ONNX and torch differ by more than allowed: {broken}")
    return {"scans": len(items), "detections": count, **worst}


def latency(folder, config, items):
    """p50 and p95 of session.run on a full canvas with one thread, milliseconds."""
    tensor = transmission(items[0], config["canvas"])[None]
    out, runs = {}, config["package"]["latencyRuns"]
    for name in ("threat-detector", "goods-classifier", "embedding"):
        if not (folder / f"{name}.onnx").exists():
            continue
        _, times = run_onnx(folder / f"{name}.onnx", [tensor], repeats=runs + runs // 5)
        out[name] = {"p50": float(np.percentile(times[-runs:], 50)), "p95": float(np.percentile(times[-runs:], 95))}
    return out
