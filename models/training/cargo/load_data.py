"""Cargo scans of `simulator/cargo/stream.ts`, shrunk to the network's input as the runtime does, kept in `runs/cargo/`.

A set is written in parts, so that an interrupted run goes on where it stopped; the same seed gives the same parts.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stream import NODE, ROOT, read_exact  # noqa: E402

PART = 100
MAX_HEADER = 1 << 20
MAX_SIDE = 8192
# Largest transmission fed in, as models/tensor.ts has it.
MAX_TRANSMISSION = 65_535 / 60_000


def filter_matrix(source, target):
    """[target, source] weights of the triangle filter of models/resample.ts."""
    step = source / target
    support = max(1.0, step)
    centres = (np.arange(target) + 0.5) * step - 0.5
    weights = np.maximum(0, 1 - np.abs(np.arange(source)[None] - centres[:, None]) / support)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def shrink(plane, height, width):
    """A plane at another size, axes independent (`fit: stretch`)."""
    down, across = filter_matrix(plane.shape[0], height), filter_matrix(plane.shape[1], width)
    return down @ plane.astype(np.float32) @ across.T


def read_cargo(pipe):
    """One scan of the stream as a dict with `plane` u16 [H, W]."""
    size = int.from_bytes(read_exact(pipe, 4), "little")
    if size > MAX_HEADER:
        raise ValueError(f"header of {size} bytes: the stream is out of step")
    scan = json.loads(read_exact(pipe, size))
    height, width = scan["height"], scan["width"]
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise ValueError(f"absurd size {width}x{height}")
    scan["plane"] = np.frombuffer(read_exact(pipe, height * width * 2), "<u2").reshape(height, width)
    return scan


def generate(entry, start, count, rows):
    command = [str(NODE), "simulator/cargo/stream.ts", "--seed", str(entry["seed"]), "--start", str(start), "--count", str(count),
               "--rows", str(rows), "--scenario", entry["scenario"], "--mix", entry["mix"]]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, bufsize=1 << 20)
    try:
        for _ in range(count):
            yield read_cargo(process.stdout)
    finally:
        process.stdout.close()
        process.terminate()
        process.wait()


def arrays(scans, config):
    """Inputs f16 [N, H, W] (transmission), state, profile, inside (left and right edge, 0..1), small: pallet or ULD."""
    height, width = config["input"]["height"], config["input"]["width"]
    out = {"input": [], "state": [], "profile": [], "inside": [], "small": []}
    for scan in scans:
        image = np.minimum(shrink(scan["plane"], height, width) / scan["airLevel"], MAX_TRANSMISSION)
        out["input"].append(image.astype(np.float16))
        out["state"].append(config["states"].index(scan["state"]))
        out["profile"].append(scan["profile"])
        inside = scan["inside"]
        out["inside"].append([inside["x"] / scan["width"], (inside["x"] + inside["width"]) / scan["width"]])
        out["small"].append(scan["carrier"] in ("pallet", "uld"))
    kinds = {"input": np.float16, "state": np.int64, "profile": np.float32, "inside": np.float32, "small": bool}
    return {key: np.array(values, kinds[key]) for key, values in out.items()}


def load_set(name, config, folder):
    """All arrays of one set, made where they are missing."""
    parts = []
    for entry in config["data"]["sets"][name]:
        for start in range(0, entry["count"], PART):
            count = min(PART, entry["count"] - start)
            rows = config["data"]["rows"]
            path = folder / "data" / f"{entry['scenario']}-{entry['mix']}-{entry['seed']}-{rows}-{start}-{count}.npz"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                made = arrays(generate(entry, start, count, rows), config)
                temporary = path.with_suffix(".tmp.npz")
                np.savez(temporary, **made)
                temporary.rename(path)
                print(f"{name}: {entry['scenario']} {start + count} of {entry['count']}", flush=True)
            parts.append(dict(np.load(path)))
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
