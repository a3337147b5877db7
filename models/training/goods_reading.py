"""The goods groups of a scan read a second time: what its cells hold corrects which groups the goods head believes present.

The goods head sees a coarse grid whose loss counts only scans as a whole; the head for matter is taught by every cell. A linear
layer over the amounts and the surest places of each matter is added to the logits of the goods head.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from reading import CELL, SMALL, log_odds

HALVES, PLACE = CELL // 2, 3
SURE, STEEP = 0.3, 10.0
MOST = 9.0
# Figures that `amounts` gives of each matter.
AMOUNTS = 4


def amounts(told, high):
    """Figures [B, 4 L] of what the cells hold [B, L, h, w]: share of the attenuation, share of the area, surest place, sure cells."""
    thickness = F.avg_pool2d(high, HALVES)
    body = torch.clamp(10.0 * thickness, 0.0, 1.0)
    weight, inside = torch.relu(thickness) + 1e-6, told * body
    mean = (told * weight).sum((2, 3)) / weight.sum((2, 3))
    area = inside.sum((2, 3)) / (body.sum((2, 3)) + 1.0)
    surest = F.avg_pool2d(inside, PLACE, 1, PLACE // 2).amax((2, 3))
    sure = (torch.clamp(STEEP * (told - SURE), 0.0, 1.0) * body).sum((2, 3))
    return torch.cat([torch.log(mean + SMALL), torch.log(area + SMALL), log_odds(surest), torch.log(sure + 1.0)], 1)


class GoodsReading(nn.Module):
    """Logits [B, G], shares [B, G], what the cells hold [B, L, h, w] and high-energy attenuation [B, 1, H/2, W/2] -> logits [B, G]."""

    def __init__(self, config):
        super().__init__()
        groups, labels = len(config["groups"]), len(config["groups"]) + len(config["classes"]) + 1
        inputs = 2 * groups + AMOUNTS * labels
        self.register_buffer("middle", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.add = nn.Linear(inputs, groups)
        nn.init.zeros_(self.add.weight)
        nn.init.zeros_(self.add.bias)

    @staticmethod
    def figures(presence, share, told, high):
        return torch.cat([torch.clamp(presence, -MOST, MOST), torch.log(share + SMALL), amounts(told, high)], 1)

    def corrected(self, presence, figures):
        return presence + self.add((figures - self.middle) / self.spread)

    def forward(self, presence, share, told, high):
        return self.corrected(presence, self.figures(presence, share, told, high))
