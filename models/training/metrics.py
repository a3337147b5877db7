"""Average precision, ROC area, bootstrap intervals: numpy only."""

import numpy as np


def iou_matrix(a, b):
    lt = np.maximum(a[:, None, :2], b[None, :, :2])
    rb = np.minimum(a[:, None, 2:4], b[None, :, 2:4])
    overlap = np.clip(rb - lt, 0, None).prod(2)
    area = lambda x: np.clip(x[:, 2:4] - x[:, :2], 0, None).prod(1)
    return overlap / (area(a)[:, None] + area(b)[None] - overlap + 1e-9)


COUNTED = ("clear", "partial")


def match(found, truth, cls, limit, counted=COUNTED):
    """Detections of one class in one scan: (scores, hit or not, number of true objects). Best first, each object once.

    Objects of tiers not `counted` are neither wanted nor wrong: a detection of one (IoU at least `limit`) is left out.
    """
    found = found[found[:, 5] == cls]
    mine = truth["labels"] == cls
    wanted = np.isin(truth["tiers"], counted)
    boxes, others = truth["boxes"][mine & wanted], truth["boxes"][mine & ~wanted]
    hit = np.zeros(len(found), bool)
    if len(found) and len(boxes):
        overlap, taken = iou_matrix(found, boxes), np.zeros(len(boxes), bool)
        for i in range(len(found)):
            free = np.where(taken, -1.0, overlap[i])
            best = int(free.argmax())
            if free[best] >= limit:
                hit[i], taken[best] = True, True
    keep = np.ones(len(found), bool)
    if len(found) and len(others):
        keep = hit | (iou_matrix(found, others).max(1) < limit)
    return found[keep, 4], hit[keep], len(boxes)


def average_precision(scores, hits, positives):
    """Area under the interpolated precision-recall curve (all points)."""
    if positives == 0:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = hits[order]
    true = np.cumsum(hits)
    precision = true / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1] if len(hits) else precision
    return float(precision[hits].sum() / positives)


def roc_area(scores, labels):
    """Chance that a positive scores above a negative."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, bool)
    positives, negatives = labels.sum(), (~labels).sum()
    if positives == 0 or negatives == 0:
        return float("nan")
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    _, inverse = np.unique(scores, return_inverse=True)
    ranks = (np.bincount(inverse, ranks) / np.bincount(inverse))[inverse]
    return float((ranks[labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def gather(matches, picks=None):
    picks = range(len(matches)) if picks is None else picks
    chosen = [matches[i] for i in picks]
    return np.concatenate([m[0] for m in chosen]), np.concatenate([m[1] for m in chosen]), sum(m[2] for m in chosen)


def class_ap(found, truths, cls, limit=0.5, counted=COUNTED):
    return average_precision(*gather([match(f, t, cls, limit, counted) for f, t in zip(found, truths)]))


def interval(statistic, count, seed, rounds=400):
    """Bootstrap 95 % interval of `statistic(picks)` over scans."""
    rng = np.random.default_rng(seed)
    values = [statistic(rng.integers(0, count, count)) for _ in range(rounds)]
    return [float(v) for v in np.nanpercentile(np.array(values, float), [2.5, 97.5])]


def rounded(value, digits=4):
    """The same structure with floats cut to `digits`; NaN becomes None."""
    if isinstance(value, dict):
        return {k: rounded(v, digits) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v, digits) for v in value]
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else round(float(value), digits)
    return value
