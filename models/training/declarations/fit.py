"""Fits tables, trees and calibration, split by time."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from encode import features, fit_tables, training_set


class Model:
    """Tables and trees; `scores` are those of the graph, before calibration."""

    def __init__(self, config, rows):
        rng = np.random.default_rng(config["seed"])
        x, y, weights = training_set(config, rows.codes, rows.amounts, rows.labels, rng)
        self.config = config
        self.trees = HistGradientBoostingClassifier(early_stopping=False, random_state=config["seed"] % 2**31, **config["trees"])
        self.trees.fit(x, y, sample_weight=weights)
        self.tables = fit_tables(config, rows.codes, rows.amounts, rows.labels)

    def scores(self, rows):
        return self.trees.predict_proba(features(self.tables, self.config["keys"], rows.codes, rows.amounts))[:, 1]


def logit(p):
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def platt(scores, labels, steps=50):
    """a and b of 1 / (1 + exp(−(a · logit(score) + b))), by Newton's method."""
    x = np.column_stack([logit(scores), np.ones(len(scores))])
    w = np.array([1.0, 0.0])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-x @ w))
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (labels - p))
    return float(w[0]), float(w[1])


def calibrated(scores, a, b):
    return 1 / (1 + np.exp(-(a * logit(scores) + b)))


def fit_calibration(config, rows):
    """Platt's constants from a model of the rows before `calibrateFrom`, on those after it: what it was not trained on."""
    later = rows.dates >= config["calibrateFrom"]
    return platt(Model(config, rows.where(~later)).scores(rows.where(later)), rows.labels[later])
