"""Writes the package `container-contents-VERSION`: graph, manifest, card with curves, golden inputs and outputs."""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from digests import list_digest
from load_card import card
from load_curve import curve_svg
from load_measure import figures, fit_temperature
from load_network import Exported
from package import revision, sha256, write_golden
from parity import run_onnx
from load_train import predict

GOLDEN_SCALE = 60_000
PARITY_LIMIT = 1e-4


def export(net, temperature, config, path):
    """The graph with softmax and temperature inside; one scan at a time."""
    model = Exported(net, temperature).eval()
    shape = (1, 1, config["input"]["height"], config["input"]["width"])
    torch.onnx.export(model, torch.ones(shape), str(path), opset_version=14, input_names=["image"], output_names=["state", "profile"])
    return model


def parity(model, path, data, count):
    """Largest difference between torch and onnxruntime over some scans."""
    tensors = [data["input"][i].astype(np.float32)[None, None] for i in range(min(count, len(data["state"])))]
    outputs, _ = run_onnx(path, tensors)
    worst = {"state": 0.0, "profile": 0.0}
    for tensor, output in zip(tensors, outputs):
        with torch.no_grad():
            expected = model(torch.from_numpy(tensor))
        for name, value in zip(("state", "profile"), expected):
            worst[name] = max(worst[name], float(np.abs(output[name] - value.numpy()).max()))
    broken = {name: value for name, value in worst.items() if not value <= PARITY_LIMIT}
    if broken:
        raise AssertionError(f"ONNX and torch differ by more than {PARITY_LIMIT}: {broken}")
    return worst


def latency(path, data, runs):
    tensor = data["input"][0].astype(np.float32)[None, None]
    _, times = run_onnx(path, [tensor], repeats=runs + runs // 5)
    return {"p50": float(np.percentile(times[-runs:], 50)), "p95": float(np.percentile(times[-runs:], 95))}


def select(data, mask):
    return {key: values[mask] for key, values in data.items()}


def input_of(config):
    size = {"width": config["input"]["width"], "height": config["input"]["height"]}
    return {
        "name": "image", "kinds": ["single-energy", "dual-energy"], "subjects": ["cargo"], "layout": "NCHW", "channels": ["single"], "fit": "stretch",
        "unit": "counts over the air level, or grey over white", "multipleOf": 1, "minimum": size, "maximum": size, "pixelPitchMm": None, "padding": 1,
    }


def entries(config):
    return [{"name": name, "threshold": 0.5, "certified": None, "calibration": {"method": "identity", "prevalence": config["prevalence"][name]}} for name in config["states"]]


def write_load_package(net, config, sets, out, packages):
    """Measures, exports and writes; the folder of the package."""
    logits, _ = predict(net, sets["validation"])
    temperature = fit_temperature(logits, sets["validation"]["state"])
    test = sets["test"]
    containers, small = select(test, ~test["small"]), select(test, test["small"])
    measured = {"containers": figures(*predict(net, containers), containers, temperature, config["states"])}
    if len(small["state"]):
        measured["pallets"] = figures(*predict(net, small), small, temperature, config["states"])
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "model.onnx"
        model = export(net, temperature, config, path)
        differences = parity(model, path, test, 20)
        folder = packages / f"{config['name']}-{config['version']}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(path, folder / "model.onnx")
    times = latency(folder / "model.onnx", test, config["package"]["latencyRuns"])
    wanted = [int(np.flatnonzero(test["state"] == s)[0]) for s in (2, 1)][: config["package"]["goldens"]]
    windows = [np.round(test["input"][i].astype(np.float32) * GOLDEN_SCALE).clip(0, 65_535).astype(np.uint16)[None] for i in wanted]
    golden = write_golden(folder, folder / "model.onnx", windows, GOLDEN_SCALE)
    log = [json.loads(line) for line in (out / "log.ndjson").read_text().splitlines()]
    (folder / "curve.svg").write_text(curve_svg(log))
    facts = {"parameters": sum(p.numel() for p in net.parameters()), "epochs": len(log), "minutes": sum(entry["seconds"] for entry in log) / 60,
             "scans": len(sets["train"]["state"]), "temperature": temperature, "latency": times, "parity": differences}
    (folder / "MODEL_CARD.md").write_text(card(config, facts, measured))
    files = {str(p.relative_to(folder)): {"sha256": sha256(p), "bytes": p.stat().st_size} for p in sorted(folder.rglob("*")) if p.is_file()}
    manifest = {
        "schema": "lynceus-model/1", "name": config["name"], "version": config["version"], "task": "contents", "provider": "Lynceus project",
        "inputs": [input_of(config)],
        "outputs": [{"name": "state", "shape": [1, 3], "meaning": "score of each state, sum 1"},
                    {"name": "profile", "shape": [1, config["profileBins"]], "meaning": "fill of the height, 0..1, in equal parts of the inside length, left to right"}],
        "classes": entries(config), "golden": golden, "metrics": {"data": "synthetic, held out", **measured},
        "training": {"codeRevision": revision(), "dataSet": "simulator/cargo/stream.ts", "seed": config["train"]["seed"], "scans": facts["scans"],
                     "history": config["history"], "licence": "Apache-2.0"},
        "files": files, "keyId": None, "minimumRuntime": "0.1.0",
    }
    (folder / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")
    list_digest(folder)
    return folder
