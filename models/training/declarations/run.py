"""One command from the customs declarations to the package `declaration-risk`.

    /usr/bin/python3 models/training/declarations/run.py --train TRAIN.csv --valid VALID.csv [--packages FOLDER] [--config FILE]

Split by time: tables and trees are fitted on the training file, calibration on its last months by a model of those before,
and the later file is only measured. Needs Debian's python3-sklearn, python3-onnx, python3-numpy.
"""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE))

import numpy as np

from encode import keys_of
from everything import measure_all_columns
from fit import Model, calibrated, fit_calibration
from measure import figures
from risk_package import write_package
from rows import read_records, rows_of


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="the earlier declarations")
    parser.add_argument("--valid", type=Path, required=True, help="the later declarations, only measured")
    parser.add_argument("--config", type=Path, default=HERE / "config.json")
    parser.add_argument("--packages", type=Path, default=ROOT / "models" / "packages")
    return parser.parse_args()


def measure(config, model, platt, rows, train, records):
    """Figures on later rows: all, those whose HS code and value stand in the training file, and the others."""
    scores = calibrated(model.scores(rows), *platt)
    keys = [keys_of(["hs6", "value"], some.codes, some.amounts) for some in (rows, train)]
    again = np.isin(keys[0], keys[1])
    parts = {"validRepeated": again, "validNew": ~again}
    return {
        "valid": figures(scores, rows.labels),
        **{name: {"share": round(float(part.mean()), 4), **figures(scores[part], rows.labels[part])} for name, part in parts.items()},
        "validAllColumns": measure_all_columns(config, records["train"], records["valid"]),
    }


def main():
    args = options()
    config = json.loads(args.config.read_text())
    records = {"train": read_records(args.train), "valid": read_records(args.valid)}
    train, valid = rows_of(records["train"]), rows_of(records["valid"])
    platt = fit_calibration(config, train)
    model = Model(config, train)
    measured = measure(config, model, platt, valid, train, records)
    print(json.dumps(measured, indent=1))
    print(write_package(config, model, platt, train, measured, args.packages))


if __name__ == "__main__":
    main()
