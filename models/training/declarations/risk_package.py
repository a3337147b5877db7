"""Writes the package `declaration-risk-VERSION`: graph, manifest, card, golden rows and their scores."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np

from encode import LIMITS, features
from graph import build
from risk_card import card

ROOT = Path(__file__).resolve().parents[3]
GOLDEN_ROWS, GOLDEN_ATOL, GOLDEN_RTOL = 48, 1e-5, 1e-5
MIT = "MIT, (c) 2022 Institute for Basic Science & Korea Customs Service"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def revision():
    run = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return run.stdout.strip() or "unknown"


def golden_rows(config, model, rng):
    """Made up: pairs of code and value that the tables know, pairs they do not, and rows with columns missing."""
    table = model.tables[config["keys"].index(["hs6", "value"])]
    pairs = rng.choice(table.keys, GOLDEN_ROWS)
    hs6, hundredths = pairs // LIMITS["value"], pairs % LIMITS["value"] - 1
    countries = np.array([1 + 26 * (ord(c[0]) - 65) + ord(c[1]) - 65 for c in ("CN", "US", "DE", "VN", "QZ")])
    codes = np.column_stack([hs6, rng.choice(countries, GOLDEN_ROWS), rng.choice(countries, GOLDEN_ROWS), 1 + rng.integers(0, 10, GOLDEN_ROWS)])
    amounts = np.column_stack([np.round(np.exp(rng.normal(3, 2, GOLDEN_ROWS)), 1), hundredths / 100])
    unknown = np.arange(GOLDEN_ROWS) % 3 == 1
    amounts[unknown, 1] = np.round(np.exp(rng.normal(9, 2, unknown.sum())), 2)
    sparse = np.arange(GOLDEN_ROWS) % 3 == 2
    codes[sparse[:, None] & (rng.random(codes.shape) < 0.4)] = 0
    amounts[sparse[:, None] & (rng.random(amounts.shape) < 0.4)] = np.nan
    codes[-1], amounts[-1] = 0, np.nan
    return codes.astype(np.int64), amounts


def write_golden(folder, config, model):
    codes, amounts = golden_rows(config, model, np.random.default_rng(config["seed"]))
    risk = model.trees.predict_proba(features(model.tables, config["keys"], codes, amounts))[:, 1]
    (folder / "golden").mkdir()
    rows = {"codes": codes.tolist(), "amounts": [[None if np.isnan(v) else v for v in row] for row in amounts.tolist()]}
    (folder / "golden/1.input.json").write_text(json.dumps(rows, separators=(",", ":")))
    expected = {"risk": {"dims": [len(risk), 1], "data": [round(float(v), 7) for v in risk]}}
    (folder / "golden/1.output.json").write_text(json.dumps(expected, separators=(",", ":")))
    return {"atol": GOLDEN_ATOL, "rtol": GOLDEN_RTOL, "cases": [{"input": "golden/1.input.json", "output": "golden/1.output.json"}]}


def inputs_of(config):
    return [
        {"name": "codes", "type": "int64", "shape": ["n", 4], "columns": ["hs6", "originCountry", "departureCountry", "transportMode"],
         "meaning": "0 where missing; 1 + HS code, 1 + 26 * first + second letter of the country, 1 + first digit of the mode (UN/ECE Rec 19)"},
        {"name": "amounts", "type": "float64", "shape": ["n", 2], "columns": ["netMassKg", "value"], "meaning": "NaN where missing",
         "currency": config["currency"], "rates": {k: v for k, v in config["rates"].items() if k != "comment"}},
    ]


def write_package(config, model, platt, train, measured, packages):
    """The folder of the package."""
    folder = packages / f"{config['name']}-{config['version']}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(build(config, model.tables, model.trees).SerializeToString())
    golden = write_golden(folder, config, model)
    prevalence = round(float(train.labels.mean()), 4)
    facts = {"rows": len(train), "from": min(train.dates), "to": max(train.dates), "prevalence": prevalence, "trees": len(model.trees._predictors),
             "platt": platt, "keys": [" + ".join(names) for names in config["keys"]]}
    (folder / "MODEL_CARD.md").write_text(card(config, facts, measured))
    files = {str(p.relative_to(folder)): {"sha256": sha256(p), "bytes": p.stat().st_size} for p in sorted(folder.rglob("*")) if p.is_file()}
    calibration = {"method": "platt", "a": round(platt[0], 6), "b": round(platt[1], 6), "prevalence": prevalence}
    manifest = {
        "schema": "lynceus-model/1", "name": config["name"], "version": config["version"], "task": "tabular", "provider": "Lynceus project",
        "inputs": inputs_of(config),
        "outputs": [{"name": "risk", "shape": ["n", 1], "meaning": "raw score of each row; the class's calibration makes a probability of it"}],
        "classes": [{"name": "irregular", "threshold": config["threshold"], "certified": None, "calibration": calibration}],
        "golden": golden, "metrics": {"data": "later declarations, not trained on", **measured},
        "training": {"codeRevision": revision(), "dataSet": "Customs-Declaration-Datasets (arXiv 2208.02484), synthetic", "rows": len(train),
                     "from": facts["from"], "to": facts["to"], "seed": config["seed"], "licence": MIT},
        "files": files, "keyId": None, "minimumRuntime": "0.1.0",
    }
    (folder / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return folder
