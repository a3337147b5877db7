"""Target encoding: each key becomes the smoothed rate of irregular rows that had it, and how many there were."""

import numpy as np

# A key is its parts side by side in one whole number; each part is below its limit and 0 where missing.
LIMITS = {"hs6": 2**20, "hs4": 2**20, "hs2": 2**20, "origin": 2**10, "departure": 2**10, "massKg": 2**42, "value": 2**42}
# Digits of the HS code that a coarser part leaves off, as a divisor.
COARSER = {"hs6": 1, "hs4": 100, "hs2": 10_000}
# Amounts are compared as whole thousandths of a kilogram and hundredths of the currency, within the limit.
STEPS, MOST_STEPS = {"massKg": 1000, "value": 100}, 2**42 - 2
# Keeps the logarithm of zero finite.
LEAST = 0.01


def part(name, codes, amounts):
    if name in COARSER:
        return np.where(codes[:, 0] > 0, (codes[:, 0] - 1) // COARSER[name] + 1, 0)
    if name in STEPS:
        amount = amounts[:, {"massKg": 0, "value": 1}[name]]
        steps = np.minimum(np.floor(np.nan_to_num(amount) * STEPS[name] + 0.5), MOST_STEPS)
        return np.where(np.isnan(amount), 0, 1 + steps).astype(np.int64)
    return codes[:, {"origin": 1, "departure": 2}[name]]


def keys_of(names, codes, amounts):
    """One whole number a row; 0 where a part is missing, so that it is never found."""
    out = np.zeros(len(codes), np.int64)
    whole = np.ones(len(codes), bool)
    for name in names:
        values = part(name, codes, amounts)
        out = out * LIMITS[name] + values
        whole &= values > 0
    return np.where(whole, out, 0)


class Table:
    """Counts and rates of the keys seen in training."""

    def __init__(self, keys, labels, smoothing, prior):
        known = keys > 0
        self.keys, inverse = np.unique(keys[known], return_inverse=True)
        self.counts = np.bincount(inverse, minlength=len(self.keys)).astype(np.float64)
        hits = np.bincount(inverse, weights=labels[known], minlength=len(self.keys))
        self.rates = ((hits + smoothing * prior) / (self.counts + smoothing)).astype(np.float32)
        self.logs = np.log1p(self.counts).astype(np.float32)
        self.prior = np.float32(prior)

    def encode(self, keys):
        """[n, 2] float32: rate and log(1 + count); the prior and 0 for a key never seen."""
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found = self.keys[at] == keys
        return np.column_stack([np.where(found, self.rates[at], self.prior), np.where(found, self.logs[at], np.float32(0))])


def numbers_of(amounts):
    """log value, log mass, log value per kg; NaN where one is missing."""
    mass, value = np.log(amounts[:, 0] + LEAST), np.log(amounts[:, 1] + LEAST)
    return np.column_stack([value, mass, value - mass]).astype(np.float32)


def features(tables, keys, rows_codes, rows_amounts):
    """What the trees see: numbers, mode of transport, then rate and count of each key."""
    mode = np.where(rows_codes[:, 3] > 0, rows_codes[:, 3], np.nan).astype(np.float32)[:, None]
    encoded = [table.encode(keys_of(names, rows_codes, rows_amounts)) for table, names in zip(tables, keys)]
    return np.column_stack([numbers_of(rows_amounts), mode, *encoded])


def fit_tables(config, codes, amounts, labels):
    prior = labels.mean()
    return [Table(keys_of(names, codes, amounts), labels, config["smoothing"], prior) for names in config["keys"]]


def without_some(codes, amounts, chance, rng):
    """A copy of the rows in which each column is missing by chance: declarations leave out a good deal."""
    codes, amounts = codes.copy(), amounts.copy()
    codes[rng.random(codes.shape) < chance] = 0
    amounts[rng.random(amounts.shape) < chance] = np.nan
    return codes, amounts


def training_set(config, codes, amounts, labels, rng):
    """
    Features, labels, weights. Each row is encoded by tables made without its fold, so that the trees learn what an encoding
    is worth on rows it has not seen.
    """
    folds = rng.integers(0, config["folds"], len(labels))
    parts = []
    for fold in range(config["folds"]):
        inside = folds == fold
        tables = fit_tables(config, codes[~inside], amounts[~inside], labels[~inside])
        parts.append((features(tables, config["keys"], codes[inside], amounts[inside]), labels[inside], np.ones(inside.sum())))
        for _ in range(config["missing"]["copies"]):
            some = without_some(codes[inside], amounts[inside], config["missing"]["chance"], rng)
            weights = np.full(inside.sum(), config["missing"]["weight"])
            parts.append((features(tables, config["keys"], *some), labels[inside], weights))
    return tuple(np.concatenate(values) for values in zip(*parts))
