"""Real and simulated dual-energy scans as transmissions, loaded in the same way for both."""

import json
import struct
import subprocess
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[3]
# Beside small test pieces the real set holds bags; only these compare with parcels and bags.
MIN_BAG_SIDE = 350
MAX_HEADER = 1 << 20


def air_level(plane):
    """Counts of air: the brightest strong peak among the bright values; thin goods have theirs below it."""
    top = np.percentile(plane, 99.5)
    counts, edges = np.histogram(plane, bins=120, range=(0.9 * top, 1.02 * top))
    smooth = np.convolve(counts, np.ones(5) / 5, "same")
    inner = smooth[1:-1]
    peaks = (inner >= smooth[:-2]) & (inner > smooth[2:]) & (inner >= 0.35 * smooth.max())
    best = int(np.flatnonzero(peaks).max()) + 1 if peaks.any() else int(smooth.argmax())
    return float(edges[best] + edges[best + 1]) / 2


def scan_of(name, low, high):
    """Transmissions float32 [2, H, W], low energy first; air is 1."""
    planes = [plane.astype(np.float32) / air_level(plane) for plane in (low, high)]
    return {"name": name, "t": np.stack(planes)}


def real_scans(folder, smallest=MIN_BAG_SIDE):
    """The pairs of `folder` whose sides reach `smallest` pixels."""
    found = []
    for path in sorted(Path(folder).glob("*.high.tif")):
        high = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        low = cv2.imread(str(path).replace(".high.", ".low."), cv2.IMREAD_UNCHANGED)
        if min(high.shape) < smallest:
            continue
        scan = scan_of(path.name.removesuffix(".high.tif"), low, high)
        if not shaded(scan):
            found.append(scan)
    return found


def shaded(scan):
    """Whether the machine shaded a border of the scan: dark with less low than high attenuation, as no material is."""
    low, high = -np.log(np.maximum(scan["t"], 1e-3))
    return ((high > 0.8) & (low < 0.9 * high)).mean() > 0.003


def simulated_scans(checkout, count, seed, options):
    """`count` scans of view 0 of the stream of a checkout; `options` are further options of its stream."""
    node = ROOT / "node_modules" / ".bin" / "node"
    command = [str(node), "simulator/stream.ts", "--seed", str(seed), "--count", str(count), *options]
    process = subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE)
    try:
        return [read_scan(process.stdout, at) for at in range(count)]
    finally:
        process.stdout.close()
        process.terminate()
        process.wait()


def read_scan(pipe, at):
    (size,) = struct.unpack("<I", read_exact(pipe, 4))
    if size > MAX_HEADER:
        raise RuntimeError(f"header of {size} bytes: the stream is out of step")
    header = json.loads(read_exact(pipe, size))
    width, height = header["width"], header["height"]
    # Each view has a low and a high plane; only the first view is compared.
    views = len(header.get("planes", [0, 1])) // 2
    raw = read_exact(pipe, width * height * 4 * views)
    planes = np.frombuffer(raw, "<u2")[: 2 * width * height].reshape(2, height, width)
    return scan_of(f"simulated-{at}", planes[0], planes[1])


def read_exact(pipe, size):
    data = pipe.read(size)
    if len(data) != size:
        raise RuntimeError("the simulator ended early")
    return data


def resized(scan, factor):
    """The scan at another pixel pitch, by area."""
    planes = [
        cv2.resize(plane, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) for plane in scan["t"]
    ]
    return {"name": scan["name"], "t": np.stack(planes)}
