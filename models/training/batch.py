"""Scans -> samples -> tensors: transmission at the training pitch, boxes, labels, what is to be ignored, presence, shares."""

import numpy as np
import torch
import torch.nn.functional as F

PITCH_TOLERANCE = 0.05
UNKNOWN_MATTER = 255
MATTER_STRIDE = 8
MARGIN = 40
# Share of the mass from which a goods group counts as present.
PRESENT_SHARE = 0.03


def at_pitch(scan, pitch):
    """The scan at the training pitch, as `models/tensor.ts` resamples it (triangle filter, left alone within 5 %)."""
    stated = scan["pixelPitchMm"]
    ratios = [1.0 if abs(stated[axis] / pitch - 1) <= PITCH_TOLERANCE else stated[axis] / pitch for axis in ("y", "x")]
    if ratios == [1.0, 1.0]:
        return scan
    height, width = round(scan["height"] * ratios[0]), round(scan["width"] * ratios[1])
    planes = F.interpolate(torch.from_numpy(scan["planes"].astype(np.float32))[None], (height, width), mode="bilinear", antialias=True)[0]
    x, y = width / scan["width"], height / scan["height"]
    scale = lambda b: {"x": b["x"] * x, "y": b["y"] * y, "width": b["width"] * x, "height": b["height"] * y}
    targets = [{**t, "box": scale(t["box"])} for t in scan["targets"]]
    return {**scan, "planes": planes.round().numpy().astype(np.uint16), "width": width, "height": height, "targets": targets}


def transmission(scan, canvas):
    """[2, H, W] float32 on the canvas, air (1) outside; what is larger than the canvas is cut."""
    out = np.ones((2, canvas["height"], canvas["width"]), np.float32)
    planes = scan["planes"][:, : canvas["height"], : canvas["width"]]
    np.divide(planes, np.float32(scan["airLevel"]), out=out[:, : planes.shape[1], : planes.shape[2]], casting="unsafe")
    return out


def objects(scan, classes):
    """Boxes [M, 4] x0 y0 x1 y1, labels [M] and tiers [M] of the classes that the model knows; no tier is `clear`."""
    known = [t for t in scan["targets"] if t["class"] in classes and t.get("view", 0) == 0]
    boxes = np.array(
        [[t["box"]["x"], t["box"]["y"], t["box"]["x"] + t["box"]["width"], t["box"]["y"] + t["box"]["height"]] for t in known],
        np.float32,
    ).reshape(-1, 4)
    labels = np.array([classes.index(t["class"]) for t in known], np.int64)
    return boxes, labels, np.array([t.get("tier", "clear") for t in known], dtype="<U8")


def shares(scan, groups):
    """Share of mass per group [G], scaled to sum to 1 over the groups that the model knows."""
    out = np.zeros(len(groups), np.float32)
    for entry in scan["groups"]:
        if entry["group"] in groups:
            out[groups.index(entry["group"])] += entry["share"]
    total = out.sum()
    return out / total if total > 0 else out


def body(planes, air_level):
    """First and last row and column with anything in them: (top, bottom, left, right), ends exclusive; all when empty."""
    height, width = planes.shape[1:]
    blocks = planes[1, : height // 4 * 4, : width // 4 * 4].reshape(height // 4, 4, width // 4, 4).mean((1, 3), dtype=np.float32)
    solid = blocks < 0.975 * air_level
    rows, columns = np.flatnonzero(solid.sum(1) > 1), np.flatnonzero(solid.sum(0) > 1)
    if not len(rows) or not len(columns):
        return 0, height, 0, width
    return 4 * rows[0], 4 * rows[-1] + 4, 4 * columns[0], 4 * columns[-1] + 4


def sample_of(scan, config):
    """What the replay keeps of a scan: u16 planes cut to the body and MARGIN around it, and the truth as arrays."""
    scan = at_pitch(scan, config["pixelPitchMm"])
    boxes, labels, tiers = objects(scan, config["classes"])
    height, width = scan["planes"].shape[1:]
    top, bottom, left, right = body(scan["planes"], scan["airLevel"])
    if len(boxes):
        low, high = np.floor(boxes[:, :2].min(0)).astype(int), np.ceil(boxes[:, 2:].max(0)).astype(int)
        left, top, right, bottom = min(left, low[0]), min(top, low[1]), max(right, high[0]), max(bottom, high[1])
    y0, y1, x0, x1 = max(0, top - MARGIN), min(height, bottom + MARGIN), max(0, left - MARGIN), min(width, right + MARGIN)
    return {
        "planes": np.ascontiguousarray(scan["planes"][:, y0:y1, x0:x1]), "airLevel": scan["airLevel"],
        "body": (top - y0, bottom - y0, left - x0, right - x0), "boxes": boxes - np.float32([x0, y0, x0, y0]), "labels": labels,
        "ignored": tiers == "hidden", "shares": shares(scan, config["groups"]), "massKg": scan.get("massKg"), "company": company(scan, config),
        "matter": matter(scan, config, x0, y0),
    }


def matter_labels(config):
    """What a place may be told to hold: the goods groups, the classes of targets, the parcel itself."""
    return [*config["groups"], *config["classes"], "packaging"]


def matter(scan, config, x0, y0):
    """Where a scan tells what lies where, and is not resampled: (indices into `matter_labels` or 255 per cell, pixels a cell, x0, y0), else None."""
    found = scan.get("matter")
    if found is None or not found["cells"].size or scan["width"] > found["width"] * found["cell"]:
        return None
    table, known = np.full(256, UNKNOWN_MATTER, np.uint8), matter_labels(config)
    for index, label in enumerate(found["labels"]):
        if label in known:
            table[index] = known.index(label)
    return table[found["cells"]], found["cell"], x0, y0


def company(scan, config):
    """Things that may be multiplied into the scan, or None: `photons`, `electronic` (share of air), `things` of (planes, boxes, labels)."""
    if not scan.get("companions"):
        return None
    things = [(thing["planes"], *objects(thing, config["classes"])[:2]) for thing in scan["companions"]]
    return {"photons": scan["photons"], "electronic": scan["electronicCounts"] / scan["airLevel"], "things": things}


def padded_width(scan, config):
    """The width that the runtime feeds: the next multiple of 32, at most the canvas."""
    return min(config["canvas"]["width"], -(-scan["width"] // 32) * 32)


def stack(items, config):
    """A batch of samples whose `image` is transmission [2, h, w], padded with air to a common multiple of 32."""
    side = lambda axis, limit: min(limit, max(-(-item["image"].shape[axis] // 32) * 32 for item in items))
    height, width = side(1, config["canvas"]["height"]), side(2, config["canvas"]["width"])
    images = np.ones((len(items), 2, height, width), np.float32)
    most = max(1, max(len(item["boxes"]) for item in items))
    boxes, labels = np.zeros((len(items), most, 4), np.float32), np.zeros((len(items), most), np.int64)
    valid, ignored = np.zeros((len(items), most), bool), np.zeros((len(items), most), bool)
    for i, item in enumerate(items):
        part = item["image"][:, :height, :width]
        images[i, :, : part.shape[1], : part.shape[2]] = part
        n = len(item["boxes"])
        boxes[i, :n], labels[i, :n], valid[i, :n], ignored[i, :n] = item["boxes"], item["labels"], ~item["ignored"], item["ignored"]
    share = np.stack([item["shares"] for item in items])
    cells = np.full((len(items), height // MATTER_STRIDE, width // MATTER_STRIDE), UNKNOWN_MATTER, np.uint8)
    for i, item in enumerate(items):
        if item.get("matter") is not None:
            half = MATTER_STRIDE // 2
            part = item["matter"][half:height:MATTER_STRIDE, half:width:MATTER_STRIDE]
            cells[i, : part.shape[0], : part.shape[1]] = part
    return {"matter": cells, "image": images, "boxes": boxes, "labels": labels, "valid": valid, "ignored": ignored,
            "shares": share, "presence": (share > PRESENT_SHARE).astype(np.float32)}
