"""Raw scores -> probabilities and thresholds, on scans of seeds that training never saw.

A score is calibrated for the whole scan: the largest score of a class becomes the probability that the scan holds an
object of that class, at the share of scans that hold one here (`prevalence`). Whoever works at another prevalence takes
logit(score) - logit(prevalence) as evidence.

The curve is a Platt fit, 1 / (1 + exp(-(a * logit(raw) + b))), cut off where the scans cannot carry the claim: a fit runs on
to 1e-8 for the quietest scan, but 400 quiet scans without an object say no more than 1 in 400. It is therefore shipped as
points (`isotonic`), not as a and b.
"""

import numpy as np

from batch import PRESENT_SHARE

RAW_LIMIT = 1e-4
LEAST_THRESHOLD, LARGEST_THRESHOLD = 0.05, 0.95
POINTS = 49


def logit(p):
    p = np.clip(np.asarray(p, np.float64), RAW_LIMIT, 1 - RAW_LIMIT)
    return np.log(p / (1 - p))


def fit_platt(raw, labels, prior=0.01):
    """Maximum likelihood (Newton, lightly held towards a = 1) of a, b."""
    x, labels = logit(raw), np.asarray(labels, bool)
    y = np.where(labels, (labels.sum() + 1) / (labels.sum() + 2), 1 / ((~labels).sum() + 2))
    a, b = 1.0, 0.0
    for _ in range(100):
        p = 1 / (1 + np.exp(-(a * x + b)))
        w = p * (1 - p) + 1e-9
        gradient = np.array([((p - y) * x).sum() + prior * (a - 1), (p - y).sum() + prior * b])
        hessian = np.array([[(w * x * x).sum() + prior, (w * x).sum()], [(w * x).sum(), w.sum() + prior]])
        step = np.linalg.solve(hessian, gradient)
        a, b = a - np.clip(step[0], -1, 1), b - np.clip(step[1], -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return max(float(a), 0.05), float(b)


def apply_platt(raw, a, b):
    return 1 / (1 + np.exp(-(a * logit(raw) + b)))


def ends(raw, labels):
    """The least and the largest probability that the counts allow (Laplace): the quietest half, the surest finds."""
    order = np.argsort(raw, kind="stable")
    quiet, sure = labels[order[: len(order) // 2]], labels[order[len(order) - max(10, labels.sum() // 2) :]]
    return (quiet.sum() + 1) / (len(quiet) + 2), (sure.sum() + 1) / (len(sure) + 2)


def curve(raw, labels):
    """The calibration of model.json: points (raw, probability), rising."""
    a, b = fit_platt(raw, labels)
    low, high = ends(raw, labels)
    grid = 1 / (1 + np.exp(-np.linspace(-6, 6, POINTS)))
    values = np.clip(apply_platt(grid, a, b), low, max(low, high))
    return [[round(float(x), 6), round(float(y), 6)] for x, y in zip(grid, values)]


def calibrated(raw, entry):
    """Probabilities as `models/calibration.ts` gives them."""
    points = np.array(entry["calibration"]["points"])
    return np.interp(np.asarray(raw, np.float64), points[:, 0], points[:, 1])


def best_f1(scores, labels):
    """The threshold with the largest F1."""
    order = np.argsort(-scores)
    hits = np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + max(1, labels.sum()))
    return float(scores[order[int(f1.argmax())]])


def entry(raw, labels, false_alarm_limit):
    """Calibration and threshold of one class: largest F1, but at most `false_alarm_limit` of the scans without it."""
    raw, labels = np.asarray(raw, np.float64), np.asarray(labels, bool)
    points = curve(raw, labels)
    scores = calibrated(raw, {"calibration": {"points": points}})
    threshold = best_f1(scores, labels)
    if false_alarm_limit is not None and (~labels).any():
        threshold = max(threshold, float(np.quantile(scores[~labels], 1 - false_alarm_limit)))
    threshold = float(np.clip(threshold, LEAST_THRESHOLD, LARGEST_THRESHOLD))
    prevalence = float(np.clip(labels.mean(), 1e-3, 1 - 1e-3))
    return {"threshold": round(threshold, 4), "calibration": {"method": "isotonic", "points": points, "prevalence": round(prevalence, 5)}}


def top_scores(results, cls, floor):
    """Largest raw score of a class in each scan; `floor` where nothing was found."""
    return np.array([r["found"][r["found"][:, 5] == cls, 4].max(initial=floor) for r in results])


def holds(results, cls):
    return np.array([(r["labels"] == cls).any() for r in results])


def calibrate(results, config):
    """Entries of model.json per threat class and per goods group."""
    floor, limit = config["decode"]["leastScore"], config["package"]["falseAlarmLimit"]
    classes = [
        {"name": name, **entry(top_scores(results, c, floor), holds(results, c), limit), "certified": None}
        for c, name in enumerate(config["classes"])
    ]
    groups = [
        {"name": name, **entry([r["presence"][g] for r in results], [r["shares"][g] > PRESENT_SHARE for r in results], None), "certified": None}
        for g, name in enumerate(config["groups"])
    ]
    return classes, groups
