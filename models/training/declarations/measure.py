"""Figures of a risk score: precision among the riskiest, ROC AUC, Brier score, calibration error, with intervals."""

import numpy as np


def precision_at(scores, labels, share):
    """Share of irregular rows among the `share` with the highest scores; of equal scores the earlier row comes first."""
    count = max(1, int(np.floor(share * len(labels) + 0.5)))
    return float(labels[np.argsort(-scores, kind="stable")[:count]].mean())


def auc(scores, labels):
    """Chance that an irregular row scores higher than a regular one; ties count half."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    hits = labels.sum()
    return float((ranks[labels == 1].sum() - hits * (hits + 1) / 2) / (hits * (len(labels) - hits)))


def calibration_error(scores, labels, bins=15):
    """Mean distance of score and rate in bins of equal size."""
    parts = np.array_split(np.argsort(scores, kind="stable"), bins)
    return float(sum(len(p) / len(scores) * abs(scores[p].mean() - labels[p].mean()) for p in parts if len(p)))


FIGURES = {
    "precisionAt1": lambda s, y: precision_at(s, y, 0.01),
    "precisionAt5": lambda s, y: precision_at(s, y, 0.05),
    "precisionAt10": lambda s, y: precision_at(s, y, 0.10),
    "auc": auc,
    "brier": lambda s, y: float(np.mean((s - y) ** 2)),
    "ece": calibration_error,
}


def figures(scores, labels, seed=1, draws=200):
    """Each figure with its 95 % interval, bootstrap over rows."""
    rng = np.random.default_rng(seed)
    picks = [rng.integers(0, len(labels), len(labels)) for _ in range(draws)]
    out = {}
    for name, figure in FIGURES.items():
        low, high = np.percentile([figure(scores[p], labels[p]) for p in picks], [2.5, 97.5])
        out[name] = {"value": round(figure(scores, labels), 4), "interval": [round(float(low), 4), round(float(high), 4)]}
    return out
