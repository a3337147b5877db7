"""The one command: train, calibrate, evaluate, export, check, package.

    /usr/bin/python3 models/training/run.py                    the whole run, as config.json says
    /usr/bin/python3 models/training/run.py --resume           go on after an interruption
    /usr/bin/python3 models/training/run.py --minutes 80       end the schedule by the clock instead of by scans
    /usr/bin/python3 models/training/run.py --stage read       fit the second readings to the newest checkpoint
    /usr/bin/python3 models/training/run.py --stage package    evaluate and package the newest checkpoint
    /usr/bin/python3 models/training/run.py --smoke --packages /tmp/x    seconds; for the tests, worth nothing

Needs Debian's python3-torch, python3-onnx and python3-numpy, and `npm ci` in the project.
"""

import argparse
import json
import signal
import sys
import warnings
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))

from calibrate import calibrate  # noqa: E402
from evaluate import detection_figures, goods_figures  # noqa: E402
from export import export, fold_and_round  # noqa: E402
from metrics import rounded  # noqa: E402
from embedding import LEARNT, SEARCHED, load_head, taken, train_head  # noqa: E402
from batch import matter_labels  # noqa: E402
from fit_reading import load_readings, train_readings  # noqa: E402
from network import LynceusNet, MatterHead, Mirrored  # noqa: E402
from package import CROP_HEIGHT, CROP_WIDTH, crop, write_package  # noqa: E402
from parity import latency, parity  # noqa: E402
from predict import as_pictures, predict  # noqa: E402
from stream import scan_set  # noqa: E402
from train import Log, Trainer  # noqa: E402

HERE = Path(__file__).resolve().parent
SMOKE = {
    "train": {"samples": 16, "batch": 4, "warmupSteps": 2, "logEverySteps": 2, "evaluateEverySamples": 1000, "staticAssignment": 0.5},
    "sets": {"validation": 2, "calibration": 8, "reading": 4, "holdout": 6, "traffic": 4, "benchmark": 4, "shifted": 4, "pictures": 3},
    "embedding": {"scans": 4, "epochs": 2, "gallery": 4, "views": 5},
    "package": {"version": "0.0.1", "parityScans": 2, "goldenScans": 1, "latencyRuns": 5},
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=HERE / "config.json")
    parser.add_argument("--run", default="main", help="folder under models/training/runs for checkpoint and log")
    parser.add_argument("--packages", type=Path, default=HERE.parent / "packages", help="where the package folders go")
    parser.add_argument("--stage", choices=["all", "train", "sets", "embed", "read", "package"], default="all")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--warm", type=Path, nargs="+", help="start from the weights of this checkpoint, or of these package folders")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--version", help="version of the packages")
    parser.add_argument("--history", default="", help="a sentence for the card: what the weights started from")
    parser.add_argument("--smoke", action="store_true")
    return parser.parse_args()


def configuration(options):
    config = json.loads(options.config.read_text())
    if options.smoke:
        config["train"].update(SMOKE["train"])
        config["data"]["leastKept"] = 4
        config["embedding"].update(SMOKE["embedding"])
        for name, chosen in config["data"]["sets"].items():
            chosen["count"] = SMOKE["sets"][name]
        config["package"].update(SMOKE["package"])
    if options.minutes:
        config["train"].update(minutes=options.minutes, samples=None)
    if options.threads:
        config["train"]["threads"] = options.threads
    if options.learning_rate:
        config["train"]["learningRate"] = options.learning_rate
    config["package"]["history"] = options.history
    if options.version:
        config["package"]["version"] = options.version
    return config


def training(config, folder, options):
    trainer = Trainer(config, folder)
    if options.resume and trainer.resume():
        print(f"resumed at {trainer.progress.seen} scans", flush=True)
    elif options.warm:
        trainer.warm_start(options.warm)
    trainer.run()


def facts_of(config, state, parameters, checks, times):
    data, settings = config["data"], state["config"]["train"]
    return {
        "history": f" {config['package']['history']}" if config["package"]["history"] else "",
        "seen": state["progress"]["seen"], "fresh": state["progress"]["fresh"], "seed": data["seed"] + data["revision"],
        "height": config["canvas"]["height"], "width": config["canvas"]["width"], "pitch": config["pixelPitchMm"],
        "calibration": data["sets"]["calibration"]["count"],
        "parameters": parameters, "minutes": state["progress"]["seconds"] / 60, "threads": settings["threads"],
        "parity_scans": checks["scans"], "parity_score": checks["score"], "parity_box": checks["box"],
        "parity_presence": max(checks["presence"], checks["share"]), "parity_vector": checks["vector"],
        "latency": times, "loading": "Packages that come with the project are trusted by their digest; the known-answer test runs at load.",
    }


def evaluated(net, config, classes, groups):
    """Figures of both packages by name of the set; the first is the headline of the card."""
    threat, goods = {}, {}
    for name in config["package"]["evaluate"]:
        chosen = config["data"]["sets"][name]
        items = scan_set(config["data"], name)
        results = predict(net, as_pictures(items, chosen["seed"]) if chosen.get("picture") else items, config, False)
        rounds = 200 if len(results) >= 100 else 20
        threat[name] = rounded(detection_figures(results, classes, config, rounds))
        goods[name] = rounded(goods_figures(results, groups, config, rounds))
    return threat, goods


def as_shipped(state, config):
    """The mirrored network of a checkpoint with its head for matter, folded and rounded as in the packages."""
    net, matter = LynceusNet(config), MatterHead(config["network"]["widths"], len(matter_labels(config)))
    net.load_state_dict(state["ema"])
    matter.load_state_dict(state["matterEma"])
    return Mirrored(fold_and_round(net), config["package"]["mirrors"], fold_and_round(matter)).eval()


def reading_of(config, folder):
    torch.set_num_threads(config["train"]["threads"])
    state = torch.load(folder / "checkpoint.pt", map_location="cpu")
    train_readings(as_shipped(state, config), state, config, folder, Log(folder / "log.ndjson"))


def packaging(config, folder, packages):
    log = Log(folder / "log.ndjson")
    torch.set_num_threads(config["train"]["threads"])
    state = torch.load(folder / "checkpoint.pt", map_location="cpu")
    whole = as_shipped(state, config)
    whole.reading, whole.goods = load_readings(state, config, folder)
    head, nearness = load_head(folder, config)
    head = head and fold_and_round(head)
    export(whole, head, config, folder)
    calibration = list(scan_set(config["data"], "calibration"))
    checks = parity(whole, head, folder, config, calibration[: config["package"]["parityScans"]])
    log("parity", **{k: (f"{v:.3e}" if isinstance(v, float) else v) for k, v in checks.items()})
    times = rounded(latency(folder, config, calibration), 2)
    log("latency", **times)
    seen = predict(whole, calibration, config, False)
    classes, groups = calibrate(seen, config)
    windows = golden_windows(seen, calibration, config)
    air_level = calibration[0]["airLevel"]
    del calibration
    threat, goods = evaluated(whole, config, classes, groups)
    log("evaluation", threat=threat, goods=goods, nearness=nearness)
    facts = facts_of(config, state, sum(p.numel() for p in whole.parameters()), checks, times)
    kinds = [("threat-detector", classes, threat, None), ("goods-classifier", groups, goods, None)]
    if head is not None:
        kinds.append(("embedding", [], nearness["sets"], {"embedding": nearness["cosines"]}))
    for kind, entries, figures, more in kinds:
        path = write_package(kind, folder / f"{kind}.onnx", entries, figures, facts, windows, air_level, config, packages, folder / "log.ndjson", more)
        log("package", path=path.name, bytes=sum(p.stat().st_size for p in path.rglob("*") if p.is_file()))


def golden_windows(results, items, config):
    """Windows around the surest objects of the calibration scans that fit into one."""
    def sure(result):
        found = result["found"][:1]
        fits = len(found) and found[0, 2] - found[0, 0] < CROP_WIDTH * 0.7 and found[0, 3] - found[0, 1] < CROP_HEIGHT * 0.7
        return float(found[0, 4]) if fits else 0.0

    best = sorted(range(len(items)), key=lambda i: -sure(results[i]))
    return [crop(items[i], results[i]["found"][:, :4]) for i in best[: config["package"]["goldenScans"]]]


def main():
    warnings.filterwarnings("ignore", module="torch.onnx")
    options = arguments()
    config = configuration(options)
    folder = HERE / "runs" / options.run
    folder.mkdir(parents=True, exist_ok=True)
    config["data"]["cache"] = str(folder / "sets")
    torch.set_flush_denormal(True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.stage in ("all", "train"):
        training(config, folder, options)
    if options.stage == "sets":
        for name in config["package"]["drawFirst"]:
            print(name, sum(1 for _ in scan_set(config["data"], name)), "scans", flush=True)
        settings = config["embedding"]
        for name, seed, count, takes in (("gallery", settings["seed"] + 1, settings["gallery"], SEARCHED), ("parcels", settings["seed"], settings["scans"], LEARNT)):
            print(name, [sum(1 for _ in take) for take in taken(config, seed, count, takes)], "takes", flush=True)
    if options.stage in ("all", "embed"):
        train_head(config, folder, Log(folder / "log.ndjson"))
    if options.stage in ("all", "read"):
        reading_of(config, folder)
    if options.stage in ("all", "package"):
        packaging(config, folder, options.packages)


main()
