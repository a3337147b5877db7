"""Fits the second reading (`reading.py`) to what a trained detector finds in scans that it was not trained on."""

import time

import numpy as np
import torch
import torch.nn.functional as F

from fit_goods import fitted_goods, goods_figures
from fitting import joined, noisy, normed, optimised, with_pictures
from goods_reading import GoodsReading
from metrics import COUNTED, iou_matrix
from predict import looked_at
from reading import Reading, inputs_of
from stream import scan_set

CHUNK = 200


def right(result):
    """Which detections of a scan are right, and which count: one on a hidden object is neither right nor wrong."""
    found, hit = result["found"], np.zeros(len(result["found"]), np.float32)
    counted, shown = np.ones(len(found), bool), np.isin(result["tiers"], COUNTED)
    overlap = iou_matrix(found, result["boxes"]) if len(result["boxes"]) else np.zeros((len(found), 0))
    overlap = np.where(result["labels"][None] == found[:, 5:6], overlap, -1.0)
    taken = ~shown
    for i in range(len(found)):
        free = np.where(taken, -1.0, overlap[i])
        if free.size and free.max() >= 0.5:
            hit[i], taken[int(free.argmax())] = 1, True
        elif (overlap[i][~shown] >= 0.5).any():
            counted[i] = False
    return hit, counted


def box_figures(whole, reading, items, config):
    """Figures [n, inputs] and whether right [n] of all that is found in `items`.

    In half precision, which is twice as fast: its scores differ by a few parts in a thousand from those that are shipped.
    """
    figures, hits = [torch.zeros(0, len(reading.middle))], [torch.zeros(0)]
    for _, cells, result in looked_at(whole, items, config, config["train"]["bfloat16"]):
        if not len(result["found"]):
            continue
        hit, counted = right(result)
        with torch.no_grad():
            figures.append(reading.figures(cells, *inputs_of(result["found"], reading.classes))[torch.from_numpy(counted)])
        hits.append(torch.from_numpy(hit[counted]))
    return torch.cat(figures), torch.cat(hits)


def chunks(items):
    """A long set in numbered parts that fit into memory."""
    part, number = [], 0
    for item in items:
        part.append(item)
        if len(part) == CHUNK:
            yield number, part
            part, number = [], number + 1
    if part:
        yield number, part


def fitted(learnt, held, config, log):
    """A reading for (figures, hits) `learnt`; its loss on `held` is told beside it."""
    figures, hits = learnt
    settings = config["reading"]
    torch.manual_seed(settings["seed"])
    reading = normed(Reading(config), figures)
    torch.nn.init.constant_(reading.layers[-1].bias, float(torch.logit(hits.mean().clamp(1e-4, 0.5))))
    loss_of = lambda found, hit: F.binary_cross_entropy_with_logits(reading.judged(found), hit)
    optimised(reading, lambda rows: loss_of(noisy(reading, figures[rows], settings["noise"]), hits[rows]), len(figures), settings, settings["learningRate"])
    with torch.no_grad():
        log("reading", boxes=len(figures), right=int(hits.sum()), loss=float(loss_of(figures, hits)), heldBack=len(held[0]), lossHeldBack=float(loss_of(*held)))
    return reading


def made_for(state, config):
    """What a reading belongs to: the weights of a checkpoint, and how often they are asked."""
    progress = state["progress"]
    return {"steps": progress["steps"], "seen": progress["seen"], "mirrors": config["package"]["mirrors"]}


def train_readings(whole, state, config, folder, log):
    """Fits both readings of the mirrored network `whole` of a checkpoint (with its head for matter) and writes reading.pt into `folder`.

    The last part of the set is held back from both.
    """
    started, reading, boxes, goods = time.monotonic(), Reading(config).eval(), [], []
    for number, items in chunks(scan_set(config["data"], "reading")):
        boxes.append(with_pictures(lambda some: box_figures(whole, reading, some, config), items, number, config))
        goods.append(with_pictures(lambda some: goods_figures(whole, some, config), items, number, config))
    apart = lambda parts: (joined(parts[:-1] or parts), parts[-1])
    kept = {
        "boxes": fitted(*apart(boxes), config, log).state_dict(), "goods": fitted_goods(*apart(goods), config, log).state_dict(),
        "madeFor": made_for(state, config),
    }
    torch.save(kept, folder / "reading.pt")
    log("readings", seconds=time.monotonic() - started)


def load_readings(state, config, folder):
    """The readings of boxes and of goods that were fitted to the checkpoint `state`; ValueError where there are none."""
    path = folder / "reading.pt"
    kept = torch.load(path, map_location="cpu") if path.exists() else {}
    if kept.get("madeFor") != made_for(state, config):
        raise ValueError("no second reading was fitted to this checkpoint: run --stage read first")
    reading, goods = Reading(config).eval(), GoodsReading(config).eval()
    reading.load_state_dict(kept["boxes"])
    goods.load_state_dict(kept["goods"])
    return reading, goods
