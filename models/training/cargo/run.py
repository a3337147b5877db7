"""One command from nothing to the package `container-contents`: scans, training, evaluation, export.

    /usr/bin/python3 models/training/cargo/run.py --resume [--out FOLDER] [--config FILE] [--stage data|train|package]
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=HERE / "config.json")
    parser.add_argument("--out", type=Path, default=HERE.parent / "runs" / "cargo", help="where scans, checkpoint and log are kept")
    parser.add_argument("--packages", type=Path, default=ROOT / "models" / "packages")
    parser.add_argument("--stage", choices=["data", "train", "package"], default="package", help="the last stage to do")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint of the last epoch")
    return parser.parse_args()


def main():
    from load_data import load_set

    args = options()
    config = json.loads(args.config.read_text())
    args.out.mkdir(parents=True, exist_ok=True)
    sets = {name: load_set(name, config, args.out) for name in ("train", "validation")}
    if args.stage == "data":
        return
    from load_train import train

    net = train(config, sets["train"], sets["validation"], args.out, args.resume)
    if args.stage == "train":
        return
    from load_package import write_load_package

    sets["test"] = load_set("test", config, args.out)

    print(write_load_package(net, config, sets, args.out, args.packages))


if __name__ == "__main__":
    main()
