"""Pseudo-colour RGB -> pseudo dual-energy pair, as `models/pseudo-pair.ts` defines it (vectors beside it hold both).

Colour images tell hue (the ratio of low to high attenuation) and darkness (attenuation); the counts are gone.
"""

import numpy as np

AIR_LEVEL = 60_000
WHITE_SHARE, WHITE_FROM = 0.01, 0.8
VIEWING_GAMMA, DARKEST = 0.55, 1 / 255
GREY_RATIO, HALF_CHROMA = 1.4, 0.06
HUES = np.array([0, 30, 60, 120, 180, 225, 260, 300, 330, 360], float)
RATIOS = np.array([1.15, 1.2, 1.33, 1.5, 1.68, 1.95, 2.1, 2.1, 1.15, 1.15])


def white_of(lightness):
    counts = np.bincount(lightness.ravel(), minlength=511)
    reached = np.cumsum(counts[::-1])[::-1] >= WHITE_SHARE * lightness.size
    level = int(np.nonzero(reached)[0][-1])
    return level if level >= WHITE_FROM * 510 else 510


def box_means(rgb):
    padded = np.pad(rgb.astype(np.float64), ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return (rows[:-2] + rows[1:-1] + rows[2:]) / 9


def ratio_of(colours):
    r, g, b = np.moveaxis(colours, -1, 0)
    most = colours.max(-1)
    span = most - colours.min(-1)
    safe = np.where(span > 0, span, 1)
    sector = np.where(most == r, (g - b) / safe + np.where(g < b, 6, 0),
                      np.where(most == g, (b - r) / safe + 2, (r - g) / safe + 4))
    chroma = span / 255
    weight = chroma / (chroma + HALF_CHROMA)
    return np.where(span > 0, GREY_RATIO + weight * (np.interp(60 * sector, HUES, RATIOS) - GREY_RATIO), GREY_RATIO)


def pseudo_pair(rgb):
    """uint8 [H, W, 3] -> transmission float32 [2, H, W], low then high, rounded to counts over AIR_LEVEL."""
    lightness = rgb.max(-1).astype(np.int64) + rgb.min(-1)
    white = white_of(lightness)
    mean = -np.log(np.clip(lightness / white, DARKEST, 1)) / VIEWING_GAMMA
    ratio = ratio_of(box_means(rgb))
    high = 2 * mean / (1 + ratio)
    pair = np.stack([np.exp(-ratio * high), np.exp(-high)])
    return (np.floor(AIR_LEVEL * pair + 0.5) / AIR_LEVEL).astype(np.float32)
