"""The report of a fine-tuning run: `curves.png` and `REPORT.md` from its log and figures."""

import json

from plots import events


def curves(folder, figures):
    """Loss, validation mAP and reliability over a run."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    log = folder / "log.ndjson"
    train, validation = events(log, "train"), events(log, "validation")
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    for key in ("class", "box"):
        left.plot([t["seen"] for t in train], [t["loss"][key] for t in train], label=key, linewidth=0.9)
    left.set(title="training loss", xlabel="samples seen", yscale="log")
    left.legend()
    middle.plot([v["seen"] for v in validation], [v["map50"] for v in validation], marker="o", color="black")
    middle.set(title="validation mAP@50", xlabel="samples seen", ylim=(0, 1))
    right.plot([0, 1], [0, 1], color="grey", linewidth=0.7)
    right.plot([b["claimed"] for b in figures["reliability"]], [b["counted"] for b in figures["reliability"]], marker="o")
    right.set(title="reliability on the test part: claimed against counted", xlim=(0, 1), ylim=(0, 1))
    figure.savefig(folder / "curves.png", dpi=80, metadata={"Software": None})
    plt.close(figure)


def figure_text(value, interval=None):
    if value is None:
        return "none"
    text = f"{value:.3f}"
    return f"{text} ({interval[0]:.3f}–{interval[1]:.3f})" if interval and None not in interval else text


def percent(value):
    return "none" if value is None else f"{100 * value:.1f} %"


def rows(figures):
    for name, f in figures["classes"].items():
        yield f"| {name} | {f['objects']} | {figure_text(f['ap50'], f['ap50Interval'])} | {figure_text(f['ap75'])} | {percent(f['recallAtThreshold'])} | {f['threshold']} |"


def write_report(folder, about, figures):
    curves(folder, figures)
    images = ", ".join(f"{count} {part}" for part, count in about["images"].items())
    start = ", ".join(path.rsplit("/", 1)[-1] for path in about["startedFrom"]) or "random weights"
    clean = figures.get("clean")
    text = [
        "# Fine-tuning report", "",
        f"- Data revision `{about['dataRevision'][:16]}`, {json.dumps(about['kinds'])}; {images} images in {about['clusters']} clusters of near-duplicates; "
        f"{about['further']} further images for training only. Seed {about['seed']}, code revision `{about['codeRevision'][:12]}`.",
        f"- Started from {start}; {figures['progress']['seen']} samples in {figures['progress']['seconds'] / 60:.1f} minutes.", "",
        f"mAP@50 on the test part: **{figure_text(figures['map50'], figures['map50Interval'])}** (95 % over clusters), "
        f"@30 {figure_text(figures['map30'])}, @50–95 {figure_text(figures['map50to95'])}, calibration error {figure_text(figures['ece'])}.", "",
        "| class | objects | AP@50 | AP@75 | found at its threshold | threshold |", "|---|---|---|---|---|---|", *rows(figures), "",
        f"False alarms on the {figures['targetFree']} images of the test part without a target, where this share of the scans with one is found: "
        + ", ".join(f"{name[2:]} %: {percent(f['share'])}" for name, f in figures["falseAlarms"].items()) + ".",
    ]
    if clean:
        text += ["", f"False alarms on {clean['scans']} clean images: {percent(clean['falseAlarmsAtThreshold'])} at the thresholds; "
                 + ", ".join(f"{percent(clean[name])} where {name[2:]} % are found" for name in ("at90", "at80", "at50")) + "."]
    text += ["", "![curves](curves.png)", ""]
    (folder / "REPORT.md").write_text("\n".join(text))
