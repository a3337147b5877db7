"""The detector fine-tuned on a scanner's own labelled images: one command from COCO boxes to figures and a model package.

    /usr/bin/python3 models/training/fine_tune.py --coco DIR/annotations.json --images DIR/images \\
        --warm models/packages/threat-detector-* models/packages/goods-classifier-* --run my-scanner

    ... --map knife=blade --map gun=firearm     categories that are wanted, and the class that each becomes; others are negatives
    ... --kinds                                 every category is taught as a class of its own, and answered for as its class (`kinds.py`)
    ... --pitch 1.0                             millimetres a pixel of every image (none: fed as they are)
    ... --also composites/annotations.json      more data to train on (projected threats), never measured on
    ... --clean DIR                             images known to hold no target: false alarms are counted on them
    ... --company 0.25                          things of other training images laid into a quarter of the samples (`own_company.py`)
    ... --resume                                go on after an interruption
    ... --measure-only                          figures of the weights as they are, without training
    ... --package DIR                           writes a model package there

Images are 16-bit pairs (`file_name` low, `high_file_name` high energy), grey (8 or 16 bit) or pseudo-colour. Data are split into
train, validation and test by clusters of near-duplicates (`near_duplicates.py`). In `models/training/runs/NAME`: `run.json` (seed,
data revision, code revision, settings), `split.json`, `log.ndjson`, `curves.png`, `figures.json`, `REPORT.md`, `checkpoint.pt`.
Weights are as free as the images that they were trained on. Needs Debian's python3-torch, python3-onnx, python3-numpy, python3-pil,
python3-matplotlib.
"""

import argparse
import json
import signal
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))

from metrics import rounded  # noqa: E402
from kinds import Kinds  # noqa: E402
from near_duplicates import clusters, split  # noqa: E402
from own_company import in_company  # noqa: E402
from own_data import DataError, mapping, prepared, read_coco, source_pairs  # noqa: E402
from own_figures import clean_figures, figures_of, thresholds_of  # noqa: E402
from own_images import ImageError  # noqa: E402
from own_report import write_report  # noqa: E402
from package import revision  # noqa: E402
from train import Log  # noqa: E402
from tuning import Tuner, predicted, started_from  # noqa: E402

HERE = Path(__file__).resolve().parent
PARTS = {"train": 0.74, "validation": 0.1, "test": 0.16}
LARGEST_SIDE = 1024
AUGMENT = {"windowChance": 0.8, "wholeChance": 0.0, "overlayChance": 0.0, "pictureChance": 0.0, "noiseChance": 0.15, "densitySpread": 0.08, "ratioSpread": 0.04}
TRAIN = {"samples": None, "minutes": None, "batch": 8, "learningRate": 0.003, "warmupSteps": 60, "emaDecay": 0.995, "staticAssignment": 0.3,
         "othersShare": 0.25, "validateEvery": 0.2, "validationScans": 120, "checkpointEverySeconds": 120, "logEverySteps": 50}
SMOKE = {"samples": 16, "batch": 4, "warmupSteps": 1, "logEverySteps": 2, "validateEvery": 1.0, "bfloat16": False}


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coco", type=Path, required=True, help="annotations.json of the data set")
    parser.add_argument("--images", type=Path, help="folder of its images (images/ beside the annotations)")
    parser.add_argument("--map", action="append", default=[], metavar="NAME=CLASS", help="a category and the class it becomes; may be given often")
    parser.add_argument("--kinds", action="store_true", help="teach every category, those without a class as well, as a class of its own")
    parser.add_argument("--pitch", help="mm a pixel of every image, or none")
    parser.add_argument("--warm", type=Path, nargs="+", help="start from a checkpoint or from package folders; without it from random weights")
    parser.add_argument("--also", type=Path, action="append", default=[], help="annotations.json of a further set to train on")
    parser.add_argument("--also-share", type=float, help="share of the batches from the further sets (0.25)")
    parser.add_argument("--clean", type=Path, help="folder of images without any target")
    parser.add_argument("--clean-only", default="", help="of these, the ones whose name begins so")
    parser.add_argument("--clean-pitch", help="mm a pixel of the clean images (as --pitch)")
    parser.add_argument("--run", default="own", help="folder under models/training/runs")
    parser.add_argument("--config", type=Path, default=HERE / "config.json")
    parser.add_argument("--minutes", type=float, help="train so long (10)")
    parser.add_argument("--samples", type=int, help="or so many samples")
    parser.add_argument("--learning-rate", type=float, help=f"its peak ({TRAIN['learningRate']})")
    parser.add_argument("--batch", type=int, default=TRAIN["batch"], help="samples a step (%(default)s)")
    parser.add_argument("--company", type=float, default=0.0, help="chance that a sample gets things of other training images laid into it (%(default)s)")
    parser.add_argument("--windows", type=float, default=AUGMENT["windowChance"], help="share of samples that are windows of an image (%(default)s)")
    parser.add_argument("--window", type=int, nargs=2, metavar=("LEAST", "MOST"), help="sides of these windows in pixels (160 256)")
    parser.add_argument("--static", type=float, default=0.3, help="part of the run that assigns boxes by ATSS, before task-aligned")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--mirrors", type=int, choices=(1, 2, 4), default=2, help="mirror images asked when measuring and in the package")
    parser.add_argument("--cache", type=Path, help="file for the images as read (in the run's folder)")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--measure-only", action="store_true")
    parser.add_argument("--package", type=Path, help="folder for a model package of the result")
    parser.add_argument("--name", default="own-detector", help="name of the package")
    parser.add_argument("--version", default="0.1.0", help="version of the package")
    parser.add_argument("--provider", default="unknown", help="who made it, for the manifest")
    parser.add_argument("--licence", default="as the data", help="licence of the weights, for the manifest")
    parser.add_argument("--smoke", action="store_true", help="seconds; for tests, worth nothing")
    options = parser.parse_args(given)
    options.images = options.images or options.coco.parent / "images"
    if options.pitch not in (None, "none"):
        options.pitch = float(options.pitch)
    return options


def configuration(options, network, classes):
    config = json.loads(options.config.read_text())
    config["classes"], config["network"] = classes, network
    config["augmentOthers"] = {**config["augment"], "wholeChance": 0.0, "overlayChance": 0.0, "pictureChance": 0.5}
    config["augment"].update(AUGMENT)
    config["train"].update(TRAIN, seed=options.seed, threads=options.threads, staticAssignment=options.static)
    config["augment"].update(windowChance=options.windows, companyInWindowChance=options.company)
    if options.window:
        config["augment"]["window"] = sorted(options.window)
    config["train"]["batch"] = options.batch
    if options.smoke:
        config["train"].update(SMOKE)
    if options.samples:
        config["train"]["samples"] = options.samples
    elif not options.smoke:
        config["train"]["minutes"] = options.minutes or 10
    if options.learning_rate:
        config["train"]["learningRate"] = options.learning_rate
    if options.also_share is not None:
        config["train"]["othersShare"] = options.also_share
    config["package"]["mirrors"] = options.mirrors
    # Packages of one's own have no second reading: what the selection leaves out is not given.
    config["decode"]["leastScore"] = config["decode"]["scoreFloor"]
    return config


def wanted_classes(options):
    """Classes of the data, in the order of the mapping or of the file."""
    if options.map:
        return list(dict.fromkeys(entry.split("=")[-1] for entry in options.map))
    try:
        return list(dict.fromkeys(c["name"] for c in json.loads(options.coco.read_text())["categories"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{options.coco} is no COCO file ({error!r}); give annotations with images, categories and boxes") from None


def kinds_of(options, classes):
    """What is taught: the classes, or with `--kinds` the categories of the data."""
    if not options.kinds:
        return Kinds(classes, {name: name for name in classes}, classes)
    coco = read_coco(options.coco)
    return Kinds([c["name"] for c in coco["categories"]], mapping(coco, options.map), classes)


def canvas_for(config, samples):
    """At least the configured canvas, and room for the largest sample."""
    height, width = (max(s["planes"].shape[axis] for s in samples) for axis in (1, 2))
    if max(height, width) > LARGEST_SIDE:
        raise DataError(f"an image is {width}x{height} pixels at {config['pixelPitchMm']} mm, at most {LARGEST_SIDE} are taken; give the right --pitch")
    up = lambda side, least: max(least, -(-side // 32) * 32)
    return {"height": up(height, config["canvas"]["height"]), "width": up(width, config["canvas"]["width"])}


def further(options, config, folder, log):
    """Samples of the further sets, of classes that the data have."""
    out = []
    for number, path in enumerate(options.also, 1):
        coco = json.loads(path.read_text())
        names = [f"{c['name']}={c['name']}" for c in coco["categories"] if c["name"] in config["classes"]]
        if not names:
            raise DataError(f"{path} has none of the classes {', '.join(config['classes'])}")
        out += prepared(path, path.parent / "images", names, None, config, folder / f"also-{number}.cache", log)["samples"]
    return out


def splitting(data, options, folder):
    """Indices per part, and the cluster of each image; written to `split.json`."""
    names = data["names"]
    cluster = clusters(len(names), data["pairs"] + source_pairs(data["sources"]))
    part = split(names, cluster, PARTS, options.seed)
    joined = [[names[i] for i in np.flatnonzero(cluster == c)] for c in np.unique(cluster) if (cluster == c).sum() > 1]
    text = {"seed": options.seed, "parts": {p: [n for n, mine in zip(names, part) if mine == p] for p in PARTS}, "clusters": joined}
    (folder / "split.json").write_text(json.dumps(text, indent=1) + "\n")
    return {p: [i for i, mine in enumerate(part) if mine == p] for p in PARTS}, cluster


def run(options):
    folder = HERE / "runs" / options.run
    folder.mkdir(parents=True, exist_ok=True)
    log = Log(folder / "log.ndjson")
    state, network, known = started_from(options.warm, json.loads(options.config.read_text()))
    config = configuration(options, network, wanted_classes(options))
    kinds = kinds_of(options, config["classes"])
    named = [f"{name}={name}" for name in kinds.names] if options.kinds else options.map
    data = prepared(options.coco, options.images, named, options.pitch, kinds.taught(config), options.cache or folder / "images.cache", log)
    parts, cluster = splitting(data, options, folder)
    chosen = {part: [data["samples"][i] for i in at] for part, at in parts.items()}
    if not all(chosen.values()):
        raise DataError(f"{len(data['names'])} images in {len(set(cluster))} clusters are too few for a split into {', '.join(PARTS)}")
    others = further(options, kinds.taught(config), folder, log)
    config["canvas"] = canvas_for(config, data["samples"] + others)
    about = {"seed": options.seed, "dataRevision": data["digest"], "codeRevision": revision(), "startedFrom": [str(p) for p in options.warm or []],
             "startedFromClasses": known, "kinds": data["kinds"], "images": {p: len(at) for p, at in parts.items()},
             "clusters": len(set(cluster.tolist())), "further": len(others), "taught": kinds.names, "config": config}
    (folder / "run.json").write_text(json.dumps(about, indent=1) + "\n")
    log("start", **{k: v for k, v in about.items() if k != "config"}, settings=config["train"])
    tuner = Tuner(config, kinds, folder, log)
    if options.resume and (folder / "checkpoint.pt").exists():
        tuner.resume()
    else:
        example = np.stack([crop_of(s) for s in chosen["train"][:8]])
        tuner.start(state, known, torch.from_numpy(example))
    if not options.measure_only:
        own = in_company(chosen["train"], options.seed) if options.company else chosen["train"]
        tuner.train(own, others, chosen["validation"])
    chosen = {part: [kinds.relabelled(sample) for sample in samples] for part, samples in chosen.items()}
    measure(tuner, chosen, cluster[parts["test"]], about, options, folder, log)


def crop_of(sample, side=192):
    """A square of the middle of a sample as transmission: statistics for weights whose norms were folded away."""
    out = np.ones((2, side, side), np.float32)
    height, width = sample["planes"].shape[1:]
    y, x = max(0, (height - side) // 2), max(0, (width - side) // 2)
    part = sample["planes"][:, y : y + side, x : x + side].astype(np.float32) / np.float32(sample["airLevel"])
    out[:, : part.shape[1], : part.shape[2]] = part
    return out


def measure(tuner, chosen, cluster, about, options, folder, log):
    """Figures on the part that nothing was chosen by; thresholds and calibration come from the validation part."""
    config, net = tuner.asked, tuner.answering()
    validation = predicted(net, chosen["validation"], config, options.mirrors)
    entries = thresholds_of(validation, config)
    results = predicted(net, chosen["test"], config, options.mirrors)
    figures = figures_of(results, entries, config, cluster)
    if options.clean:
        figures["clean"] = clean_figures(net, results, entries, config, options)
    figures["progress"] = {k: getattr(tuner.progress, k) for k in ("seen", "steps", "seconds")}
    (folder / "figures.json").write_text(json.dumps(rounded(figures), indent=1) + "\n")
    log("figures", **figures)
    write_report(folder, about, rounded(figures))
    if options.package:
        from own_package import write_own_package  # noqa: PLC0415: onnx is needed for this alone

        log("package", path=str(write_own_package(net, entries, rounded(figures), about, chosen["validation"], validation, options, config, folder)))


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(options)
    except (DataError, ImageError) as error:
        raise SystemExit(f"fine_tune: {error}") from None


if __name__ == "__main__":
    main()
