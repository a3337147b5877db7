"""Real blades: the detector fine-tuned on public pseudo-colour bag scans, with an ablation. Research only: nothing of it is shipped.

    /usr/bin/python3 models/training/real_blades.py --data ../shared/data --warm CHECKPOINT --samples 18000 --arm-samples 1768

    ... --kinds --pitch 2.0 --window 170 250    (arm `main`) kinds of knives and scissors as classes of their own; images fed 1.33 times as large

The four knife kinds of `DATA/baggage` (YOLO labels) are merged as `blade`, scissors are negatives. Arms: `main` (from the simulator's
weights, the long budget), then with the short budget each `scratch`, `simulator`, `alone` (as `simulator`, without things of other
images laid into each) and `projected` (simulated blades projected into half of the real `clean-*` pairs of `DATA/dual-energy` as further
training data); `zero-shot` without any training. Budgets are samples, so that a busy machine changes nothing. False alarms are counted
on the other half of the clean pairs. `--prepare` reads images and draws composites only. Figures go to `runs/blades-ARM` and, as a table,
to `--report`.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from own_report import figure_text, percent  # noqa: E402
from stream import NODE, ROOT  # noqa: E402

HERE = Path(__file__).resolve().parent
KINDS = ["scissors", "folding", "straight", "utility", "multi-tool"]
SIDE = 416
PAIR_PITCH_MM = 0.85
COMPOSITES = 60
# Blades are 15 to 100 pixels long: small windows show more of them for the same arithmetic.
WINDOW = ["144", "224"]
COMPANY = "0.25"
TUNING = ["--windows", "0.9", "--static", "0", "--company", COMPANY]


def coco_of(folder, target):
    """YOLO labels of square images -> a COCO file."""
    images, boxes = [], []
    for path in sorted((folder / "images").glob("*.jpg")):
        images.append({"id": len(images), "file_name": path.name, "width": SIDE, "height": SIDE})
        for line in (folder / "labels" / f"{path.stem}.txt").read_text().splitlines():
            kind, x, y, width, height = (float(v) for v in line.split())
            box = [SIDE * (x - width / 2), SIDE * (y - height / 2), SIDE * width, SIDE * height]
            boxes.append({"id": len(boxes), "image_id": images[-1]["id"], "category_id": int(kind), "bbox": [round(v, 3) for v in box]})
    text = {"images": images, "annotations": boxes, "categories": [{"id": i, "name": name} for i, name in enumerate(KINDS)]}
    target.write_text(json.dumps(text))


def halves(folder, work):
    """Links to the clean pairs in two folders, every other pair in each: one to project into, one to count false alarms on."""
    names = sorted({path.name.split(".")[0] for path in folder.glob("clean-*.low.*")})
    for at, name in enumerate(names):
        for path in folder.glob(f"{name}.*"):
            link = work / ("into", "alarms")[at % 2] / path.name
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.symlink_to(path.resolve())


def project(work):
    if (work / "composites" / "annotations.json").exists():
        return
    command = [str(NODE), "device/bin/lynceus.js", "simulate", "project", "--scans", str(work / "into"), "--out", str(work / "composites"),
               "--count", str(COMPOSITES), "--pitch", str(PAIR_PITCH_MM), "--classes", "blade", "--seed", "5"]
    subprocess.run(command, cwd=ROOT, check=True)


def fed(work, options, arm):
    """How large images are fed, and as what: arm `main` may have them larger, and kinds as classes of their own."""
    main = arm == "main"
    pitch = options.pitch if main else "none"
    kinds = ["--kinds"] if main and options.kinds else []
    cache = work / f"images-{pitch}{'-kinds' if kinds else ''}.cache"
    window = [*map(str, options.window)] if main else WINDOW
    return [*kinds, "--pitch", pitch, "--cache", str(cache), "--window", *window]


def tune(work, options, arm, warm, more):
    """One arm: `fine_tune.py` in a process of its own."""
    command = [sys.executable, str(HERE / "fine_tune.py"), "--coco", str(work / "annotations.json"), "--images", str(options.data / "baggage" / "images"),
               *(part for kind in KINDS[1:] for part in ("--map", f"{kind}=blade")),
               "--clean", str(work / "alarms"), "--clean-pitch", str(PAIR_PITCH_MM), "--run", f"blades-{arm}",
               "--threads", str(options.threads), *TUNING, *more]
    if warm is not None:
        command += ["--warm", *map(str, warm)]
    subprocess.run(command, check=True)


def row(arm, about, figures):
    f, clean = figures, figures["clean"]
    minutes = f["progress"]["seconds"] / 60
    return (f"| {arm} | {minutes:.1f} | {f['progress']['seen']} | {figure_text(f['map50'], f['map50Interval'])} | {f['map30']:.3f} | {f['map50to95']:.3f} | "
            f"{percent(f['falseAlarms']['at80']['share'])} | {percent(clean['at80'])} | {percent(clean['falseAlarmsAtThreshold'])} |")


def table(report):
    """The arms that were run, as a table, between the marks of the report."""
    lines = ["| arm | minutes | samples | AP@50 (95 %) | AP@30 | AP@50–95 | alarms on scissors at 80 % found | on clean pairs at 80 % found | on clean pairs at the threshold |",
             "|---|---|---|---|---|---|---|---|---|"]
    for arm in ("zero-shot", "scratch", "simulator", "alone", "projected", "main"):
        folder = HERE / "runs" / f"blades-{arm}"
        if (folder / "figures.json").exists():
            lines.append(row(arm, json.loads((folder / "run.json").read_text()), json.loads((folder / "figures.json").read_text())))
    text = report.read_text() if report.exists() else "# Real blades\n\n<!-- figures -->\n<!-- end -->\n"
    head, rest = text.split("<!-- figures -->")
    report.write_text(head + "<!-- figures -->\n\n" + "\n".join(lines) + "\n\n<!-- end -->" + rest.split("<!-- end -->")[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with baggage/ and dual-energy/")
    parser.add_argument("--warm", type=Path, nargs="+", required=True, help="the simulator's weights: a checkpoint, or package folders")
    parser.add_argument("--samples", type=int, default=18_000, help="of the arm main")
    parser.add_argument("--arm-samples", type=int, default=1768, help="of every other arm")
    parser.add_argument("--arms", default="zero-shot,main,simulator,alone,scratch,projected")
    parser.add_argument("--report", type=Path, default=HERE / "real-blades.md")
    parser.add_argument("--kinds", action="store_true", help="arm main: each kind of knife, and scissors, as a class in training")
    parser.add_argument("--pitch", default="none", help="arm main: mm a pixel that the images are taken to have; those of training have 1.5")
    parser.add_argument("--window", type=int, nargs=2, default=WINDOW, metavar=("LEAST", "MOST"), help="arm main: sides of its windows, pixels as fed")
    parser.add_argument("--company", default=COMPANY, help="arm main: share of its samples that get things of other images (%(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--resume", action="store_true", help="arms go on from their checkpoints, up to the samples given")
    options = parser.parse_args()
    work = HERE / "runs" / "blades"
    work.mkdir(parents=True, exist_ok=True)
    coco_of(options.data / "baggage", work / "annotations.json")
    halves(options.data / "dual-energy", work)
    wanted = options.arms.split(",")
    if "projected" in wanted:
        project(work)
    if options.prepare:
        return
    short = ["--samples", str(options.arm_samples), "--mirrors", "1"]
    composites = ["--also", str(work / "composites" / "annotations.json")]
    arms = {
        "zero-shot": (options.warm, ["--measure-only", "--mirrors", "1"]),
        "main": (options.warm, ["--samples", str(options.samples), "--mirrors", "4", "--company", options.company]),
        "simulator": (options.warm, short), "alone": (options.warm, [*short, "--company", "0"]), "scratch": (None, [*short, "--static", "0.3"]),
        "projected": (options.warm, [*short, *composites]),
    }
    for arm in wanted:
        warm, more = arms[arm]
        tune(work, options, arm, warm, [*fed(work, options, arm), *more, *(["--resume"] if options.resume else [])])
        table(options.report)


if __name__ == "__main__":
    main()
