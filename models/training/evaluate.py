"""The figures of the model cards: AP by tier with intervals, false alarms, calibration (ECE), confusion, goods groups."""

import numpy as np

from batch import PRESENT_SHARE
from calibrate import calibrated, holds, top_scores
from metrics import COUNTED, average_precision, class_ap, gather, interval, iou_matrix, match, roc_area

CLEAR = ("clear",)
PARTIAL = ("partial",)
HIDDEN = ("hidden",)
BINS = 10


def expected_error(scores, present):
    """Expected calibration error: mean |claimed - counted| over bins of width 0.1, weighted by their scans; and the bins."""
    scores, present = np.asarray(scores).ravel(), np.asarray(present).ravel()
    at = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins = [{"scans": int((at == b).sum()), "claimed": float(scores[at == b].mean()), "counted": float(present[at == b].mean())}
            for b in range(BINS) if (at == b).any()]
    return sum(b["scans"] * abs(b["claimed"] - b["counted"]) for b in bins) / max(1, len(scores)), bins


def shifted_prevalence(scores, entry, prevalence):
    """Calibrated scores at another prevalence: evidence logit(score) - logit(stated), added to the logit of the other."""
    stated = entry["calibration"]["prevalence"]
    scores = np.clip(scores, 1e-6, 1 - 1e-6)
    odds = scores / (1 - scores) * (1 - stated) / stated * prevalence / (1 - prevalence)
    return odds / (1 + odds)


def scan_scores(results, entries, config):
    """Calibrated score [C, N] of each class in each scan."""
    floor = config["decode"]["leastScore"]
    return np.stack([calibrated(top_scores(results, c, floor), e) for c, e in enumerate(entries)])


def at_threshold(results, cls, entry, tier):
    """Share of the objects of a tier that a detection at or above the threshold finds, and how many there are."""
    found, objects = 0, 0
    for result in results:
        scores, hit, count = match(result["found"], result, cls, 0.5, tier)
        found, objects = found + int((hit & (calibrated(scores, entry) >= entry["threshold"])).sum()), objects + count
    return found / objects if objects else float("nan"), objects


def class_figures(results, cls, entry, scores, config, rounds):
    matches = [match(r["found"], r, cls, 0.5) for r in results]
    found = [r["found"] for r in results]
    ap = lambda picks=None: average_precision(*gather(matches, picks))
    present = holds(results, cls)
    tiers = {}
    for name, tier in (("clear", CLEAR), ("partial", PARTIAL), ("hidden", HIDDEN)):
        recall, objects = at_threshold(results, cls, entry, tier)
        tiers[name] = {"objects": objects, "ap50": class_ap(found, results, cls, 0.5, tier), "recallAtThreshold": recall}
    return {
        "objects": sum(m[2] for m in matches), "ap50": ap(), "ap50Interval": interval(ap, len(results), config["train"]["seed"], rounds),
        "ap75": class_ap(found, results, cls, 0.75), "scanAuc": roc_area(scores, present), "threshold": entry["threshold"],
        "recallAtThreshold": at_threshold(results, cls, entry, COUNTED)[0],
        "falseAlarmsAtThreshold": float((scores >= entry["threshold"])[~present].mean()), "brier": float(((scores - present) ** 2).mean()),
        "ece": expected_error(scores, present)[0], "tiers": tiers,
    }


def visible(results):
    """Scans that hold an object of a counted tier, and scans without any target."""
    return np.array([np.isin(r["tiers"], COUNTED).any() for r in results]), np.array([len(r["labels"]) == 0 for r in results])


def any_chance(scores):
    """Chance [N] that a scan holds a target of any class, from calibrated scores [C, N]: noisy-or, at the prevalence of calibration."""
    return 1 - np.prod(1 - scores, 0)


def any_target(results, entries, scores):
    """Scan level: the chance of any target. False alarms are counted on scans free of any target."""
    raised = (scores >= np.array([e["threshold"] for e in entries])[:, None]).any(0)
    held, free = visible(results)
    best = any_chance(scores)
    share = lambda values, of: float(values[of].mean()) if of.any() else float("nan")
    out = {"scans": len(results), "targetFree": int(free.sum()), "visible": int(held.sum()), "auc": roc_area(best[held | free], held[held | free]),
           "falseAlarms": share(raised, free), "detected": share(raised, held)}
    for part in (0.9, 0.95):
        limit = np.quantile(best[held], 1 - part) if held.any() else 1.0
        out[f"falseAlarmsAt{int(part * 100)}"] = share(best >= limit, free)
    return out


def alarm_interval(results, scores, config, rounds):
    """95 % interval of the false alarms at 90 % detection, over scans."""
    held, free = visible(results)
    best = any_chance(scores)

    def statistic(picks):
        some = best[picks]
        hold, none = some[held[picks]], some[free[picks]]
        return float((none >= np.quantile(hold, 0.1)).mean()) if len(hold) and len(none) else float("nan")

    return interval(statistic, len(results), config["train"]["seed"], rounds)


def confusion(results, entries, config):
    """Objects (rows: true class, counted tiers; last row: none) by the class of the surest detection on them at its threshold."""
    count = len(config["classes"])
    table = np.zeros((count + 1, count + 1), int)
    for result in results:
        found = result["found"]
        at = np.array([calibrated(row[4], entries[int(row[5])]) >= entries[int(row[5])]["threshold"] for row in found], bool)
        found = found[at] if len(found) else found
        overlap = iou_matrix(found, result["boxes"]) if len(found) and len(result["boxes"]) else np.zeros((len(found), len(result["boxes"])))
        for column in np.flatnonzero(np.isin(result["tiers"], COUNTED)):
            near = np.flatnonzero(overlap[:, column] >= 0.5)
            table[result["labels"][column], int(found[near[0], 5]) if len(near) else count] += 1
        for row in range(len(found)):
            if not len(result["boxes"]) or overlap[row].max() < 0.5:
                table[count, int(found[row, 5])] += 1
    return table.tolist()


def mean_ap(results, config, tier, rounds):
    matches = [[match(r["found"], r, c, 0.5, tier) for r in results] for c in range(len(config["classes"]))]
    mean = lambda picks: np.nanmean([average_precision(*gather(m, picks)) for m in matches])
    return {"map50": float(mean(range(len(results)))), "map50Interval": interval(mean, len(results), config["train"]["seed"], rounds)}


def detection_figures(results, entries, config, rounds=400):
    """All figures of the detector on one set."""
    scores = scan_scores(results, entries, config)
    present = np.stack([holds(results, c) for c in range(len(entries))])
    here = np.stack([shifted_prevalence(s, e, float(np.clip(p.mean(), 1e-3, 1 - 1e-3))) for s, e, p in zip(scores, entries, present)])
    found = [r["found"] for r in results]
    strict = [[class_ap(found, results, c, limit) for limit in np.arange(0.5, 0.96, 0.05)] for c in range(len(entries))]
    error, bins = expected_error(here, present)
    return {
        "scans": len(results), **mean_ap(results, config, COUNTED, rounds), "map50to95": float(np.nanmean(strict)),
        "clear": mean_ap(results, config, CLEAR, rounds), "partial": mean_ap(results, config, PARTIAL, rounds), "hidden": mean_ap(results, config, HIDDEN, rounds),
        "classes": {n: class_figures(results, c, entries[c], scores[c], config, rounds) for c, n in enumerate(config["classes"])},
        "any": {**any_target(results, entries, scores), "falseAlarmsAt90Interval": alarm_interval(results, scores, config, rounds)},
        "ece": error, "reliability": bins, "confusion": confusion(results, entries, config),
    }


def group_figures(results, g, entry):
    present = np.array([r["shares"][g] > PRESENT_SHARE for r in results])
    scores = calibrated([r["presence"][g] for r in results], entry)
    above = scores >= entry["threshold"]
    hit = (above & present).sum()
    return {
        "scans": int(present.sum()), "auc": roc_area(scores, present), "ap": average_precision(scores, present, int(present.sum())),
        "f1": float(2 * hit / max(1, above.sum() + present.sum())), "threshold": entry["threshold"], "brier": float(((scores - present) ** 2).mean()),
        "shareError": float(np.mean([abs(r["share"][g] - r["shares"][g]) for r in results])),
    }


def goods_figures(results, entries, config, rounds=400):
    """All figures of the goods classifier on one set. `shareError`: mean absolute error over scans and groups."""
    groups = {n: group_figures(results, g, entries[g]) for g, n in enumerate(config["groups"])}
    mean = lambda key: float(np.nanmean([v[key] for v in groups.values()]))
    known = [r for r in results if r["shares"].sum() > 0]
    top = [int(r["share"].argmax() == r["shares"].argmax()) for r in known]
    moved = [np.abs(r["share"] - r["shares"]).sum() / 2 for r in known]
    macro = lambda picks: np.nanmean([group_figures([results[i] for i in picks], g, entries[g])["f1"] for g in range(len(entries))])
    return {"scans": len(results), "macroAuc": mean("auc"), "macroAp": mean("ap"), "macroF1": mean("f1"),
            "macroF1Interval": interval(macro, len(results), config["train"]["seed"], max(10, rounds // 8)), "shareError": mean("shareError"),
            "largestGroupRight": float(np.mean(top)), "shareMisplaced": float(np.mean(moved)), "groups": groups}
