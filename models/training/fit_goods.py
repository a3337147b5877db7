"""Fits the second reading of the goods (`goods_reading.py`) to scans that the network was not trained on."""

import numpy as np
import torch
import torch.nn.functional as F

from batch import PRESENT_SHARE, at_pitch, shares
from fitting import noisy, normed, optimised
from goods_reading import GoodsReading
from predict import batches, images


def goods_figures(whole, items, config):
    """Figures [n, inputs] and which groups are present [n, G] of scans whose goods are known."""
    net, figures, truth = whole.net, [], []
    items = [at_pitch(scan, config["pixelPitchMm"]) for scan in items]
    for positions in batches(items, config, 8):
        with torch.no_grad():
            front, high = net.front(images([items[p] for p in positions], config))
            front = front.contiguous(memory_format=torch.channels_last)
            _, _, presence, share, told = net.trunk_and(whole.matter, front, high, config["train"]["bfloat16"])
            figures.append(GoodsReading.figures(presence, share.float(), told.float().softmax(1), high))
        truth.extend(shares(items[p], config["groups"]) for p in positions)
    truth = np.stack(truth)
    known = torch.from_numpy(truth.sum(1) > 0.5)
    return torch.cat(figures)[known], torch.from_numpy((truth > PRESENT_SHARE).astype(np.float32))[known]


def fitted_goods(learnt, held, config, log):
    """The linear layer, from nothing added, for (figures, present) `learnt`; its loss on `held` is told beside the loss without it."""
    figures, present = learnt
    settings, groups = config["reading"]["goods"], len(config["groups"])
    torch.manual_seed(config["reading"]["seed"])
    reading = normed(GoodsReading(config), figures)
    loss_of = lambda rows: F.binary_cross_entropy_with_logits(
        reading.corrected(figures[rows][:, :groups], noisy(reading, figures[rows], settings["noise"])), present[rows])
    optimised(reading, loss_of, len(figures), settings, config["reading"]["learningRate"])
    with torch.no_grad():
        before, after = (float(F.binary_cross_entropy_with_logits(logits, held[1])) for logits in (held[0][:, :groups], reading.corrected(held[0][:, :groups], held[0])))
    log("goods-reading", scans=len(figures), heldBack=len(held[0]), lossBefore=before, loss=after)
    return reading
