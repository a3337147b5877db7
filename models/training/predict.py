"""Runs a network over scans and keeps what the metrics need."""

import numpy as np
import torch

from batch import at_pitch, objects, padded_width, shares, transmission
from decode import detections
from pseudo import AIR_LEVEL, round_trip
from reading import reread


def as_pictures(items, seed):
    """The scans as a machine that keeps only pseudo-colour pictures would hand them on: drawn in some palette, read back."""
    rng = np.random.default_rng(seed)
    for scan in items:
        pair = round_trip((scan["planes"] / np.float32(scan["airLevel"])).astype(np.float32), rng)
        yield {**scan, "planes": (pair * AIR_LEVEL).round().astype(np.uint16), "airLevel": AIR_LEVEL}


def batches(items, config, size):
    """Batches of scans that are padded to the same size, so that each is seen as the runtime would see it."""
    by_size = {}
    for position, scan in enumerate(items):
        by_size.setdefault((padded_width(scan, config), -(-scan["height"] // 32)), []).append(position)
    return [group[i : i + size] for group in by_size.values() for i in range(0, len(group), size)]


def images(items, config):
    """[B, 2, H, W] of scans that are padded to the same size."""
    size = {"height": -(-items[0]["height"] // 32) * 32, "width": padded_width(items[0], config)}
    size["height"] = min(config["canvas"]["height"], size["height"])
    return torch.from_numpy(np.stack([transmission(scan, size) for scan in items]))


def looked_at(model, items, config, autocast, size=8):
    """Position in `items`, the cells (None without a head for matter) and result of each scan, before the second reading of what is found."""
    model.eval()
    items = [at_pitch(scan, config["pixelPitchMm"]) for scan in items]
    for positions in batches(items, config, size):
        with torch.no_grad():
            logits, raw, presence, share, *cells = model(images([items[p] for p in positions], config), autocast)
        found = detections(logits, raw, config["decode"])
        for i, position in enumerate(positions):
            boxes, labels, tiers = objects(items[position], config["classes"])
            yield position, cells[0][i] if cells else None, {
                "found": found[i], "boxes": boxes, "labels": labels, "tiers": tiers, "presence": presence[i].sigmoid().numpy(),
                "share": share[i].numpy(), "shares": shares(items[position], config["groups"]),
            }


def predict(model, items, config, autocast, size=8):
    """Per scan: detections [k, 6], truth, group presence and share; in the order of `items`."""
    items = list(items)
    results, reading = [None] * len(items), getattr(model, "reading", None)
    for position, cells, result in looked_at(model, items, config, autocast, size):
        if reading is not None:
            result["found"] = reread(reading, cells, result["found"])
        results[position] = result
    return results
