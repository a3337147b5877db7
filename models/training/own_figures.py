"""Figures of a fine-tuned detector on its own test part: AP with an interval over clusters, false alarms, false alarms on clean images."""

import numpy as np

from batch import sample_of
from calibrate import entry, holds, top_scores
from evaluate import at_threshold, expected_error, scan_scores, shifted_prevalence
from metrics import average_precision, gather, match
from own_data import pitch_of
from own_images import read_image
from pseudo import AIR_LEVEL
from tuning import mean_ap, predicted

ROUNDS = 300
ENDINGS = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
DETECTION = (0.9, 0.8, 0.5)


def thresholds_of(results, config):
    """Calibration and threshold of each class from the validation part."""
    floor, limit = config["decode"]["leastScore"], config["package"]["falseAlarmLimit"]
    return [{"name": name, **entry(top_scores(results, c, floor), holds(results, c), limit), "certified": None} for c, name in enumerate(config["classes"])]


def over_clusters(statistic, cluster, seed, rounds=ROUNDS):
    """Bootstrap 95 % interval: whole clusters are drawn, since near-duplicates say the same thing."""
    members = [np.flatnonzero(cluster == c) for c in np.unique(cluster)]
    rng = np.random.default_rng(seed)
    values = [statistic(np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])) for _ in range(rounds)]
    return [float(v) for v in np.nanpercentile(np.array(values, float), [2.5, 97.5])]


def limit_at(results, config, share):
    """The score that this share of the scans with a target reaches with their surest find of a class that they hold."""
    best = [max((r["found"][np.isin(r["found"][:, 5], r["labels"]), 4]), default=0.0) for r in results if len(r["labels"])]
    return float(np.quantile(best, 1 - share)) if best else float("nan")


def alarms(results, limit):
    return float(np.mean([len(r["found"]) > 0 and r["found"][:, 4].max() >= limit for r in results])) if results else float("nan")


def class_figures(results, cls, entries, cluster, config):
    matches = [match(r["found"], r, cls, 0.5) for r in results]
    ap = lambda picks=None: average_precision(*gather(matches, picks))
    recall, objects = at_threshold(results, cls, entries[cls], ("clear",))
    return {"objects": objects, "ap50": ap(), "ap50Interval": over_clusters(ap, cluster, config["train"]["seed"]),
            "ap75": average_precision(*gather([match(r["found"], r, cls, 0.75) for r in results])), "recallAtThreshold": recall,
            "threshold": entries[cls]["threshold"]}


def figures_of(results, entries, config, cluster):
    """All figures on the test part."""
    matches = [[match(r["found"], r, c, 0.5) for r in results] for c in range(len(config["classes"]))]

    def mean(picks):
        values = [average_precision(*gather(m, picks)) for m in matches]
        return np.nanmean(values) if not np.all(np.isnan(values)) else np.nan

    scores = scan_scores(results, entries, config)
    present = np.stack([holds(results, c) for c in range(len(entries))])
    here = np.stack([shifted_prevalence(s, e, float(np.clip(p.mean(), 1e-3, 1 - 1e-3))) for s, e, p in zip(scores, entries, present)])
    error, bins = expected_error(here, present)
    free = [r for r in results if not len(r["labels"])]
    limits = {f"at{int(100 * share)}": limit_at(results, config, share) for share in DETECTION}
    return {
        "scans": len(results), "clusters": len(np.unique(cluster)), "targetFree": len(free), "map50": mean_ap(results, config),
        "map50Interval": over_clusters(mean, cluster, config["train"]["seed"]),
        "map50to95": float(np.nanmean([mean_ap(results, config, limit=limit) for limit in np.arange(0.5, 0.96, 0.05)])),
        "map30": mean_ap(results, config, limit=0.3),
        "classes": {name: class_figures(results, c, entries, cluster, config) for c, name in enumerate(config["classes"])},
        "falseAlarms": {name: {"score": limit, "share": alarms(free, limit)} for name, limit in limits.items()},
        "ece": error, "reliability": bins,
    }


def clean_samples(options, config):
    """Images of a folder that hold no target; NAME.low.EXT and NAME.high.EXT are a pair."""
    folder, out = options.clean, []
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and p.name.startswith(options.clean_only) and ".high." not in p.name)
    for path in files:
        high = path.with_name(path.name.replace(".low.", ".high.")) if ".low." in path.name else None
        kind, planes = read_image(path, high)
        stated = options.clean_pitch if options.clean_pitch in (None, "none") else float(options.clean_pitch)
        pitch = pitch_of({}, kind, planes[1], stated, config)
        scan = {"planes": planes, "width": planes.shape[2], "height": planes.shape[1], "airLevel": AIR_LEVEL, "pixelPitchMm": pitch, "targets": [], "groups": []}
        out.append(sample_of(scan, config))
    return out


def clean_figures(net, results, entries, config, options):
    """False alarms on clean images, at the thresholds and where shares of the test part's targets are found."""
    samples = clean_samples(options, config)
    sides = [max([config["canvas"][name], *(s["planes"].shape[axis] for s in samples)]) for axis, name in ((1, "height"), (2, "width"))]
    config = {**config, "canvas": {"height": -(-sides[0] // 32) * 32, "width": -(-sides[1] // 32) * 32}}
    found = predicted(net, samples, config, options.mirrors)
    raised = np.array([(s >= e["threshold"]) for s, e in zip(scan_scores(found, entries, config), entries)]).any(0) if found else np.zeros(0)
    shares = {f"at{int(100 * share)}": alarms(found, limit_at(results, config, share)) for share in DETECTION}
    return {"scans": len(samples), "falseAlarmsAtThreshold": float(raised.mean()) if len(raised) else float("nan"), **shares}
