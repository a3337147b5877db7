"""The text of the model cards, from the measured figures."""

HEAD = """# {name} {version}

{what}

**Synthetic only.** Trained and measured on simulated parcels of this project (`simulator/`), never on a real scan.
Nothing below predicts how it does in the field: earlier models trained this way found next to nothing on public real
sets without training on real images first. It certifies nothing (`certified: null` throughout). Do not clear a real
consignment on its word.

## Data

- {seen} training scans, {fresh} of them different, each other one a kept scan changed (mirrored, turned, zoomed, other spectrum,
  blur, noise, another parcel over it, drawn in pseudo-colour and read back); `simulator/stream.ts`, seed {seed}, dual energy at
  {pitch} mm.{history} Licence of data and weights: Apache-2.0, like the project.
- Objects of tier `hidden` (see below) were neither taught nor punished. Calibrated on {calibration} scans of another seed.
- {parameters} parameters in training; {minutes:.0f} minutes on {threads} thread(s) of a shared two-core machine, bf16. Curves: `curves.png`.
"""

FOOT = """
## Input and output

Transmission 0..1, `[1, 2, H, W]`, low then high energy, rows are detector pixels, H and W multiples of 32, padded with air.
Pseudo-colour pictures are turned into a pseudo pair first (`models/pseudo-pair.ts`). {outputs}

## Use

Meant for development, demonstration and as a starting point for training on a site's own scans. {loading}
ONNX against torch on {parity_scans} scans: score {parity_score:.1e}, box {parity_box:.1e} px, presence {parity_presence:.1e}, vector {parity_vector:.1e}.
`session.run`, one thread, {height}x{width}, on the training machine: p50 {p50:.0f} ms, p95 {p95:.0f} ms.

The report of `lynceus evaluate` on the frozen benchmark, with precision-recall, reliability, confusion and the worst misses:
[models/evaluation/report.html](../../evaluation/report.html). To make it anew: `lynceus simulate dataset --benchmark main --out DIR`, then `lynceus evaluate --dataset DIR --report models/evaluation`.
"""

DETECTOR_LIMITS = """
## What it cannot do

- It knows {count} classes and no other: no detonators, ivory, shielding, hidden compartments.
- Weakest here: {weak}.
- {false:.0%} of target-free parcels raise at least one class at these thresholds; 90 % detection of scans with a clear or partial
  target would cost {fa90:.0%} false alarms. It points an officer to a place; it is no alarm by itself.
- `battery`, `liquid`, `currency` and `tobacco` are goods that need declaring; finding one is evidence, not an offence.
- Simulated goods only: what is missing in the simulator (other packaging, trays, other machines' artefacts) is unknown to it.
"""

GOODS_LIMITS = """
## What it cannot do

- {count} groups only; a parcel of anything else (vehicle parts, instruments, an empty box) is forced into these.
- Weakest here: {weak}. Groups of the same density and no shape of their own cannot be told apart.
- Shares are of the net mass without packaging; on average {moved:.0%} of the mass is put into a wrong group.
"""

EMBEDDING_LIMITS = """
## What it cannot do

- It compares simulated parcels; that two real scans are near says no more than that the network sees them alike.
- The vector changes with every version: an index holds vectors of one version only.
"""

SETS = {
    "benchmark": "Frozen benchmark", "shifted": "Frozen benchmark, shifted physics (a machine outside of the trained range)",
    "pictures": "Frozen benchmark as pseudo-colour pictures, drawn in random palettes and read back",
    "holdout": "Held-out scans of the training mix", "traffic": "Scans of the `traffic` mix (mostly benign)",
}
TIERS = "Tiers (`simulator/tiers.ts`): clear = contrast-to-noise at least 5 and at most 30 % occluded; hidden = below 2 or above 80 %; partial = between."


def percent(value):
    return "-" if value is None else f"{100 * value:.1f} %"


def number(value):
    return "-" if value is None else f"{value:.3f}"


def ranged(value, interval):
    return f"{number(value)} ({number(interval[0])}-{number(interval[1])})"


def detector_summary(sets):
    lines = ["\n## Synthetic figures\n", f"95 % intervals by bootstrap over scans. {TIERS}\n",
             "| set | scans | mAP@50 clear and partial | clear | partial | hidden | mAP@50-95 | false alarms at 90 % detection | ECE |", "|---|---|---|---|---|---|---|---|---|"]
    for name, f in sets.items():
        lines.append(f"| {SETS.get(name, name)} | {f['scans']} | **{ranged(f['map50'], f['map50Interval'])}** | {ranged(f['clear']['map50'], f['clear']['map50Interval'])} | "
                     f"{number(f['partial']['map50'])} | {number(f['hidden']['map50'])} | {number(f['map50to95'])} | "
                     f"{percent(f['any']['falseAlarmsAt90'])} ({percent(f['any']['falseAlarmsAt90Interval'][0])}-{percent(f['any']['falseAlarmsAt90Interval'][1])}) | {number(f['ece'])} |")
    lines.append("\nFalse alarms: share of target-free scans whose chance of any target (noisy-or of the classes) reaches that of 90 % of the scans with a clear or partial "
                 "target. ECE: ten bins over all classes and scans, scores moved to the set's prevalence.")
    return "\n".join(lines) + "\n"


def detector_table(name, f):
    lines = [f"\n### {SETS.get(name, name)}\n", "| class | clear + partial | AP@50 | clear | partial | hidden: objects, recall | AP@75 | scan AUC | threshold | recall | false alarms on scans without it | ECE |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for cls, c in f["classes"].items():
        hidden = c["tiers"]["hidden"]
        lines.append(f"| {cls} | {c['objects']} | {ranged(c['ap50'], c['ap50Interval'])} | {number(c['tiers']['clear']['ap50'])} | {number(c['tiers']['partial']['ap50'])} | "
                     f"{hidden['objects']}, {percent(hidden['recallAtThreshold'])} | {number(c['ap75'])} | {number(c['scanAuc'])} | {c['threshold']:.3f} | "
                     f"{percent(c['recallAtThreshold'])} | {percent(c['falseAlarmsAtThreshold'])} | {number(c['ece'])} |")
    any_ = f["any"]
    lines.append(f"\nAny class at its threshold: {percent(any_['detected'])} of {any_['visible']} scans with a clear or partial target, {percent(any_['falseAlarms'])} of "
                 f"{any_['targetFree']} target-free ones; AUC {number(any_['auc'])}; at 95 % detection {percent(any_['falseAlarmsAt95'])} false alarms.")
    return "\n".join(lines) + "\n"


def confusion_table(names, f):
    lines = ["\n### Confusion at the thresholds\n", "Rows: what is there (clear and partial objects); columns: the surest detection on it. Last row: detections on nothing.\n",
             "| | " + " | ".join(names) + " | none |", "|" + "---|" * (len(names) + 2)]
    for name, row in zip([*names, "nothing"], f["confusion"]):
        lines.append(f"| {name} | " + " | ".join(str(v) if v else "" for v in row) + " |")
    return "\n".join(lines) + "\n"


def goods_tables(sets):
    lines = ["\n## Synthetic figures\n", "| set | scans | macro F1 | macro AUC | macro AP | mean absolute share error | largest group right | mass in a wrong group |", "|---|---|---|---|---|---|---|---|"]
    for name, f in sets.items():
        lines.append(f"| {SETS.get(name, name)} | {f['scans']} | **{ranged(f['macroF1'], f['macroF1Interval'])}** | {number(f['macroAuc'])} | {number(f['macroAp'])} | "
                     f"{number(f['shareError'])} | {percent(f['largestGroupRight'])} | {percent(f['shareMisplaced'])} |")
    name, figures = next(iter(sets.items()))
    lines += [f"\n### {SETS.get(name, name)}\n", "| group | scans with it | AUC | AP | F1 | threshold | Brier | mean error of share |", "|---|---|---|---|---|---|---|---|"]
    for group, f in figures["groups"].items():
        lines.append(f"| {group} | {f['scans']} | {number(f['auc'])} | {number(f['ap'])} | {number(f['f1'])} | {f['threshold']:.3f} | {number(f['brier'])} | {number(f['shareError'])} |")
    return "\n".join(lines) + "\n"


def embedding_tables(sets):
    lines = ["\n## Synthetic figures\n", "| search | scans | result |", "|---|---|---|"]
    for f in sets.values():
        lines += [f"| {name} | {value['scans']} | {value['text']} |" for name, value in f["searches"].items()]
    return "\n".join(lines) + "\n"


def weakest(items, key, count=3):
    known = sorted(((f[key], name) for name, f in items.items() if f[key] is not None))
    return ", ".join(f"{name} ({value:.2f})" for value, name in known[:count])


def card(kind, facts, sets):
    """`facts`: the values that HEAD and FOOT name. `sets`: figures by name of the set, the headline first."""
    first = next(iter(sets.values()))
    if kind == "threat-detector":
        limits = DETECTOR_LIMITS.format(count=len(first["classes"]), weak=weakest(first["classes"], "ap50"),
                                        false=first["any"]["falseAlarms"] or 0, fa90=first["any"]["falseAlarmsAt90"] or 0)
        tables = detector_summary(sets) + "".join(detector_table(name, f) for name, f in sets.items()) + confusion_table(list(first["classes"]), first)
    elif kind == "goods-classifier":
        limits = GOODS_LIMITS.format(count=len(first["groups"]), weak=weakest(first["groups"], "f1"), moved=first["shareMisplaced"])
        tables = goods_tables(sets)
    else:
        limits, tables = EMBEDDING_LIMITS, embedding_tables(sets)
    return HEAD.format(**facts) + tables + limits + FOOT.format(**facts)
