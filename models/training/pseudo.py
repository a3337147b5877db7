"""Pseudo-colour for training: a pair drawn in some vendor's colours, and back to a pseudo pair as `models/pseudo-pair.ts` does.

The way back is the same definition as in TypeScript; `models/pseudo-pair-vectors.json` holds both to it. The palettes are
drawn at random around what is common to vendors: hue tells the ratio (orange, green, blue), darkness the attenuation.
"""

import numpy as np

AIR_LEVEL = 60_000
LIGHTNESS_STEPS, WHITE_SHARE, WHITE_FROM = 510, 0.01, 0.8
VIEWING_GAMMA, DARKEST = 0.55, 1 / 255
GREY_RATIO, HALF_CHROMA = 1.4, 0.06
HUE_DEGREES = np.array([0, 30, 60, 120, 180, 225, 260, 300, 330, 360], np.float64)
RATIO_RANGE, RATIO_STEPS = (1.0, 2.2), 512
HUE_RATIOS = np.array([1.15, 1.2, 1.33, 1.5, 1.68, 1.95, 2.1, 2.1, 1.15, 1.15])


def around(values):
    """Means of 3x3 pixels, edges repeated, over the first two axes."""
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9


def white_of(lightness):
    """Lightness step of air, 1..510."""
    counts = np.bincount(lightness.ravel(), minlength=LIGHTNESS_STEPS + 1)
    from_top = np.cumsum(counts[::-1])
    level = LIGHTNESS_STEPS - int(np.argmax(from_top >= WHITE_SHARE * lightness.size))
    return level if level >= WHITE_FROM * LIGHTNESS_STEPS else LIGHTNESS_STEPS


def ratio_of(colours):
    """Low over high attenuation of colours [H, W, 3], 0..255."""
    r, g, b = colours[..., 0], colours[..., 1], colours[..., 2]
    most, least = colours.max(-1), colours.min(-1)
    span = most - least
    safe = np.where(span > 0, span, 1)
    sector = np.where(most == r, (g - b) / safe + np.where(g < b, 6, 0), np.where(most == g, (b - r) / safe + 2, (r - g) / safe + 4))
    chroma = span / 255
    weight = chroma / (chroma + HALF_CHROMA)
    return GREY_RATIO + weight * (np.interp(60 * sector, HUE_DEGREES, HUE_RATIOS) - GREY_RATIO)


def pseudo_pair(rgb):
    """u8 [H, W, 3] -> float [2, H, W] counts (low, high) with AIR_LEVEL as air, rounded."""
    wide = rgb.astype(np.int32)
    lightness = wide.max(-1) + wide.min(-1)
    mean = -np.log(np.clip(np.arange(LIGHTNESS_STEPS + 1) / white_of(lightness), DARKEST, 1)) / VIEWING_GAMMA
    ratio = ratio_of(around(wide))
    high = 2 * mean[lightness] / (1 + ratio)
    return np.floor(AIR_LEVEL * np.exp(-np.stack([ratio * high, high])) + 0.5)


def palette(rng):
    """Some vendor's colours: a pure colour for each step of the ratio, saturation, and how dark is drawn."""
    ratios = np.sort(np.array([1.12, 1.25, 1.36, 1.55, 1.8, 2.1]) + rng.normal(0, 0.03, 6))
    hues = np.clip(np.sort(np.array([24, 34, 62, 118, 205, 232]) + rng.normal(0, 8, 6)), 0, 359)
    hue = np.interp(np.linspace(*RATIO_RANGE, RATIO_STEPS), ratios, hues) / 60
    pure = np.stack([np.clip(np.abs((hue + shift) % 6 - 3) - 1, 0, 1) for shift in (0, 4, 2)], -1)
    return {
        "pure": pure.astype(np.float32), "gamma": np.float32(rng.uniform(0.42, 0.72)), "saturation": np.float32(rng.uniform(0.55, 1.0)),
        "white": np.float32(rng.uniform(0.94, 1.0)), "smooth": rng.random() < 0.7,
    }


def draw(pair, colours):
    """Transmission [2, H, W] -> u8 [H, W, 3] in a palette."""
    attenuation = -np.log(np.clip(pair, np.float32(1e-4), np.float32(1))).transpose(1, 2, 0)
    low, high = np.moveaxis(around(attenuation) if colours["smooth"] else attenuation, -1, 0)
    ratio = (low + np.float32(0.03)) / (high + np.float32(0.03 / 1.25))
    start, end = RATIO_RANGE
    step = np.clip((ratio - start) * ((RATIO_STEPS - 1) / (end - start)), 0, RATIO_STEPS - 1).astype(np.intp)
    lightness = colours["white"] * np.exp(-colours["gamma"] * attenuation.mean(-1))
    seen = 1 - np.exp(high * np.float32(-20))
    chroma = colours["saturation"] * seen * (1 - np.abs(2 * lightness - 1))
    rgb = lightness[..., None] + chroma[..., None] * (colours["pure"][step] - np.float32(0.5))
    return np.clip(rgb * 255 + np.float32(0.5), 0, 255).astype(np.uint8)


def coarse_colour(rgb):
    """Colour kept for blocks of 2x2 pixels only, lightness for each: what JPEG does first."""
    height, width = rgb.shape[0] // 2 * 2, rgb.shape[1] // 2 * 2
    wide = rgb[:height, :width].astype(np.float32)
    grey = wide.mean(-1, keepdims=True)
    tint = (wide - grey).reshape(height // 2, 2, width // 2, 2, 3).mean((1, 3)).repeat(2, 0).repeat(2, 1)
    out = rgb.copy()
    out[:height, :width] = np.clip(grey + tint + 0.5, 0, 255).astype(np.uint8)
    return out


def round_trip(pair, rng):
    """What the network gets of a scan that was only kept as a picture: transmission [2, H, W] -> the same, float32."""
    rgb = draw(pair, palette(rng))
    if rng.random() < 0.5:
        rgb = coarse_colour(rgb)
    return (pseudo_pair(rgb) / AIR_LEVEL).astype(np.float32)
