"""Labelled things cut out of training images, to be laid into other training images: each then has many surroundings.

Attenuations add, so what a thing takes of the beam is its attenuation above that of its surroundings, and it is multiplied into
another scan as simulated companions are (`augment.Augmenter.company`). As many places of the same sizes without a target, the
densest of a few that are drawn, are cut and laid likewise, unlabelled: that something was laid in tells nothing.
"""

import numpy as np

from pseudo import AIR_LEVEL

PHOTONS, ELECTRONIC = (60_000, 60_000), 0.001
RING, MARGIN = 6, 2
SURROUNDINGS = 0.3
LEAST_ABOVE, SURELY_ABOVE = 0.06, 0.16
DRAWS = 12
MOST_SIDE = 224


def attenuation_of(sample):
    return -np.log(np.maximum(sample["planes"].astype(np.float32) / np.float32(sample["airLevel"]), np.float32(1e-4)))


def cut_out(attenuation, box):
    """Transmission u16 [2, h, w] of what stands out from its surroundings in a box of an image, and the box in it [1, 4]."""
    height, width = attenuation.shape[1:]
    x0, y0 = (max(0, int(np.floor(v)) - MARGIN) for v in box[:2])
    x1, y1 = (min(side, int(np.ceil(v)) + MARGIN) for v, side in zip(box[2:], (width, height)))
    around = np.zeros((height, width), bool)
    around[max(0, y0 - RING) : y1 + RING, max(0, x0 - RING) : x1 + RING] = True
    around[y0:y1, x0:x1] = False
    part = attenuation[:, y0:y1, x0:x1]
    if around.any():
        part = part - np.quantile(attenuation[:, around], SURROUNDINGS, axis=1).astype(np.float32)[:, None, None]
    part = part.clip(0)
    seen = ((part.mean(0) - LEAST_ABOVE) / (SURELY_ABOVE - LEAST_ABOVE)).clip(0, 1)
    planes = (AIR_LEVEL * np.exp(-part * seen) + 0.5).astype(np.uint16)
    return planes, (np.float32(box) - np.float32([x0, y0, x0, y0]))[None]


def apart(box, boxes):
    """Whether a box touches none of the others."""
    return not ((boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0]) & (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1])).any()


def decoy(sample, attenuation, size, rng):
    """The densest of a few places of this size (width, height) that touch no target; None where there is none."""
    (height, width), found = attenuation.shape[1:], []
    for _ in range(DRAWS):
        x, y = (int(rng.integers(0, max(1, side - int(s)))) for side, s in zip((width, height), size))
        box = np.float32([x, y, min(width, x + size[0]), min(height, y + size[1])])
        if apart(box, sample["boxes"]):
            found.append((float(attenuation[:, y : int(box[3]), x : int(box[2])].mean()), tuple(box)))
    return np.float32(max(found)[1]) if found else None


def things_of(samples, seed):
    """(transmission, boxes [n, 4], labels [n]) of every labelled thing, and of a decoy for each, which has no box."""
    rng, things, sizes = np.random.default_rng(seed), [], []
    for sample in samples:
        attenuation = attenuation_of(sample)
        for box, label, hidden in zip(sample["boxes"], sample["labels"], sample["ignored"]):
            if not hidden and max(box[2:] - box[:2]) <= MOST_SIDE:
                things.append((*cut_out(attenuation, box), np.array([label])))
                sizes.append(box[2:] - box[:2])
        if sizes:
            place = decoy(sample, attenuation, sizes[rng.integers(0, len(sizes))], rng)
            if place is not None:
                things.append((cut_out(attenuation, place)[0], np.zeros((0, 4), np.float32), np.zeros(0, np.int64)))
    return things


def in_company(samples, seed):
    """The samples, with the things of all of them as company of each that has none of its own."""
    company = {"photons": PHOTONS, "electronic": ELECTRONIC, "things": things_of(samples, seed)}
    return [sample if sample.get("company") or not company["things"] else {**sample, "company": company} for sample in samples]
