"""A model package (contract `model-package.md`) of a fine-tuned detector, with the run's report as its card."""

import json
import shutil

import numpy as np
import torch
import torch.nn as nn

from export import Detector, append_selection, finish, fold_and_round, to_onnx
from network import Mirrored
from package import crop, input_of, outputs_of, sha256, write_golden
from pseudo import AIR_LEVEL, GREY_RATIO

CARD = """# {name} {version}

Finds {classes} on the scans of one scanner. Fine-tuned on somebody's own images ({kinds}); licence of the weights: {licence}.
What it does on other machines is unknown; it certifies nothing.

"""


class OfSingle(nn.Module):
    """A detector of pairs that is given the one plane of single-energy scans, as `own_images.single_pair` makes pairs of them."""

    def __init__(self, detector):
        super().__init__()
        self.detector = detector

    def forward(self, transmission):
        high = torch.clamp(transmission, 1e-5, 1.2)
        return self.detector(torch.cat([torch.exp(GREY_RATIO * torch.log(high)), high], 1))


class OneChannel(nn.Module):
    """Takes the first channel of the sample that the exporter traces with."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, transmission):
        return self.module(transmission[:, :1])


def graph_of(net, config, single, path, name):
    detector = Detector(Mirrored(fold_and_round(net), config["package"]["mirrors"]))
    module = OneChannel(OfSingle(detector)) if single else detector
    with torch.no_grad():
        model = to_onnx(module.eval(), ["boxes", "scores"], config["canvas"])
    if single:
        model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    append_selection(model, config["decode"])
    finish(model, path, name)


def write_own_package(net, entries, figures, about, samples, results, options, config, run_folder):
    """The folder NAME-VERSION under `options.package`."""
    kinds = sorted(about["kinds"])
    single = kinds == ["single-energy"]
    folder = options.package / f"{options.name}-{options.version}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    graph_of(net, config, single, folder / "model.onnx", options.name)
    sure = lambda at: float(results[at]["found"][:1, 4].sum())
    best = max(range(len(samples)), key=sure)
    window = crop(samples[best], results[best]["found"][:1, :4])
    golden = write_golden(folder, folder / "model.onnx", [window[1:] if single else window], AIR_LEVEL)
    text = CARD.format(name=options.name, version=options.version, classes=", ".join(config["classes"]), kinds=", ".join(kinds), licence=options.licence)
    (folder / "MODEL_CARD.md").write_text(text + (run_folder / "REPORT.md").read_text().replace("# Fine-tuning report", "## Figures"))
    shutil.copy(run_folder / "curves.png", folder / "curves.png")
    files = {str(p.relative_to(folder)): {"sha256": sha256(p), "bytes": p.stat().st_size} for p in sorted(folder.rglob("*")) if p.is_file()}
    told = input_of(config)
    told.update(kinds=kinds, channels=["single"] if single else ["low", "high"], pixelPitchMm=None if options.pitch == "none" else config["pixelPitchMm"])
    manifest = {
        "schema": "lynceus-model/1", "name": options.name, "version": options.version, "task": "detection", "provider": options.provider,
        "inputs": [told], "outputs": outputs_of("threat-detector", config), "classes": entries, "golden": golden,
        "metrics": {"data": "own images, test part of a split by near-duplicates", "sets": {"test": figures}},
        "training": {"codeRevision": about["codeRevision"], "dataSet": about["dataRevision"], "seed": about["seed"], "scans": figures["progress"]["seen"],
                     "history": f"started from {', '.join(about['startedFrom']) or 'random weights'}", "licence": options.licence},
        "files": files, "keyId": None, "minimumRuntime": "0.1.0",
    }
    (folder / "model.json").write_text(json.dumps(manifest, indent=2, default=float) + "\n")
    return folder
