"""The head of the vector by which similar scans are searched for."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from goods_reading import AMOUNTS, amounts


def soft_histogram(values, centres, weight):
    """Shares of `weight` near each of the evenly spaced `centres` [B, N]; values [B, 1, h, w] beyond the ends count as the ends."""
    step = centres[1] - centres[0]
    held = torch.clamp(values, centres[0], centres[-1])
    near = [torch.relu(1 - torch.abs(held - centre) / step) * weight for centre in centres]
    return torch.cat([part.sum((2, 3)) for part in near], 1) / (weight.sum((2, 3)) + 1e-6)


class EmbeddingHead(nn.Module):
    """Pooled features of the frozen network -> a unit vector [B, 128]; scans that are alike are near.

    Means weighted by attenuation, maxima over the body and spreads; how much of the attenuation is of which material and how
    dense the places are; which goods there are, by the goods head and by the head for matter (`goods_reading.amounts`). None of them knows where a thing lies, so that a parcel may be turned, moved
    or packed anew. Total attenuation and area join them, as logarithms.
    """

    RATIOS = [1.0 + 0.12 * i for i in range(14)]
    DEPTHS = [-4.0 + 0.5 * i for i in range(12)]

    def __init__(self, config, size=128):
        super().__init__()
        self.norm = nn.BatchNorm1d(self.inputs(config), affine=False)
        self.layers = nn.Sequential(nn.Linear(self.inputs(config), 384), nn.ReLU(), nn.Linear(384, size))

    @classmethod
    def inputs(cls, config):
        """How many figures `pooled` gives."""
        widths = config["network"]["widths"]
        labels = len(config["groups"]) + len(config["classes"]) + 1
        return 3 * (widths[1] + widths[2]) + 2 + len(cls.RATIOS) + len(cls.DEPTHS) + 2 * len(config["groups"]) + AMOUNTS * labels

    @classmethod
    def pooled(cls, net, matter, front, high, autocast=False):
        """Figures of scans [B, P] from the front end's channels and high-energy attenuation; `matter`: the head that tells what lies where."""
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            x3, x4, x5 = net.backbone(front)
            presence, share = net.goods(x4, x5, high)
            told = matter(net.neck(x3, x4, x5))
        x = torch.cat([x4, F.interpolate(x5, scale_factor=2.0)], 1).float()
        thickness = F.avg_pool2d(high, 8)
        body = torch.clamp(10.0 * thickness, 0.0, 1.0)
        weight = thickness + 1e-6
        total = weight.sum((2, 3))
        mean = (x * weight).sum((2, 3)) / total
        square = (x * x * weight).sum((2, 3)) / total
        size = torch.cat([torch.log(total + 1.0), torch.log(body.sum((2, 3)) + 1.0)], 1)
        spread = torch.sqrt(torch.relu(square - mean * mean) + 1e-6)
        made_of = cls.made_of(F.avg_pool2d(front[:, :2].float(), 2))
        held = amounts(told.float().softmax(1), high)
        return torch.cat([mean, (x * body).amax((2, 3)), spread, size, made_of, presence.float().sigmoid(), share.float(), held], 1)

    @classmethod
    def made_of(cls, halves):
        """What the attenuation is made of, from half the high and half the low attenuation [B, 2, h, w]."""
        high, low = 2.0 * torch.relu(halves[:, 0:1]), 2.0 * torch.relu(halves[:, 1:2])
        ratios = soft_histogram((low + 0.012) / (high + 0.01), cls.RATIOS, torch.clamp(high - 0.02, min=0.0))
        return torch.cat([ratios, soft_histogram(torch.log(high + 0.01), cls.DEPTHS, torch.clamp(20.0 * high - 0.4, 0.0, 1.0))], 1)

    def forward(self, pooled):
        norm = self.norm
        # In plain arithmetic outside of training: the export does not know the width of joined parts, which a norm needs.
        normed = norm(pooled) if self.training else (pooled - norm.running_mean) / torch.sqrt(norm.running_var + norm.eps)
        vector = self.layers(normed)
        return vector / torch.sqrt((vector * vector).sum(1, keepdim=True) + 1e-12)
