"""The second reading of what was found: which matter fills a box, and what else was found there, say how sure its score may be.

A dense head judges a box by the one cell that proposes it. The head for matter (`network.MatterHead`) judges every cell on its
own; its mean over a box is the vote of all cells of the thing, and over half and over 1.6 times the box tells an object from a
piece of a larger one. So do the attenuations in the box, in its middle and around it: what they differ by is the thing's own, and
its low/high ratio the material without what lies over it. A small network turns all of it into the chance that the box is right (IoU at
least 0.5, first of its object).
"""

import torch
import torch.nn as nn

from network import STRIDES

CELL = STRIDES[0]
INNER, OUTER = 0.5, 1.6
USUAL_SIDE, LEAST_SIDE = 40.0, 4.0
TINY, SMALL = 1e-3, 1e-2
# An attenuation of less tells no material; the floor of a variance is above what float32 leaves of the squares of 9.
LEAST_OWN, USUAL_RATIO, RATIOS, LEAST_VARIANCE = 0.03, 1.3, (0.8, 3.0), 1e-3


def log_odds(p):
    """Of probabilities 0..1, finite at both ends."""
    p = torch.clamp(p, 0.0, 1.0)
    return torch.log((p + TINY) / (1.0 - p + TINY))


def scaled(boxes, factor):
    """Boxes [k, 4] grown about their middles."""
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) * (factor / 2)
    return torch.cat([middle - half, middle + half], 1)


def covered(low, high, line):
    """How much of each cell of a line lies between `low` and `high` [k, 1] (cells from 0), [k, n]; at least half a cell in all.

    `line`: ones [n], so that an exported graph knows the count.
    """
    end = torch.cumsum(line, 0)
    low = torch.minimum(torch.clamp(low, min=0.0), line.sum() - 0.5)
    high = torch.maximum(torch.minimum(high, line.sum()), low + 0.5)
    return torch.clamp(torch.minimum(high, end) - torch.maximum(low, end - 1), 0.0, 1.0)


def box_sums(maps, boxes):
    """Sums of maps [L, h, w] over boxes [k, 4] in cells, cells that are cut counting by their part: [k, L], and the boxes' areas [k, 1]."""
    across = covered(boxes[:, 0:1], boxes[:, 2:3], torch.ones_like(maps[0, 0]))
    down = covered(boxes[:, 1:2], boxes[:, 3:4], torch.ones_like(maps[0, :, 0]))
    rows = torch.matmul(maps, across.transpose(0, 1))
    return (rows * down.transpose(0, 1)).sum(1).transpose(0, 1), (across.sum(1) * down.sum(1))[:, None]


def box_means(maps, boxes):
    """Means of maps [L, h, w] over boxes [k, 4] in cells: [k, L]."""
    total, area = box_sums(maps, boxes)
    return total / area


def ratio(low, high):
    """Low over high attenuation; where there is next to nothing, the usual one."""
    there = torch.clamp((high - LEAST_OWN / 2) * (2.0 / LEAST_OWN), 0.0, 1.0)
    return USUAL_RATIO + there * (torch.clamp((low + 0.012) / (torch.clamp(high, min=0.0) + 0.01), *RATIOS) - USUAL_RATIO)


def substance(attenuation, places):
    """Attenuation [2, h, w] (high, low) in and around boxes [k, 4] in cells, and what they differ by: [k, 12]."""
    (total, area), (outer, reach) = (box_sums(attenuation, scaled(places, factor)) for factor in (1.0, OUTER))
    box, inner = total / area, box_means(attenuation, scaled(places, INNER))
    # A box that fills the scan has no surroundings: they count as air.
    ring = (outer - total) / torch.clamp(reach - area, min=0.5)
    own, core = box - ring, inner - ring
    spread = torch.sqrt(torch.clamp(box_means(attenuation * attenuation, places) - box * box, min=LEAST_VARIANCE))
    ratios = [ratio(part[:, 1:2], part[:, 0:1]) for part in (box, own, core)]
    return torch.cat([box, inner[:, :1], ring, own[:, :1], core[:, :1], spread, *ratios], 1)


def overlaps(boxes):
    """IoU and share of the smaller box of each pair of boxes [k, 4], [k, k] each."""
    lt = torch.maximum(boxes[:, None, :2], boxes[None, :, :2])
    rb = torch.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    side = torch.clamp(rb - lt, min=0.0)
    both = side[..., 0] * side[..., 1]
    size = torch.clamp(boxes[:, 2:] - boxes[:, :2], min=0.0)
    area = size[:, 0] * size[:, 1]
    return both / (area[:, None] + area[None] - both + TINY), both / (torch.minimum(area[:, None], area[None]) + TINY)


class Reading(nn.Module):
    """The cells [L + 2, h, w] (probabilities of `matter_labels`, attenuation high and low), boxes [k, 4] in pixels, their scores [k] and
    classes one-hot [k, C] -> scores [k], `floor`..1, each the chance that the box is right."""

    def __init__(self, config):
        super().__init__()
        self.groups, self.classes = len(config["groups"]), len(config["classes"])
        self.floor, width = config["decode"]["leastScore"], config["reading"]["width"]
        # Score, own class, any target, all labels, substance, sides, repeats of its class, what else is here, class.
        inputs = 1 + 5 + 1 + (self.groups + self.classes + 1) + 12 + 2 + 2 + 2 * self.classes
        self.register_buffer("middle", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.layers = nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, 1))

    def figures(self, cells, boxes, scores, kinds):
        """What is judged by, [k, inputs]."""
        places, targets = boxes / CELL, slice(self.groups, self.groups + self.classes)
        own = lambda means: (means * kinds).sum(1, keepdim=True)
        told, maps = cells[:-2], cells[targets]
        mean = box_means(told, places)
        strength = torch.sqrt(torch.clamp(own(box_means(maps * maps, places)), 0.0, 1.0))
        mean_log = own(box_means(torch.log(maps + TINY), places))
        inner, outer = (own(box_means(maps, scaled(places, factor))) for factor in (INNER, OUTER))
        sides = torch.log(torch.clamp(boxes[:, 2:] - boxes[:, :2], min=LEAST_SIDE) / USUAL_SIDE)
        return torch.cat([
            log_odds(scores)[:, None], log_odds(own(mean[:, targets])), log_odds(strength), mean_log, log_odds(inner), log_odds(outer),
            log_odds(mean[:, targets].sum(1, keepdim=True)), torch.log(mean + SMALL), substance(cells[-2:], places), sides, self.company(boxes, scores, kinds), kinds,
        ], 1)

    @staticmethod
    def company(boxes, scores, kinds):
        """How far a surer box of the same class covers each (IoU, share of the smaller), and the best other box of each class at its place."""
        iou, part = overlaps(boxes)
        same = torch.matmul(kinds, kinds.transpose(0, 1)) * (scores[None] > scores[:, None]).float()
        number = torch.cumsum(torch.ones_like(scores), 0)
        here = iou * scores[None] * (number[:, None] != number[None]).float()
        best = (here[:, :, None] * kinds[None]).amax(1)
        return torch.cat([(iou * same).amax(1, keepdim=True), (part * same).amax(1, keepdim=True), log_odds(best)], 1)

    def judged(self, figures):
        """Log odds [k] of `figures`."""
        return self.layers((figures - self.middle) / self.spread)[:, 0]

    def forward(self, cells, boxes, scores, kinds):
        chance = torch.sigmoid(self.judged(self.figures(cells, boxes, scores, kinds)))
        return self.floor + (1.0 - self.floor) * chance


def inputs_of(rows, classes):
    """Detections [k, 6] as boxes, scores and one-hot classes."""
    kinds = torch.eye(classes)[torch.from_numpy(rows[:, 5]).long()]
    return torch.from_numpy(rows[:, :4]), torch.from_numpy(rows[:, 4]), kinds


def reread(reading, cells, rows):
    """Detections [k, 6] of one scan with the scores of the second reading, best first."""
    if not len(rows):
        return rows
    with torch.no_grad():
        scores = reading(cells, *inputs_of(rows, reading.classes)).numpy()
    rows = rows.copy()
    rows[:, 4] = scores
    return rows[(-scores).argsort(kind="stable")]
