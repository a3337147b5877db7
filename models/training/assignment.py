"""Which cells learn which object: ATSS (static, for the first part of a run), then task-aligned.

Task-aligned assignment alone does not start from random weights (measured: mAP 0.08 after 300 s); ATSS does.
Both return, for every cell, the index of its object or -1, batched: [B, A].
"""

import torch

ANCHOR_SCALE = 5.0
ATSS_PER_LEVEL = 9
ALIGNED_TOP = 10
ALIGNED_CLASS_POWER = 0.5
ALIGNED_IOU_POWER = 6.0
MIN_SIDE = 12.0
EPS = 1e-9


def box_iou(a, b):
    """IoU of [..., N, 4] with [..., M, 4] -> [..., N, M]."""
    lt = torch.maximum(a[..., :, None, :2], b[..., None, :, :2])
    rb = torch.minimum(a[..., :, None, 2:], b[..., None, :, 2:])
    overlap = (rb - lt).clamp(min=0).prod(-1)
    area_a = (a[..., 2:] - a[..., :2]).clamp(min=0).prod(-1)
    area_b = (b[..., 2:] - b[..., :2]).clamp(min=0).prod(-1)
    return overlap / (area_a[..., :, None] + area_b[..., None, :] - overlap + EPS)


def inside(points, boxes):
    """Cells [A, 2] inside of boxes [B, M, 4], thin boxes widened to MIN_SIDE so that each holds a cell."""
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    half = ((boxes[..., 2:] - boxes[..., :2]) / 2).clamp(min=MIN_SIDE / 2)
    return ((points[None, None] - centre[:, :, None]).abs() < half[:, :, None]).all(-1)


def resolve(candidates, iou):
    """[B, M, A] candidates -> [B, A] object index or -1; a cell claimed twice goes to the larger IoU."""
    best, index = torch.where(candidates, iou, torch.full_like(iou, -1.0)).max(1)
    return torch.where(best >= 0, index, torch.full_like(index, -1))


def atss(points, strides, level_sizes, boxes, valid):
    """Adaptive training sample selection. boxes [B, M, 4], valid [B, M]."""
    half = strides * ANCHOR_SCALE / 2
    anchors = torch.cat([points - half, points + half], 1)
    iou = box_iou(boxes, anchors[None])
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    distance = (points[None, None] - centre[:, :, None]).square().sum(-1)
    candidate = torch.zeros_like(iou, dtype=torch.bool)
    start = 0
    for size in level_sizes:
        near = distance[..., start : start + size].topk(min(ATSS_PER_LEVEL, size), largest=False).indices
        candidate.scatter_(2, near + start, True)
        start += size
    count = candidate.sum(-1, keepdim=True)
    mean = (iou * candidate).sum(-1, keepdim=True) / count
    spread = (((iou - mean).square() * candidate).sum(-1, keepdim=True) / (count - 1)).sqrt()
    chosen = candidate & (iou >= mean + spread) & inside(points, boxes) & valid[..., None]
    return resolve(chosen, iou)


def task_aligned(points, boxes, labels, valid, scores, predicted):
    """TAL. scores [B, A, C] (sigmoid), predicted [B, A, 4]. -> object index [B, A], target quality [B, A]."""
    iou = box_iou(boxes, predicted)
    at_label = scores.transpose(1, 2).gather(1, labels[..., None].expand(-1, -1, scores.shape[1]))
    metric = at_label.pow(ALIGNED_CLASS_POWER) * iou.pow(ALIGNED_IOU_POWER)
    allowed = inside(points, boxes) & valid[..., None]
    metric = metric * allowed
    top = metric.topk(min(ALIGNED_TOP, metric.shape[-1])).indices
    chosen = torch.zeros_like(allowed).scatter_(2, top, True) & allowed
    index = resolve(chosen, iou)
    metric = metric * chosen
    quality = metric / (metric.amax(-1, keepdim=True) + EPS) * (iou * chosen).amax(-1, keepdim=True)
    quality = quality.gather(1, index.clamp(min=0)[:, None])[:, 0]
    return index, torch.where(index >= 0, quality, torch.zeros_like(quality))
