"""The figures of the model cards, on held-out scans: AP with intervals, false alarms, calibration, goods groups."""

import numpy as np

from calibrate import calibrated, holds, top_scores
from metrics import average_precision, class_ap, gather, interval, match, roc_area


def quiet(scores, present, prevalence):
    """Scans whose score is below the prevalence: how often the class is there all the same, as claimed and as counted."""
    low = scores < prevalence
    return {"scans": int(low.sum()), "claimed": float(scores[low].mean()) if low.any() else float("nan"),
            "counted": float(present[low].mean()) if low.any() else float("nan")}


def class_figures(results, cls, entry, config, rounds):
    matches = [match(r["found"], r, cls, 0.5) for r in results]
    ap = lambda picks=None: average_precision(*gather(matches, picks))
    present = holds(results, cls)
    scores = calibrated(top_scores(results, cls, config["decode"]["scoreFloor"]), entry)
    above = scores >= entry["threshold"]
    found = sum(int(m[1][calibrated(m[0], entry) >= entry["threshold"]].sum()) for m in matches if len(m[0]))
    objects = sum(m[2] for m in matches)
    return {
        "objects": objects, "ap50": ap(), "ap50Interval": interval(ap, len(results), config["train"]["seed"], rounds),
        "ap75": class_ap([r["found"] for r in results], results, cls, 0.75), "scanAuc": roc_area(scores, present),
        "threshold": entry["threshold"], "recallAtThreshold": found / objects if objects else float("nan"),
        "falseAlarmsAtThreshold": float(above[~present].mean()), "brier": float(((scores - present) ** 2).mean()),
        "quiet": quiet(scores, present, entry["calibration"]["prevalence"]),
    }


def any_target(results, entries, config):
    """Scan level: the largest calibrated score over the classes; false alarms on scans without any target."""
    floor = config["decode"]["scoreFloor"]
    scores = np.stack([calibrated(top_scores(results, c, floor), e) for c, e in enumerate(entries)])
    raised = (scores >= np.array([e["threshold"] for e in entries])[:, None]).any(0)
    free = np.array([len(r["labels"]) == 0 for r in results])
    best = scores.max(0)
    out = {"scans": len(results), "targetFree": int(free.sum()), "auc": roc_area(best, ~free), "falseAlarms": float(raised[free].mean()) if free.any() else float("nan"),
           "detected": float(raised[~free].mean()) if (~free).any() else float("nan")}
    for share in (0.9, 0.95):
        limit = np.quantile(best[~free], 1 - share) if (~free).any() else 1.0
        out[f"falseAlarmsAt{int(share * 100)}"] = float((best[free] >= limit).mean()) if free.any() else float("nan")
    return out


def detection_figures(results, traffic, entries, config, rounds=400):
    names = config["classes"]
    per_class = {n: class_figures(results, c, entries[c], config, rounds) for c, n in enumerate(names)}
    matches = [[match(r["found"], r, c, 0.5) for r in results] for c in range(len(names))]
    mean_ap = lambda picks: np.nanmean([average_precision(*gather(m, picks)) for m in matches])
    limits = np.arange(0.5, 0.96, 0.05)
    found = [r["found"] for r in results]
    strict = np.nanmean([[class_ap(found, results, c, limit) for limit in limits] for c in range(len(names))])
    return {
        "scans": len(results), "map50": float(mean_ap(range(len(results)))),
        "map50Interval": interval(mean_ap, len(results), config["train"]["seed"], rounds), "map50to95": float(strict),
        "classes": per_class, "holdout": any_target(results, entries, config), "traffic": any_target(traffic, entries, config),
    }


def group_figures(results, g, entry):
    present = np.array([r["shares"][g] > 0.03 for r in results])
    scores = calibrated([r["presence"][g] for r in results], entry)
    above = scores >= entry["threshold"]
    hit = (above & present).sum()
    return {
        "scans": int(present.sum()), "auc": roc_area(scores, present), "ap": average_precision(scores, present, int(present.sum())),
        "f1": float(2 * hit / max(1, above.sum() + present.sum())), "threshold": entry["threshold"], "brier": float(((scores - present) ** 2).mean()),
        "shareError": float(np.mean([abs(r["share"][g] - r["shares"][g]) for r in results])),
    }


def goods_figures(results, entries, config):
    groups = {n: group_figures(results, g, entries[g]) for g, n in enumerate(config["groups"])}
    mean = lambda key: float(np.nanmean([v[key] for v in groups.values()]))
    top = [int(r["share"].argmax() == r["shares"].argmax()) for r in results if r["shares"].sum() > 0]
    moved = [np.abs(r["share"] - r["shares"]).sum() / 2 for r in results if r["shares"].sum() > 0]
    return {"scans": len(results), "macroAuc": mean("auc"), "macroAp": mean("ap"), "macroF1": mean("f1"),
            "largestGroupRight": float(np.mean(top)), "shareMisplaced": float(np.mean(moved)), "groups": groups}
