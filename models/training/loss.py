"""Quality focal loss for classes, GIoU for boxes, BCE for group presence, cross-entropy for mass shares and for what lies where."""

import torch
import torch.nn.functional as F

from assignment import EPS, atss, inside, task_aligned
from batch import UNKNOWN_MATTER
from network import STRIDES, decode_boxes, flatten_levels


def giou_loss(predicted, target):
    """1 - GIoU of paired boxes [N, 4]."""
    lt, rb = torch.maximum(predicted[:, :2], target[:, :2]), torch.minimum(predicted[:, 2:], target[:, 2:])
    overlap = (rb - lt).clamp(min=0).prod(1)
    area = (predicted[:, 2:] - predicted[:, :2]).clamp(min=0).prod(1) + (target[:, 2:] - target[:, :2]).prod(1)
    union = area - overlap + EPS
    outer_lt, outer_rb = torch.minimum(predicted[:, :2], target[:, :2]), torch.maximum(predicted[:, 2:], target[:, 2:])
    outer = (outer_rb - outer_lt).clamp(min=0).prod(1) + EPS
    iou = overlap / union
    return 1 - iou + (outer - union) / outer, iou.detach().clamp(0, 1)


def quality_focal(logits, target, counted):
    """QFL: cross-entropy with a soft target, weighted by the squared distance to it; `counted` is 0 where nothing is to be learnt."""
    score = logits.sigmoid().detach()
    return (F.binary_cross_entropy_with_logits(logits, target, reduction="none") * (score - target).square() * counted).sum()


def counted_cells(points, batch, target):
    """1 [B, A, C], 0 for the class of a hidden object in the cells of its box: found or not, neither is a mistake."""
    counted = torch.ones_like(target)
    for image, at in batch["ignored"].nonzero().tolist():
        cells = inside(points, batch["boxes"][image : image + 1, at : at + 1])[0, 0]
        counted[image, cells, batch["labels"][image, at]] = 0
    return torch.where(target > 0, torch.ones_like(target), counted)


def detection_loss(logits, raw, points, strides, batch, static):
    """Class and box loss of a batch. `static`: assign by ATSS instead of task-aligned."""
    sizes = [level.shape[2] * level.shape[3] for level in logits]
    assert len(sizes) == len(STRIDES)
    logits, raw = flatten_levels(logits), flatten_levels(raw)
    predicted = decode_boxes(raw, points, strides)
    boxes, labels, valid = batch["boxes"], batch["labels"], batch["valid"]
    with torch.no_grad():
        if static:
            index, quality = atss(points, strides, sizes, boxes, valid), None
        else:
            index, quality = task_aligned(points, boxes, labels, valid, logits.sigmoid(), predicted)
    positive = index >= 0
    where = positive.nonzero()
    chosen = index[positive]
    target_boxes = boxes[where[:, 0], chosen]
    box_each, iou = giou_loss(predicted[positive], target_boxes)
    weight = iou if quality is None else quality[positive]
    target = torch.zeros_like(logits)
    target[where[:, 0], where[:, 1], labels[where[:, 0], chosen]] = weight
    scale = weight.sum().clamp(min=1.0)
    box_weight = torch.full_like(weight, 0.5) if static else weight
    box_loss = (box_each * box_weight).sum() / box_weight.sum().clamp(min=1.0)
    return quality_focal(logits, target, counted_cells(points, batch, target)) / scale, box_loss, int(where.shape[0])


TARGET_WEIGHT, PACKAGING_WEIGHT = 3.0, 0.2


def matter_loss(told, cells, groups, classes):
    """Cross-entropy of what lies where over the cells that are known (`cells` u8, 255 = not); targets are rare and count more,
    the parcel itself is everywhere and counts less."""
    weight = torch.ones(told.shape[1])
    weight[groups : groups + classes] = TARGET_WEIGHT
    weight[groups + classes :] = PACKAGING_WEIGHT
    target = cells.long()
    if not (target != UNKNOWN_MATTER).any():
        return told.sum() * 0
    return F.cross_entropy(told.float(), target, weight=weight, ignore_index=UNKNOWN_MATTER)


def goods_loss(presence, share, batch):
    """Presence BCE (smoothed a little) and cross-entropy of the shares, of the scans whose goods are known."""
    known = batch["shares"].sum(1) > 0.5
    if not known.any():
        return presence.sum() * 0, share.sum() * 0
    presence_loss = F.binary_cross_entropy_with_logits(presence[known], batch["presence"][known] * 0.98 + 0.01)
    share_loss = -(batch["shares"][known] * torch.log(share[known] + 1e-5)).sum(1)
    return presence_loss, share_loss.mean()
