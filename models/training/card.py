"""The text of the model cards, from the measured figures."""

HEAD = """# {name} {version}

{what}

**Synthetic only.** Trained and measured on simulated parcels of this project (`simulator/`), never on a real scan.
Nothing below predicts how it does in the field: an earlier model trained this way found next to nothing on public real
sets without training on real images first. It certifies nothing (`certified: null` throughout). Do not clear a real
consignment on its word.

## Data

- {seen} training scans, {fresh} of them different, drawn by `simulator/stream.ts` (seed {seed}, mix `{mix}`), dual energy, {height} detector
  pixels at {pitch} mm, nothing stored.{history} Licence of data and weights: Apache-2.0, like the project.
- Calibrated on {calibration} scans of another seed; the figures below are from {holdout} scans of a third, and {traffic} of the
  `traffic` mix (mostly benign).
- {parameters} parameters in training; {minutes:.0f} minutes on {threads} thread(s) of a shared two-core machine, bf16.
"""

FOOT = """
## Input and output

Transmission 0..1, `[1, 2, H, W]`, low then high energy, rows are detector pixels, H and W multiples of 32, padded with air.
{outputs}

## Use

Meant for development, demonstration and as a starting point for training on a site's own scans. {loading}
ONNX against torch on {parity_scans} scans: score {parity_score:.1e}, box {parity_box:.1e} px, presence {parity_presence:.1e}.
`session.run`, one thread, {height}x{width}, on the training machine: p50 {p50:.0f} ms, p95 {p95:.0f} ms.
"""

DETECTOR_LIMITS = """
## What it cannot do

- It knows {count} classes and no other: no ammunition, explosives, detonators, ivory, hidden compartments.
- Weakest here: {weak}. Objects behind thick metal have a box in the truth even when no photon shows them, and count as misses.
- {traffic_false:.0%} of target-free `traffic` parcels raise at least one class at these thresholds; 90 % detection of scans
  with a target would cost {fa90:.0%} false alarms on the training mix and {traffic90:.0%} on `traffic`. Not usable as an alarm by itself.
- One view, one scanner geometry, no belt, trays, zips, cables or frames; other pixel pitches are resampled to {pitch} mm,
  which was never trained. Pseudo-colour and single-energy images are refused.
- `battery`, `liquid`, `currency` and `tobacco` are goods that need declaring; finding one is evidence, not an offence.
"""

GOODS_LIMITS = """
## What it cannot do

- {count} groups only; a parcel of anything else (vehicle parts, instruments, an empty box) is forced into these.
- Weakest here: {weak}. Groups of the same density and no shape of their own cannot be told apart.
- Shares are of the net mass without packaging; on average {moved:.0%} of the mass is put into a wrong group.
- One view and one scanner geometry; pseudo-colour and single-energy images are refused.
"""


def percent(value):
    return "-" if value is None else f"{100 * value:.1f} %"


def number(value):
    return "-" if value is None else f"{value:.3f}"


def detector_tables(figures):
    low, high = figures["map50Interval"]
    lines = [
        f"\n## Held-out, synthetic ({figures['scans']} scans)\n",
        f"mAP@50 **{figures['map50']:.3f}** (95 % {low:.3f}-{high:.3f}, bootstrap over scans), mAP@50-95 {figures['map50to95']:.3f}.\n",
        "| class | objects | AP@50 (95 %) | AP@75 | scan AUC | threshold | recall | false alarms on scans without it | there though quiet: claimed / counted |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, f in figures["classes"].items():
        a, b = f["ap50Interval"]
        lines.append(f"| {name} | {f['objects']} | {number(f['ap50'])} ({number(a)}-{number(b)}) | {number(f['ap75'])} | {number(f['scanAuc'])} | "
                     f"{f['threshold']:.3f} | {percent(f['recallAtThreshold'])} | {percent(f['falseAlarmsAtThreshold'])} | "
                     f"{percent(f['quiet']['claimed'])} / {percent(f['quiet']['counted'])} |")
    lines += ["\n| any target, scan level | scans | target-free | AUC | detected | false alarms | at 90 % detection | at 95 % |", "|---|---|---|---|---|---|---|---|"]
    for name in ("holdout", "traffic"):
        f = figures[name]
        lines.append(f"| {name} | {f['scans']} | {f['targetFree']} | {number(f['auc'])} | {percent(f['detected'])} | {percent(f['falseAlarms'])} | "
                     f"{percent(f['falseAlarmsAt90'])} | {percent(f['falseAlarmsAt95'])} |")
    lines.append("\n\"Detected\" and \"false alarms\" count scans where any class reaches its threshold. "
                 "Quiet: the class's score is below its prevalence.")
    return "\n".join(lines) + "\n"


def goods_tables(figures):
    lines = [
        f"\n## Held-out, synthetic ({figures['scans']} scans)\n",
        f"Macro AUC {figures['macroAuc']:.3f}, AP {figures['macroAp']:.3f}, F1 {figures['macroF1']:.3f}; largest group right in {percent(figures['largestGroupRight'])}.\n",
        "| group | scans with it | AUC | AP | F1 | threshold | Brier | mean error of share |", "|---|---|---|---|---|---|---|---|",
    ]
    for name, f in figures["groups"].items():
        lines.append(f"| {name} | {f['scans']} | {number(f['auc'])} | {number(f['ap'])} | {number(f['f1'])} | {f['threshold']:.3f} | {number(f['brier'])} | {number(f['shareError'])} |")
    return "\n".join(lines) + "\n"


def weakest(items, key, count=3):
    known = sorted(((f[key], name) for name, f in items.items() if f[key] is not None))
    return ", ".join(f"{name} ({value:.2f})" for value, name in known[:count])


def card(kind, facts, figures):
    """`facts`: the values that HEAD and FOOT name."""
    if kind == "threat-detector":
        limits = DETECTOR_LIMITS.format(
            count=len(figures["classes"]), weak=weakest(figures["classes"], "ap50"), pitch=facts["pitch"],
            traffic_false=figures["traffic"]["falseAlarms"] or 0, fa90=figures["holdout"]["falseAlarmsAt90"] or 0,
            traffic90=figures["traffic"]["falseAlarmsAt90"] or 0)
        tables = detector_tables(figures)
    else:
        limits = GOODS_LIMITS.format(count=len(figures["groups"]), weak=weakest(figures["groups"], "auc"), moved=figures["shareMisplaced"])
        tables = goods_tables(figures)
    return HEAD.format(**facts) + tables + limits + FOOT.format(**facts)
