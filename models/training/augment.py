"""Changes to a sample that keep its truth: each draw of a kept scan is another scan.

All work on attenuation or transmission of a cropped pair [2, h, w] float32; sizes of changes are in config.json, `augment`.
What lies where (`matter` of a sample) rides along as a third plane while the image is cut, turned and zoomed.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from batch import UNKNOWN_MATTER
from pseudo import AIR_LEVEL, round_trip

NOISE_BANK = 1 << 22
LEAST_SIDE = 64
OPAQUE_ADDED = 0.9
LEAST_LEFT = 0.5


CLUTTER_WINDOW = 9


def turned(planes, boxes, way):
    """Planes [2, h, w] and boxes in one of the eight ways that a square lies on itself."""
    if way & 1:
        planes, boxes = planes[:, :, ::-1], np.stack([planes.shape[2] - boxes[:, 2], boxes[:, 1], planes.shape[2] - boxes[:, 0], boxes[:, 3]], 1)
    if way & 2:
        planes, boxes = planes[:, ::-1], np.stack([boxes[:, 0], planes.shape[1] - boxes[:, 3], boxes[:, 2], planes.shape[1] - boxes[:, 1]], 1)
    if way & 4:
        planes, boxes = planes.transpose(0, 2, 1), boxes[:, [1, 0, 3, 2]]
    return planes, boxes


def noise_of(transmission, company):
    """Variance of the noise of a transmission [2, h, w]: photons and electronics."""
    photons = np.float32(company["photons"])[:, None, None]
    return np.maximum(transmission, 0) / photons + np.float32(company["electronic"] ** 2)


def is_hidden(under, factor, noise, box):
    """Whether a thing of transmission `factor` cannot be told from what is `under` it, roughly as `simulator/tiers.ts` measures it."""
    x0, y0, x1, y1 = box.round().astype(int)
    under, factor, noise = (part[:, max(0, y0) : y1, max(0, x0) : x1] for part in (under, factor, noise))
    if under.shape[1] < 3 or under.shape[2] < 3:
        return True
    signal = -np.log(np.maximum(factor, 1e-5)).mean(0)
    mask = signal > 0.008
    if not mask.any():
        return True
    quantum = (noise / np.maximum(under * factor, 1e-3) ** 2).sum(0) / 4
    plain = torch.from_numpy(-np.log(np.maximum(under, 1e-5)).mean(0))[None, None]
    mean = lambda t: F.avg_pool2d(t, CLUTTER_WINDOW, 1, CLUTTER_WINDOW // 2, count_include_pad=False)[0, 0].numpy()
    clutter = np.maximum(mean(plain * plain) - mean(plain) ** 2, 0)
    ratio = (signal / np.sqrt(quantum + clutter))[mask]
    occluded = (ratio < 2) | (under[1][mask] < 0.01)
    return float(np.median(ratio)) < 2 or float(occluded.mean()) > 0.8


def name(matter, under, factor, boxes, labels):
    """Where a thing of transmission `factor` now takes most of the beam, `matter` [h, w] says so; unknown where it takes a good part."""
    own, rest = (-np.log(np.maximum(part, 1e-5)).mean(0) for part in (factor, under))
    matter[own > 0.5 * rest.clip(0.02)] = UNKNOWN_MATTER
    mostly = own > 1.5 * rest.clip(0.02)
    for (x0, y0, x1, y1), label in zip(boxes.round().astype(int).clip(0), labels):
        matter[y0:y1, x0:x1][mostly[y0:y1, x0:x1]] = label


class Augmenter:
    """Draws from one seeded generator; `noise` is a bank of normal numbers, since drawing them anew costs more than the rest."""

    def __init__(self, config, seed):
        self.settings, self.canvas = config["augment"], config["canvas"]
        self.rng = np.random.default_rng(seed)
        self.first_class = len(config["groups"])
        self.bank = self.rng.standard_normal(NOISE_BANK).astype(np.float32)

    def chance(self, name):
        return self.rng.random() < self.settings[name]

    def normal(self, shape):
        size = int(np.prod(shape))
        start = self.rng.integers(0, NOISE_BANK - size)
        return self.bank[start : start + size].reshape(shape)

    def __call__(self, sample, other=None):
        """`sample` (see batch.sample_of) with `image` and moved boxes. `other`: a sample without targets to lay over it, or None."""
        image, boxes, ignored = self.crop(sample)
        share, labels = sample["shares"], sample["labels"]
        if self.chance("windowChance"):
            image, boxes, ignored, share = self.window(image, boxes, ignored, share)
        if sample.get("company") and self.chance("companyChance" if share.any() else "companyInWindowChance"):
            image, boxes, labels, ignored = self.company(image, boxes, labels, ignored, sample["company"])
            share = np.zeros_like(share)
        if other is not None and share.any():
            image, ignored, share = self.overlay(image, boxes, ignored, sample, other)
        image, boxes = self.turn(image, boxes)
        if self.chance("zoomChance"):
            image, boxes = self.zoom(image, boxes)
        image, matter = image[:2], image[2].astype(np.uint8) if len(image) > 2 else None
        image = self.spectrum(image)
        if self.chance("blurChance"):
            image = self.blur(image)
        if self.chance("noiseChance"):
            image = self.noise(image)
        if self.chance("pictureChance"):
            image = round_trip(image, self.rng)
        known = boxes[:, 2] > boxes[:, 0]
        return {**sample, "image": np.ascontiguousarray(image), "matter": matter, "boxes": boxes[known], "labels": labels[known], "ignored": ignored[known], "shares": share}

    def window(self, image, boxes, ignored, share):
        """A part of a large parcel, mostly around one of its targets: more to learn per pixel. Goods are then unknown (share 0).

        Cut objects keep the box of what is left; those of which little is left are ignored, those outside get an empty box.
        """
        (least, most), (height, width) = self.settings["window"], image.shape[1:]
        h, w = min(height, int(self.rng.integers(least, most + 1))), min(width, int(self.rng.integers(least, most + 1)))
        if h * w > 0.75 * height * width:
            return image, boxes, ignored, share
        y, x = self.rng.integers(0, height - h + 1), self.rng.integers(0, width - w + 1)
        if len(boxes) and self.rng.random() < 0.85:
            x0, y0, x1, y1 = boxes[self.rng.integers(0, len(boxes))]
            around = lambda low, high, side, limit: int(np.clip((low + high) / 2 - side / 2 + self.rng.uniform(-0.25, 0.25) * side, 0, limit - side))
            y, x = around(y0, y1, h, height), around(x0, x1, w, width)
        cut = np.clip(boxes - np.float32([x, y, x, y]), 0, np.float32([w, h, w, h]))
        area = lambda b: (b[:, 2] - b[:, 0]).clip(0) * (b[:, 3] - b[:, 1]).clip(0)
        left = area(cut) / np.maximum(area(boxes), 1)
        cut[left <= 0] = 0
        return image[:, y : y + h, x : x + w], cut, ignored | ((left > 0) & (left < LEAST_LEFT)), np.zeros_like(share)

    def crop(self, sample):
        """Cuts most of the air away; now and then the whole canvas is kept, with air around."""
        top, bottom, left, right = sample["body"]
        height, width = sample["planes"].shape[1:]
        near, far = lambda at: max(0, at - self.rng.integers(4, 40)), lambda at, end: min(end, at + self.rng.integers(4, 40))
        y0, y1, x0, x1 = near(top), far(bottom, height), near(left), far(right, width)
        image = sample["planes"][:, y0:y1, x0:x1].astype(np.float32) / np.float32(sample["airLevel"])
        boxes = sample["boxes"] - np.float32([x0, y0, x0, y0])
        if sample.get("matter") is not None:
            cells, side, left, top = sample["matter"]
            rows, columns = (np.arange(y0, y1) + top) // side, (np.arange(x0, x1) + left) // side
            image = np.concatenate([image, cells[rows.clip(0, len(cells) - 1)[:, None], columns.clip(0, cells.shape[1] - 1)][None].astype(np.float32)])
        if self.chance("wholeChance"):
            image, boxes = self.place(image, boxes)
        return image, boxes, sample["ignored"]

    def place(self, image, boxes):
        """Somewhere on a canvas of air with a little noise."""
        height, width = max(self.canvas["height"], image.shape[1]), max(self.canvas["width"], image.shape[2])
        out = np.full((len(image), height, width), UNKNOWN_MATTER, np.float32)
        out[:2] = 1 + 0.004 * self.normal((2, height, width))
        y, x = self.rng.integers(0, height - image.shape[1] + 1), self.rng.integers(0, width - image.shape[2] + 1)
        out[:, y : y + image.shape[1], x : x + image.shape[2]] = image
        return out, boxes + np.float32([x, y, x, y])

    def overlay(self, image, boxes, ignored, sample, other):
        """A second parcel in the beam: transmissions multiply. A target that it darkens much is ignored from here on."""
        top, bottom, left, right = other["body"]
        part = other["planes"][:, top:bottom, left:right].astype(np.float32) / np.float32(other["airLevel"])
        part = part[:, : image.shape[1], : image.shape[2]]
        y, x = self.rng.integers(0, image.shape[1] - part.shape[1] + 1), self.rng.integers(0, image.shape[2] - part.shape[2] + 1)
        image = image.copy()
        image[:2, y : y + part.shape[1], x : x + part.shape[2]] *= part
        image[2:, y : y + part.shape[1], x : x + part.shape[2]] = UNKNOWN_MATTER
        laid = np.ones(image.shape[1:], np.float32)
        laid[y : y + part.shape[1], x : x + part.shape[2]] = part[1]
        ignored = ignored.copy()
        for i, (x0, y0, x1, y1) in enumerate(boxes.round().astype(int)):
            over = laid[max(0, y0) : y1, max(0, x0) : x1]
            ignored[i] |= over.size > 0 and float(over.mean()) < math.exp(-OPAQUE_ADDED)
        mine, theirs = sample["massKg"] or 1.0, other["massKg"] or 1.0
        return image, ignored, ((mine * sample["shares"] + theirs * other["shares"]) / (mine + theirs)).astype(np.float32)

    def company(self, image, boxes, labels, ignored, company):
        """Things of the same machine multiplied into the scan, with the noise of the photons they take. Goods are then unknown.

        What they hide, and what of theirs cannot be seen where they lie, is ignored (as `simulator/tiers.ts` calls it hidden).
        """
        image, ignored, limit = image.copy(), ignored.copy(), image.shape[1:]
        for at in self.rng.permutation(len(company["things"]))[: 1 + (self.rng.random() < 0.4)]:
            planes, inner, classes = company["things"][at]
            factor, inner = turned(planes.astype(np.float32) / np.float32(AIR_LEVEL), inner, self.rng.integers(0, 8))
            h, w = factor.shape[1:]
            if h > 1.1 * limit[0] or w > 1.1 * limit[1]:
                continue
            y, x = (int(self.rng.integers(min(0, side - s), max(1, side - s + 1))) for side, s in zip(limit, (h, w)))
            y0, x0, y1, x1 = max(0, y), max(0, x), min(limit[0], y + h), min(limit[1], x + w)
            factor = factor[:, y0 - y : y1 - y, x0 - x : x1 - x]
            under = image[:2, y0:y1, x0:x1].copy()
            noise = noise_of(under * factor, company)
            new = np.clip(inner + np.float32([x, y, x, y]), 0, np.float32([limit[1], limit[0]] * 2))
            hidden = np.array([is_hidden(under, factor, noise, box - np.float32([x0, y0, x0, y0])) for box in new], bool)
            for i, (a, b, c, d) in enumerate(boxes.round().astype(int)):
                part = factor[1, max(0, b - y0) : max(0, d - y0), max(0, a - x0) : max(0, c - x0)]
                covered = part.size / max(1, (c - a) * (d - b))
                ignored[i] |= covered > 0.3 and float(part.mean()) < math.exp(-OPAQUE_ADDED)
            image[:2, y0:y1, x0:x1] = under * factor + np.sqrt(noise * (1 - factor)) * self.normal(factor.shape)
            if len(image) > 2:
                name(image[2, y0:y1, x0:x1], under, factor, new - np.float32([x0, y0, x0, y0]), self.first_class + classes)
            boxes, labels = np.concatenate([boxes, new]), np.concatenate([labels, classes])
            ignored = np.concatenate([ignored, hidden])
        return image, boxes, labels, ignored

    def turn(self, image, boxes):
        """Mirrored and, where it fits on the canvas, turned by a right angle."""
        height, width = image.shape[1:]
        if self.rng.random() < 0.5:
            image, boxes = image[:, :, ::-1], np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)
        if self.rng.random() < 0.5:
            image, boxes = image[:, ::-1], np.stack([boxes[:, 0], height - boxes[:, 3], boxes[:, 2], height - boxes[:, 1]], 1)
        if width <= self.canvas["height"] and self.chance("turnChance"):
            image, boxes = image.transpose(0, 2, 1), boxes[:, [1, 0, 3, 2]]
        return image, boxes

    def zoom(self, image, boxes):
        """Another magnification, of both axes alike and a little of each."""
        limit = math.log(1 + self.settings["zoom"])
        both = self.rng.uniform(-limit, limit)
        factor = np.exp(both + self.rng.uniform(-limit / 5, limit / 5, 2))
        most = np.array([self.canvas["height"], self.canvas["width"]]) / image.shape[1:]
        factor = np.minimum(factor, np.maximum(most, 1e-3))
        size = [max(LEAST_SIDE, int(round(s * f))) for s, f in zip(image.shape[1:], factor)]
        scale = np.float32([size[1] / image.shape[2], size[0] / image.shape[1]])
        tensor = torch.from_numpy(np.ascontiguousarray(image))[None]
        pair = F.interpolate(tensor[:, :2], size, mode="bilinear", align_corners=False)[0].numpy()
        if len(image) > 2:
            pair = np.concatenate([pair, F.interpolate(tensor[:, 2:], size, mode="nearest")[0].numpy()])
        return pair, boxes * np.tile(scale, 2)

    def spectrum(self, image):
        """Another tube voltage, filter or detector, roughly: the attenuation of each energy by a factor, and its gain."""
        s = self.settings
        both, apart = self.rng.normal(0, s["densitySpread"]), self.rng.normal(0, s["ratioSpread"])
        power = np.exp(np.array([both + apart, both - apart])).astype(np.float32)
        gain = (1 + self.rng.normal(0, s["gainSpread"], 2)).astype(np.float32)
        return gain[:, None, None] * np.maximum(image, 1e-6) ** power[:, None, None]

    def blur(self, image):
        side = self.rng.uniform(0.05, self.settings["blur"], 2)
        tensor = torch.from_numpy(np.ascontiguousarray(image))[None]
        for axis, weight in zip((2, 3), side):
            kernel = torch.tensor([weight, 1 - 2 * weight, weight], dtype=torch.float32)
            shape = (1, 1, 3, 1) if axis == 2 else (1, 1, 1, 3)
            pad = (0, 0, 1, 1) if axis == 2 else (1, 1, 0, 0)
            padded = F.pad(tensor, pad, mode="replicate").transpose(0, 1)
            tensor = F.conv2d(padded, kernel.view(shape)).transpose(0, 1)
        return tensor[0].numpy()

    def noise(self, image):
        """Photon noise of a lower dose, and a floor."""
        photons = math.exp(self.rng.uniform(*np.log(self.settings["photons"])))
        floor = self.rng.uniform(0, self.settings["electronic"])
        sigma = np.sqrt(np.maximum(image, 0) / photons + floor * floor).astype(np.float32)
        return np.maximum(image + sigma * self.normal(image.shape), 0)
