"""Scans -> tensors: transmission padded with air, boxes, labels, presence and shares; flips."""

import numpy as np
import torch


def transmission(scan, canvas):
    """[2, H, W] float32 on the canvas, air (1) outside; what is larger than the canvas is cut."""
    out = np.ones((2, canvas["height"], canvas["width"]), np.float32)
    planes = scan["planes"][:, : canvas["height"], : canvas["width"]]
    np.divide(planes, np.float32(scan["airLevel"]), out=out[:, : planes.shape[1], : planes.shape[2]], casting="unsafe")
    return out


def objects(scan, classes):
    """Boxes [M, 4] x0 y0 x1 y1 and labels [M] of the classes that the model knows."""
    known = [t for t in scan["targets"] if t["class"] in classes]
    boxes = np.array(
        [[t["box"]["x"], t["box"]["y"], t["box"]["x"] + t["box"]["width"], t["box"]["y"] + t["box"]["height"]] for t in known],
        np.float32,
    ).reshape(-1, 4)
    return boxes, np.array([classes.index(t["class"]) for t in known], np.int64)


def shares(scan, groups):
    """Share of mass per group [G], scaled to sum to 1 over the groups that the model knows."""
    out = np.zeros(len(groups), np.float32)
    for entry in scan["groups"]:
        if entry["group"] in groups:
            out[groups.index(entry["group"])] += entry["share"]
    total = out.sum()
    return out / total if total > 0 else out


def flip(image, boxes, horizontal, vertical):
    height, width = image.shape[1:]
    if horizontal:
        image = image[:, :, ::-1]
        boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)
    if vertical:
        image = image[:, ::-1]
        boxes = np.stack([boxes[:, 0], height - boxes[:, 3], boxes[:, 2], height - boxes[:, 1]], 1)
    return np.ascontiguousarray(image), boxes


def body(planes, air_level):
    """First and last row and column with anything in them: (top, bottom, left, right), ends exclusive; all when empty."""
    height, width = planes.shape[1:]
    blocks = planes[1, : height // 4 * 4, : width // 4 * 4].reshape(height // 4, 4, width // 4, 4).mean((1, 3), dtype=np.float32)
    solid = blocks < 0.975 * air_level
    rows, columns = np.flatnonzero(solid.sum(1) > 1), np.flatnonzero(solid.sum(0) > 1)
    if not len(rows) or not len(columns):
        return 0, height, 0, width
    return 4 * rows[0], 4 * rows[-1] + 4, 4 * columns[0], 4 * columns[-1] + 4


def trim(scan, rng):
    """The scan with most of the air around the parcel cut away (a random margin stays): a third less to compute."""
    height, width = scan["planes"].shape[1:]
    top, bottom, left, right = body(scan["planes"], scan["airLevel"])
    cut = [max(0, top - rng.randrange(8, 40)), min(height, bottom + rng.randrange(8, 40)),
           max(0, left - rng.randrange(8, 40)), min(width, right + rng.randrange(8, 40))]
    boxes = [max(0, min(t["box"]["y"] for t in scan["targets"])), max(t["box"]["y"] + t["box"]["height"] for t in scan["targets"]),
             max(0, min(t["box"]["x"] for t in scan["targets"])), max(t["box"]["x"] + t["box"]["width"] for t in scan["targets"])] if scan["targets"] else cut
    y0, y1, x0, x1 = min(cut[0], boxes[0]), max(cut[1], boxes[1]), min(cut[2], boxes[2]), max(cut[3], boxes[3])
    targets = [{**t, "box": {**t["box"], "x": t["box"]["x"] - x0, "y": t["box"]["y"] - y0}} for t in scan["targets"]]
    return {**scan, "planes": scan["planes"][:, y0:y1, x0:x1], "width": int(x1 - x0), "height": int(y1 - y0), "targets": targets}


def padded_width(scan, config):
    """The width that the runtime feeds: the next multiple of 32, at most the canvas."""
    return min(config["canvas"]["width"], -(-scan["width"] // 32) * 32)


def collate(items, config, rng=None):
    """A batch of scans as tensors, as wide as its widest; with `rng` each is flipped at random."""
    height = max(min(config["canvas"]["height"], -(-scan["height"] // 32) * 32) for scan in items)
    canvas = {"height": height, "width": max(padded_width(scan, config) for scan in items)}
    classes, groups = config["classes"], config["groups"]
    images, all_boxes, all_labels, all_shares = [], [], [], []
    for scan in items:
        image = transmission(scan, canvas)
        boxes, labels = objects(scan, classes)
        if rng is not None:
            image, boxes = flip(image, boxes, rng.random() < 0.5, rng.random() < 0.5)
        images.append(image)
        all_boxes.append(boxes)
        all_labels.append(labels)
        all_shares.append(shares(scan, groups))
    most = max(1, max(len(b) for b in all_boxes))
    boxes = torch.zeros(len(items), most, 4)
    labels = torch.zeros(len(items), most, dtype=torch.long)
    valid = torch.zeros(len(items), most, dtype=torch.bool)
    for i, (b, c) in enumerate(zip(all_boxes, all_labels)):
        boxes[i, : len(b)], labels[i, : len(b)], valid[i, : len(b)] = torch.from_numpy(b.copy()), torch.from_numpy(c), True
    share = torch.from_numpy(np.stack(all_shares))
    return {
        "image": torch.from_numpy(np.stack(images)), "boxes": boxes, "labels": labels, "valid": valid,
        "shares": share, "presence": (share > 0.03).float(),
    }
