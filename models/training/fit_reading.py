"""Fits the second reading (`reading.py`) to what a trained detector finds in scans that it was not trained on."""

import time

import numpy as np
import torch
import torch.nn.functional as F

import fit_goods
from goods_reading import GoodsReading
from metrics import COUNTED, iou_matrix
from predict import as_pictures, looked_at
from reading import Reading, inputs_of
from stream import scan_set

CHUNK = 200
LEAST_SPREAD = 0.05


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


def gathered(whole, reading, items, config):
    """Figures [n, inputs] and whether right [n] of all that is found in `items`."""
    figures, hits = [], []
    for _, cells, result in looked_at(whole, items, config, True):
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


def sample(whole, reading, items, number, config):
    """Both of a part of the set, some of it as pseudo-colour pictures too."""
    settings = config["reading"]
    found = [gathered(whole, reading, items, config)]
    pictures = int(len(items) * settings["pictures"])
    if pictures:
        found.append(gathered(whole, reading, list(as_pictures(items[:pictures], settings["seed"] + number)), config))
    return tuple(torch.cat(parts) for parts in zip(*found))


def noisy(figures, spread):
    """Figures with so much noise each that the network cannot lean on single ones."""
    return figures + spread * torch.randn_like(figures)


def fitted(figures, hits, config, log):
    """A reading for these figures. The last tenth is held back, and its loss told beside that of the others."""
    settings = config["reading"]
    torch.manual_seed(settings["seed"])
    reading = Reading(config)
    reading.middle.copy_(figures.mean(0))
    reading.spread.copy_(figures.std(0).clamp(min=LEAST_SPREAD))
    torch.nn.init.constant_(reading.layers[-1].bias, float(torch.logit(hits.mean().clamp(1e-4, 0.5))))
    optimizer = torch.optim.AdamW(reading.parameters(), lr=settings["learningRate"], weight_decay=settings["weightDecay"])
    held = len(figures) // 10
    learnt, size = len(figures) - held, settings["batch"]
    steps = settings["epochs"] * -(-learnt // size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    loss_of = lambda at, noise=0.0: F.binary_cross_entropy_with_logits(reading.judged(noisy(figures[at], noise * reading.spread)), hits[at])
    for _ in range(settings["epochs"]):
        for at in torch.randperm(learnt).split(size):
            loss = loss_of(at, settings["noise"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        log("reading", boxes=len(figures), right=int(hits.sum()), loss=float(loss_of(slice(0, learnt))), heldBack=float(loss_of(slice(learnt, None))) if held else None)
    return reading.eval()


def train_readings(whole, config, folder, log):
    """Fits both readings of the mirrored network `whole` (with its head for matter) and writes reading.pt into `folder`."""
    started, reading, boxes, goods = time.monotonic(), Reading(config).eval(), [], []
    for number, items in chunks(scan_set(config["data"], "reading")):
        boxes.append(sample(whole, reading, items, number, config))
        goods.append(fit_goods.sample(whole, items, number, config))
    joined = lambda parts: (torch.cat(each) for each in zip(*parts))
    state = {"boxes": fitted(*joined(boxes), config, log).state_dict(), "goods": fit_goods.fitted(*joined(goods), config, log).state_dict()}
    torch.save(state, folder / "reading.pt")
    log("readings", seconds=time.monotonic() - started)


def load_readings(config, folder):
    """The fitted readings of boxes and of goods."""
    state = torch.load(folder / "reading.pt", map_location="cpu")
    reading, goods = Reading(config).eval(), GoodsReading(config).eval()
    reading.load_state_dict(state["boxes"])
    goods.load_state_dict(state["goods"])
    return reading, goods
