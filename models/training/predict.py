"""Runs a network over scans and keeps what the metrics need."""

import torch

from batch import collate, objects, padded_width, shares
from decode import detections


def batches(items, config, size):
    """Batches of scans that are padded to the same size, so that each is seen as the runtime would see it."""
    by_size = {}
    for position, scan in enumerate(items):
        by_size.setdefault((padded_width(scan, config), scan["height"]), []).append(position)
    return [group[i : i + size] for group in by_size.values() for i in range(0, len(group), size)]


def predict(model, items, config, autocast, size=8):
    """Per scan: detections [k, 6], truth, group presence and share; in the order of `items`."""
    model.eval()
    results = [None] * len(items)
    for positions in batches(items, config, size):
        with torch.no_grad():
            logits, raw, presence, share = model(collate([items[p] for p in positions], config)["image"], autocast)
        found = detections(logits, raw, config["decode"])
        for i, position in enumerate(positions):
            boxes, labels = objects(items[position], config["classes"])
            results[position] = {
                "found": found[i], "boxes": boxes, "labels": labels, "presence": presence[i].sigmoid().numpy(),
                "share": share[i].numpy(), "shares": shares(items[position], config["groups"]),
            }
    return results
