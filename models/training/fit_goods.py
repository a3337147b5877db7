"""Fits the second reading of the goods (`goods_reading.py`) to scans that the network was not trained on."""

import numpy as np
import torch
import torch.nn.functional as F

from batch import at_pitch, shares
from goods_reading import GoodsReading
from predict import as_pictures, batches, images

PRESENT = 0.03
LEAST_SPREAD = 0.05


def figures_of(whole, items, config):
    """Figures [n, inputs] and which groups are present [n, G] of scans whose goods are known."""
    net, figures, truth = whole.net, [], []
    items = [at_pitch(scan, config["pixelPitchMm"]) for scan in items]
    for positions in batches(items, config, 8):
        with torch.no_grad():
            front, high = net.front(images([items[p] for p in positions], config))
            front = front.contiguous(memory_format=torch.channels_last)
            _, _, presence, share, told = net.trunk_and(whole.matter, front, high, True)
            figures.append(GoodsReading.figures(presence, share.float(), told.float().softmax(1), high))
        truth.extend(shares(items[p], config["groups"]) for p in positions)
    truth = np.stack(truth)
    known = torch.from_numpy(truth.sum(1) > 0.5)
    return torch.cat(figures)[known], torch.from_numpy((truth > PRESENT).astype(np.float32))[known]


def sample(whole, items, number, config):
    """Both of a part of the set, some of it as pseudo-colour pictures too."""
    settings = config["reading"]
    found = [figures_of(whole, items, config)]
    pictures = int(len(items) * settings["pictures"])
    if pictures:
        found.append(figures_of(whole, list(as_pictures(items[:pictures], settings["seed"] + number)), config))
    return tuple(torch.cat(parts) for parts in zip(*found))


def fitted(figures, present, config, log):
    """The linear layer, from nothing added; noise of `goodsNoise` spreads keeps it from leaning on single figures."""
    settings, groups = config["reading"], len(config["groups"])
    torch.manual_seed(settings["seed"])
    reading = GoodsReading(config)
    reading.middle.copy_(figures.mean(0))
    reading.spread.copy_(figures.std(0).clamp(min=LEAST_SPREAD))
    optimizer = torch.optim.AdamW(reading.parameters(), lr=settings["learningRate"], weight_decay=settings["goodsWeightDecay"])
    steps = settings["goodsEpochs"] * -(-len(figures) // settings["goodsBatch"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    before = float(F.binary_cross_entropy_with_logits(figures[:, :groups], present))
    for _ in range(settings["goodsEpochs"]):
        for at in torch.randperm(len(figures)).split(settings["goodsBatch"]):
            noisy = figures[at] + settings["goodsNoise"] * reading.spread * torch.randn_like(figures[at])
            loss = F.binary_cross_entropy_with_logits(reading.corrected(figures[at][:, :groups], noisy), present[at])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        after = float(F.binary_cross_entropy_with_logits(reading.corrected(figures[:, :groups], figures), present))
    log("goods-reading", scans=len(figures), lossBefore=before, loss=after)
    return reading.eval()
