"""What a viewing station, an operator and an exported picture do to a scan, on tensors [N, 1, H, W] of transmission."""

import numpy as np
import torch


def uniform(rng, n, low, high):
    return torch.from_numpy(rng.uniform(low, high, (n, 1, 1, 1)).astype(np.float32))


def some(rng, n, share):
    return torch.from_numpy((rng.random((n, 1, 1, 1)) < share).astype(np.float32))


def tones(x, rng):
    """Another window, curve and air level; now and then turned round."""
    n = len(x)
    x = x * uniform(rng, n, 0.9, 1.12) + uniform(rng, n, -0.03, 0.03)
    x = x.clamp(0, 1.09) ** torch.exp(uniform(rng, n, -0.35, 0.35))
    turned = some(rng, n, 0.04)
    return turned * (1 - x).clamp(0, 1.09) + (1 - turned) * x


def artefacts(x, rng):
    """Noise, dead rows, dose stripes, and a part of the picture shown darker."""
    n, _, height, width = x.shape
    x = x + torch.from_numpy(rng.standard_normal(x.shape).astype(np.float32)) * uniform(rng, n, 0, 0.02)
    stripes = torch.from_numpy(rng.standard_normal((n, 1, 1, width)).astype(np.float32))
    x = x * (1 + stripes * uniform(rng, n, 0, 0.06) * some(rng, n, 0.2))
    for i in np.flatnonzero(rng.random(n) < 0.12):
        x[i, 0, rng.integers(0, height)] = rng.choice([0.0, 1.0])
    for i in np.flatnonzero(rng.random(n) < 0.06):
        edge = rng.integers(20, width - 20)
        ramp = torch.linspace(float(rng.uniform(0, 0.6)), 1, edge)
        ramp = ramp if rng.random() < 0.7 else torch.full((edge,), float(rng.uniform(0.2, 0.8)))
        if rng.random() < 0.5:
            x[i, 0, :, :edge] *= ramp
        else:
            x[i, 0, :, width - edge :] *= ramp.flip(0)
    return x


def marks(x, rng):
    """Boxes and labels that operators draw."""
    n, _, height, width = x.shape
    for i in np.flatnonzero(rng.random(n) < 0.15):
        x0, x1 = sorted(rng.integers(0, width, 2))
        y0, y1 = sorted(rng.integers(0, height, 2))
        tone, strength = float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.2, 0.8))
        for part in (x[i, 0, y0, x0:x1], x[i, 0, y1, x0:x1], x[i, 0, y0:y1, x0], x[i, 0, y0:y1, x1]):
            part.mul_(1 - strength).add_(strength * tone)
        if rng.random() < 0.5:
            x[i, 0, max(0, y0 - 3) : y0, x0 : x0 + 30] = 1.0
    return x


def augment(x, rng):
    return marks(artefacts(tones(x, rng), rng), rng).clamp(0, 1.09)
