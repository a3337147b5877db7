"""Writes a package folder (contract `model-package.md`): graph, manifest, card, golden inputs and outputs."""

import gzip
import hashlib
import json
import shutil
import subprocess

import numpy as np

from card import card
from digests import list_digest
from parity import run_onnx
from plots import curves
from stream import ROOT

GOLDEN_ATOL, GOLDEN_RTOL, GOLDEN_LEAST_SCORE = 0.004, 0.002, 0.1
CROP_HEIGHT, CROP_WIDTH = 160, 192
WHAT = {
    "threat-detector": "Finds {count} threat classes in dual-energy scans of parcels: boxes with calibrated scores.",
    "embedding": "A vector of a dual-energy scan of a parcel: scans that are alike are near (cosine).",
    "goods-classifier": "Says which of {count} goods groups a dual-energy scan of a parcel holds, and their share of its mass.",
}
TASKS = {"threat-detector": "detection", "goods-classifier": "contents", "embedding": "embedding"}
OUTPUT_TEXT = {
    "threat-detector": "`dets [k, 6]`: x0, y0, x1, y1 in input pixels, raw score, class; NMS and a second reading inside the graph (`models/training/reading.py`, fitted to scans of a seed of its own). Calibration makes the largest score of a class the chance that the scan holds one.",
    "embedding": "`embedding [1, 128]`, length 1.",
    "goods-classifier": "`presence [1, G]` raw score per group, read a second time from what the cells hold (`models/training/goods_reading.py`), and `share [1, G]` of the mass, sum 1. Calibration makes the score the chance that the group is more than 3 % of the mass.",
}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def revision():
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip() or "unknown"


def crop(scan, boxes):
    """A window of the scan around its first object (or its middle), u16 [2, CROP_HEIGHT, CROP_WIDTH], air where the scan ends."""
    planes = scan["planes"]
    height, width = planes.shape[1:]
    x, y = ((boxes[0, 0] + boxes[0, 2]) / 2, (boxes[0, 1] + boxes[0, 3]) / 2) if len(boxes) else (width / 2, height / 2)
    left = int(np.clip(x - CROP_WIDTH / 2, 0, max(0, width - CROP_WIDTH)))
    top = int(np.clip(y - CROP_HEIGHT / 2, 0, max(0, height - CROP_HEIGHT)))
    out = np.full((2, CROP_HEIGHT, CROP_WIDTH), scan["airLevel"], "<u2")
    part = planes[:, top : top + CROP_HEIGHT, left : left + CROP_WIDTH]
    out[:, : part.shape[1], : part.shape[2]] = part
    return out


def write_golden(folder, model, windows, air_level):
    """golden/N.input.u16.gz and golden/N.output.json, and the entries of the manifest."""
    (folder / "golden").mkdir()
    cases = []
    tensors = [np.divide(w, np.float32(air_level), dtype=np.float32)[None] for w in windows]
    outputs, _ = run_onnx(model, tensors)
    for i, (window, output) in enumerate(zip(windows, outputs), 1):
        stem = f"golden/{i}"
        (folder / f"{stem}.input.u16.gz").write_bytes(gzip.compress(window.astype("<u2").tobytes(), 9, mtime=0))
        if "dets" in output:
            output["dets"] = output["dets"][output["dets"][:, 4] >= GOLDEN_LEAST_SCORE]
        body = {name: {"dims": list(value.shape), "data": [round(float(v), 6) for v in value.ravel()]} for name, value in output.items()}
        (folder / f"{stem}.output.json").write_text(json.dumps(body) + "\n")
        cases.append({"input": f"{stem}.input.u16.gz", "shape": [1, *window.shape], "scale": air_level, "output": f"{stem}.output.json"})
    return {"atol": GOLDEN_ATOL, "rtol": GOLDEN_RTOL, "leastScore": GOLDEN_LEAST_SCORE, "cases": cases}


def outputs_of(kind, config):
    if kind == "threat-detector":
        return [{"name": "dets", "shape": ["k", 6], "leastScore": config["decode"]["leastScore"], "meaning": "x0, y0, x1, y1 (input pixels), raw score, class index"}]
    if kind == "embedding":
        return [{"name": "embedding", "shape": [1, 128], "meaning": "unit vector"}]
    return [{"name": "presence", "shape": [1, "groups"], "meaning": "raw score per group"}, {"name": "share", "shape": [1, "groups"], "meaning": "share of net mass, sum 1"}]


def input_of(config):
    return {
        "name": "transmission", "kinds": config["package"]["kinds"], "layout": "NCHW", "rows": "detector pixel", "channels": ["low", "high"],
        "unit": "transmission 0..1", "multipleOf": 32, "minimum": {"width": 64, "height": 64}, "maximum": {"width": 1024, "height": 1024},
        "pixelPitchMm": config["pixelPitchMm"], "padding": 1,
    }


def write_package(kind, onnx_path, entries, figures, facts, windows, air_level, config, packages, log=None, more=None):
    """The folder `packages/KIND-VERSION`; replaces one of the same version.

    `figures`: by name of the set. `log`: the run's log, for the curves of the detector. `more`: further fields of the manifest.
    """
    version = config["package"]["version"]
    folder = packages / f"{kind}-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(onnx_path, folder / "model.onnx")
    golden = write_golden(folder, folder / "model.onnx", windows, air_level)
    facts = {**facts, "name": kind, "version": version, "what": WHAT[kind].format(count=len(entries)), "outputs": OUTPUT_TEXT[kind], **facts["latency"][kind]}
    (folder / "MODEL_CARD.md").write_text(card(kind, facts, figures))
    if kind == "threat-detector" and log is not None:
        curves(log, figures, folder / "curves.png")
    files = {str(p.relative_to(folder)): {"sha256": sha256(p), "bytes": p.stat().st_size} for p in sorted(folder.rglob("*")) if p.is_file()}
    manifest = {
        "schema": "lynceus-model/1", "name": kind, "version": version, "task": TASKS[kind],
        "provider": "Lynceus project", "inputs": [input_of(config)], "outputs": outputs_of(kind, config), "classes": entries, "golden": golden,
        **(more or {}),
        "metrics": {"data": "synthetic, held out", "sets": figures},
        "training": {"codeRevision": revision(), "dataSet": f"simulator/stream.ts, {json.dumps(config['data']['generators'])}", "seed": config["data"]["seed"] + config["data"]["revision"],
                     "scans": facts["seen"], "history": config["package"]["history"], "licence": "Apache-2.0"},
        "files": files, "keyId": None, "minimumRuntime": "0.1.0",
    }
    (folder / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")
    list_digest(folder)
    return folder
