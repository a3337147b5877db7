"""Measures how simulated scans differ from real ones, prints a table, writes JSON and sheets.

    /usr/bin/python3 test/bench/fidelity/fidelity.py --out DIR [--simulator CHECKOUT] [-- stream options]

Needs python3-opencv, python3-scipy and python3-torch. The real scans serve as a ruler only.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy.stats import wasserstein_distance

import figures
import sheets
from scans import ROOT, real_scans, resized, simulated_scans
from tell_apart import tell_apart

REAL = ROOT.parent / "shared" / "data" / "dual-energy"
# A cabin bag of 55 cm spans about 640 pixels in the real scans, so that their pitch is about 0.85 mm.
REAL_PITCH_MM = 0.85
SIMULATED_PITCH_MM = 1.5


def compare(real, simulated, seed):
    rng = np.random.default_rng(seed)
    report = {"scans": {"real": len(real), "simulated": len(simulated)}, "distributions": {}}
    ours, theirs = (figures.distributions(scans, rng) for scans in (simulated, real))
    for name, values in theirs.items():
        # Each distance in units of the real spread (5-95 %), so that the rows compare.
        spread = float(np.subtract(*np.percentile(values, [95, 5])))
        distance = float(wasserstein_distance(values, ours[name])) if len(ours[name]) else None
        report["distributions"][name] = {
            "real": quantiles(values),
            "simulated": quantiles(ours[name]),
            "wasserstein": distance,
            "of the real spread": None if distance is None else distance / spread,
        }
    report["shares"] = both(figures.shares, real, simulated)
    for name, lowest, highest in (("air", -0.01, 0.01), ("body 0.2-0.6", 0.2, 0.6), ("body 0.8-2", 0.8, 2)):
        patches = [figures.level_patches(scans, lowest, highest, 60, rng) for scans in (real, simulated)]
        if all(one is not None for one in patches):
            report[f"noise in {name}"] = both(figures.noise, *patches)
    report["tell apart"] = tell_apart(real, simulated, rng)
    return report


def quantiles(values):
    return [float(v) for v in np.percentile(values, figures.QUANTILES)] if len(values) else []


def both(measure, real, simulated):
    a, b = measure(real), measure(simulated)
    return {key: {"real": a[key], "simulated": b[key]} for key in a}


def table(report):
    """The report as lines of text."""
    out = []
    counts = report["scans"]
    out.append(f"{counts['real']} real bags, {counts['simulated']} simulated scans")
    out.append("")
    out.append(f"{'distribution':<36}{'real 5/25/50/75/95 %':<40}{'simulated':<40}{'W1':>8}{'W1/spread':>11}")
    for name, row in report["distributions"].items():
        sides = ["  ".join(f"{v:6.3f}" for v in row[side]) for side in ("real", "simulated")]
        distance = ["-" if row[k] is None else f"{row[k]:.3f}" for k in ("wasserstein", "of the real spread")]
        out.append(f"{name:<36}{sides[0]:<40}{sides[1]:<40}{distance[0]:>8}{distance[1]:>11}")
    for group in [key for key in report if key == "shares" or key.startswith("noise")]:
        out += ["", f"{group:<42}{'real':>10}{'simulated':>12}"]
        out += [f"{k:<42}{row['real']:>10.3f}{row['simulated']:>12.3f}" for k, row in report[group].items()]
    told = report["tell apart"]
    out += ["", f"told apart, features and logistic: AUC {told['features']['auc']:.3f}"]
    out += [f"told apart, small network:         AUC {told['network']['auc']:.3f}"]
    out += ["", f"{'single feature':<38}{'AUC':>7}{'real':>11}{'simulated':>12}"]
    for one in told["single features"]:
        out.append(f"{one['name']:<38}{one['auc']:>7.3f}{one['real median']:>11.4f}{one['simulated median']:>12.4f}")
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for fidelity.json, fidelity.txt, sheets")
    parser.add_argument("--simulator", type=Path, default=ROOT, help="checkout whose simulator is measured")
    parser.add_argument("--real", type=Path, default=REAL, help="folder of NAME.low.tif, NAME.high.tif")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=424242)
    parser.add_argument("stream", nargs="*", help="further options of simulator/stream.ts, after --")
    options = parser.parse_args()
    if not options.real.is_dir():
        print(f"The real scans are absent ({options.real}): nothing to measure against")
        return
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    real = real_scans(options.real)
    simulated = simulated_scans(options.simulator, options.count, options.seed, options.stream)
    report = {"native pixels": compare(real, simulated, 1)}
    # What is left when noise and sharpness of the finer real pixels are averaged away: contents and materials.
    coarse = [resized(scan, REAL_PITCH_MM / SIMULATED_PITCH_MM) for scan in real]
    report["real at the simulator's pitch"] = compare(coarse, simulated, 1)
    text = "\n\n".join(f"== {name} ==\n{table(part)}" for name, part in report.items())
    print(text)
    (options.out / "fidelity.txt").write_text(text + "\n")
    (options.out / "fidelity.json").write_text(json.dumps(report, indent=1) + "\n")
    sheets.overview(real, simulated, options.out / "overview.png")
    sheets.patch_sheet(real, simulated, options.out / "patches.png")


if __name__ == "__main__":
    main()
