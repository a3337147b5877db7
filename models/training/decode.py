"""Network outputs -> detections, as the exported graph does it: score floor, NMS per class, best `total`."""

import numpy as np
import torch

from assignment import box_iou
from network import anchor_points, decode_boxes, flatten_levels


def nms(boxes, scores, limit, most):
    """Greedy NMS: indices kept, best first, at most `most`; a box is dropped above IoU `limit`."""
    order = scores.argsort(descending=True, stable=True)
    overlap = box_iou(boxes[order], boxes[order]) > limit
    keep, dropped = [], torch.zeros(len(order), dtype=torch.bool)
    for i in range(len(order)):
        if dropped[i]:
            continue
        keep.append(int(order[i]))
        if len(keep) == most:
            break
        dropped |= overlap[i]
    return keep


def detections(logits, raw, settings):
    """Per image float32 [k, 6]: x0, y0, x1, y1, score, class; best first."""
    height, width = logits[0].shape[2] * 8, logits[0].shape[3] * 8
    points, strides = anchor_points(height, width)
    boxes = decode_boxes(flatten_levels(raw), points, strides)
    scores = flatten_levels(logits).sigmoid()
    out = []
    for image in range(boxes.shape[0]):
        rows = []
        for cls in range(scores.shape[2]):
            score = scores[image, :, cls]
            at = (score > settings["scoreFloor"]).nonzero()[:, 0]
            if len(at) > 600:
                at = at[score[at].topk(600).indices]
            for k in nms(boxes[image, at], score[at], settings["iou"], settings["perClass"]) if len(at) else []:
                rows.append([*boxes[image, at[k]].tolist(), float(score[at[k]]), cls])
        rows.sort(key=lambda r: -r[4])
        out.append(np.array(rows[: settings["total"]], np.float32).reshape(-1, 6))
    return out
