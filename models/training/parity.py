"""ONNX through onnxruntime-node against torch: scores within 1e-5, boxes within 0.01 px; and how long a run takes."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from batch import padded_width, transmission
from decode import detections
from stream import NODE, ROOT

SCORE_LIMIT, BOX_LIMIT, SHARE_LIMIT = 1e-5, 0.01, 1e-5


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
        out.append(transmission(scan, {"height": config["canvas"]["height"], "width": padded_width(scan, config)})[None])
    return out


def compare_detections(mine, theirs):
    """Largest differences (score, box) of two [k, 6], or a fault in words. Equal scores may stand in another order."""
    if mine.shape != theirs.shape:
        return f"{mine.shape[0]} against {theirs.shape[0]} detections"
    left, score, box = list(range(len(theirs))), 0.0, 0.0
    for row in mine:
        near = [i for i in left if theirs[i, 5] == row[5] and abs(theirs[i, 4] - row[4]) <= SCORE_LIMIT]
        if not near:
            return f"no counterpart for class {int(row[5])} at score {row[4]:.6f}"
        distances = [float(np.abs(theirs[i, :4] - row[:4]).max()) for i in near]
        best = int(np.argmin(distances))
        left.remove(near[best])
        score, box = max(score, abs(float(theirs[near[best], 4] - row[4]))), max(box, distances[best])
    return score, box


def parity(net, folder, config, items):
    """Largest differences over `items`; raises when a bound is broken."""
    tensors = tensors_of(items, config)
    detected, _ = run_onnx(folder / "threat-detector.onnx", tensors)
    goods, _ = run_onnx(folder / "goods-classifier.onnx", tensors)
    score, box, presence, share, boxes = 0.0, 0.0, 0.0, 0.0, 0
    for tensor, found, sorted_goods in zip(tensors, detected, goods):
        with torch.no_grad():
            logits, raw, group_logits, group_share = net(torch.from_numpy(tensor))
        expected = detections(logits, raw, config["decode"])[0]
        difference = compare_detections(found["dets"], expected)
        if isinstance(difference, str):
            raise AssertionError(f"ONNX and torch disagree: {difference}")
        score, box, boxes = max(score, difference[0]), max(box, difference[1]), boxes + len(expected)
        presence = max(presence, float(np.abs(sorted_goods["presence"] - group_logits.sigmoid().numpy()).max()))
        share = max(share, float(np.abs(sorted_goods["share"] - group_share.numpy()).max()))
    assert score <= SCORE_LIMIT and box <= BOX_LIMIT and presence <= SCORE_LIMIT and share <= SHARE_LIMIT, (score, box, presence, share)
    return {"scans": len(items), "detections": boxes, "score": score, "box": box, "presence": presence, "share": share}


def latency(folder, config, items):
    """p50 and p95 of session.run on a full canvas with one thread, milliseconds."""
    tensor = transmission(items[0], config["canvas"])[None]
    out = {}
    for name in ("threat-detector", "goods-classifier"):
        _, times = run_onnx(folder / f"{name}.onnx", [tensor], repeats=60)
        out[name] = {"p50": float(np.percentile(times[10:], 50)), "p95": float(np.percentile(times[10:], 95))}
    return out
