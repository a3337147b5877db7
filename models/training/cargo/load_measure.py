"""Figures of the load network on held-out simulated scans, with bootstrap intervals over scans."""

import numpy as np

DRAWS = 1000
BINS = 10


def softmax(logits):
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def fit_temperature(logits, labels):
    """The temperature that makes held-out states most likely."""
    candidates = np.exp(np.linspace(-1.2, 1.8, 61))
    chosen = [softmax(logits / t)[np.arange(len(labels)), labels] for t in candidates]
    return float(candidates[int(np.argmax([np.log(np.maximum(p, 1e-9)).mean() for p in chosen]))])


def interval(values, seed=5):
    """95 % bootstrap interval of a statistic of indices: `values(index)`."""
    count, statistic = values
    rng = np.random.default_rng(seed)
    draws = [statistic(rng.integers(0, count, count)) for _ in range(DRAWS)]
    return [float(v) for v in np.nanpercentile(draws, [2.5, 97.5])]


def calibration_error(confidence, right):
    """Expected difference of the best state's score and how often it is right, over ten equal bins."""
    bins = np.minimum(BINS - 1, (confidence * BINS).astype(int))
    return float(sum(abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in range(BINS) if (bins == b).any()))


def figures(logits, profiles, data, temperature, states):
    scores = softmax(logits / temperature)
    found, true = scores.argmax(1), data["state"]
    errors = np.abs(profiles - data["profile"]).mean(1)

    def balanced(index):
        return np.mean([(found[index][true[index] == s] == s).mean() for s in range(len(states)) if (true[index] == s).any()])

    def state_facts(s):
        mine = true == s
        recall = float((found[mine] == s).mean())
        precision = float((true[found == s] == s).mean()) if (found == s).any() else None
        other = float((found[~mine] != s).mean())
        span = interval((len(true), lambda i: np.mean([(found[i][true[i] == s] == s).mean(), (found[i][true[i] != s] != s).mean()])))
        return {"scans": int(mine.sum()), "recall": recall, "precision": precision, "balancedAccuracy": (recall + other) / 2, "balancedAccuracyInterval": span}

    every = np.arange(len(true))
    return {
        "scans": len(true),
        "balancedAccuracy": float(balanced(every)),
        "balancedAccuracyInterval": interval((len(true), balanced)),
        "states": {name: state_facts(s) for s, name in enumerate(states)},
        "profileError": float(errors.mean()),
        "profileErrorInterval": interval((len(true), lambda i: errors[i].mean())),
        "profileErrorWhereLoaded": float(errors[true > 0].mean()),
        "profileWithinTenPercent": float((errors <= 0.1).mean()),
        "calibrationError": calibration_error(scores.max(1), found == true),
    }
