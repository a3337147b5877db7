"""The network: an image of 64 rows to 64 columns of features, then along the length.

Outputs: `state` [N, 3] logits, `profile` [N, bins], `mask` and `fill` [N, 64] per column of the image. The profile is over
the inside of the container, wherever that lies in the image: the columns' fill is spread over the bins by the running sum
of the mask.
"""

import torch
from torch import nn

COLUMNS = 64


def block(cin, cout, stride, kernel=3):
    return nn.Sequential(nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(cout), nn.ReLU())


def line(channels, dilation):
    return nn.Sequential(nn.Conv1d(channels, channels, 5, padding=2 * dilation, dilation=dilation, bias=False), nn.BatchNorm1d(channels), nn.ReLU())


class LoadNet(nn.Module):
    def __init__(self, bins=64, width=64):
        super().__init__()
        self.bins = bins
        self.stem = nn.Sequential(block(3, 12, 2), block(12, 20, 2), block(20, 28, (2, 1)), block(28, 40, (2, 1)))
        self.collapse = nn.Sequential(nn.Conv2d(40, width, (4, 1), bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.along = nn.ModuleList([line(width, d) for d in (1, 2, 4, 8)])
        self.columns = nn.Conv1d(width, 2, 1)
        self.state = nn.Sequential(nn.Linear(3 * width + 3, 48), nn.ReLU(), nn.Linear(48, 3))

    def features(self, x):
        """Transmission as it is, its square root and its attenuation: displays differ in which end they show."""
        x = x.clamp(0, 1.1)
        maps = torch.cat([x - 0.5, torch.sqrt(x + 1e-4) - 0.5, -torch.log(x + 0.01) * 0.25 - 0.3], 1)
        h = self.collapse(self.stem(maps))[:, :, 0]
        for layer in self.along:
            h = h + layer(h)
        return h

    def forward(self, x):
        h = self.features(x)
        columns = torch.sigmoid(self.columns(h))
        mask, fill = columns[:, 0], columns[:, 1]
        profile = spread(mask, fill, self.bins)
        weight = (mask / (mask.sum(1, keepdim=True) + 1e-3)).unsqueeze(1)
        mean = (h * weight).sum(2)
        top = (h * mask.unsqueeze(1)).amax(2)
        low = (h + 4 * (1 - mask.unsqueeze(1))).amin(2)
        occupied = torch.sigmoid(40 * (profile - 0.06)).mean(1, keepdim=True)
        facts = torch.cat([profile.mean(1, keepdim=True), profile.amax(1, keepdim=True), occupied], 1)
        return self.state(torch.cat([mean, top, low, facts], 1)), profile, mask, fill


def spread(mask, fill, bins):
    """Fill per bin of the inside: bin k takes the columns between k/bins and (k+1)/bins of the mask's sum."""
    total = mask.sum(1, keepdim=True) + 1e-3
    upper = torch.cumsum(mask, 1) / total * bins
    lower = upper - mask / total * bins
    edges = torch.arange(bins, dtype=mask.dtype).view(1, bins, 1)
    overlap = (torch.minimum(upper.unsqueeze(1), edges + 1) - torch.maximum(lower.unsqueeze(1), edges)).clamp(min=0)
    return (overlap * fill.unsqueeze(1)).sum(2).clamp(0, 1)


class Exported(nn.Module):
    """What the package holds: calibrated state scores and the profile."""

    def __init__(self, net, temperature):
        super().__init__()
        self.net, self.temperature = net, temperature

    def forward(self, image):
        logits, profile, _, _ = self.net(image)
        return torch.softmax(logits / self.temperature, 1), profile
