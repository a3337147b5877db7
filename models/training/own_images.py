"""Images of somebody's own scanner -> scans as `stream.py` reads them: a pair of u16 planes, an air level, a pitch.

Three kinds: a pair of 16-bit grey files (low and high energy), one grey file (single energy, 8 or 16 bit), one colour file
(pseudo-colour). A grey one becomes a pair of one ratio, a coloured one the pseudo pair of `pseudo.py`, as the runtime does.
"""

import hashlib

import numpy as np
from PIL import Image

from pseudo import AIR_LEVEL, GREY_RATIO, pseudo_pair

MAX_PIXELS = 16 << 20
COLOURED_SPREAD, COLOURED_SHARE = 12, 0.002
AIR_BINS, LEAST_AIR, AIR_FROM = 512, 0.015, 0.7
OBJECT_TRANSMISSION, LEAST_COVER = 0.9, 0.02
USUAL_SIDE_MM, LEAST_PITCH, LARGEST_PITCH = 450, 0.4, 2.5
KINDS = ("dual-energy", "single-energy", "pseudo-colour")


class ImageError(ValueError):
    """A picture that cannot be used; says which and why."""


def pixels(path):
    """A file's pixels, [H, W] uint16 or uint8, or [H, W, 3] uint8."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageError(f"{path}: {image.width}x{image.height} pixels, at most {MAX_PIXELS} are read")
            if image.mode in ("I", "I;16", "I;16B", "I;16L", "F"):
                return np.clip(np.asarray(image, np.float64), 0, 65_535).astype(np.uint16)
            return np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))
    except (OSError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path}: {error}") from None


def air_of(plane):
    """Counts of air: the brightest narrow level that 1.5 % of the pixels share; the 99th percentile where there is none."""
    top = float(np.percentile(plane, 99.9)) * 1.05 + 1
    counts, edges = np.histogram(plane, AIR_BINS, (0, top))
    near = np.convolve(counts, np.ones(5), "same")
    for bin in range(AIR_BINS - 1, int(AIR_FROM * AIR_BINS), -1):
        if near[bin] >= LEAST_AIR * plane.size and near[bin] >= near[max(0, bin - 6) : bin + 7].max():
            inside = plane[(plane >= edges[max(0, bin - 3)]) & (plane <= edges[min(AIR_BINS, bin + 4)])]
            return float(inside.mean())
    return float(max(1.0, np.percentile(plane, 99)))


def counts_of(plane, air):
    """Counts at the common air level, noise above air kept."""
    return np.minimum(plane.astype(np.float32) * np.float32(AIR_LEVEL / air) + np.float32(0.5), 65_535).astype(np.uint16)


def is_coloured(rgb):
    spread = rgb.max(-1).astype(np.int16) - rgb.min(-1)
    return bool((spread > COLOURED_SPREAD).mean() > COLOURED_SHARE)


def estimated_pitch(high):
    """Millimetres a pixel if what was scanned is as large as parcels and bags are, as `models/pseudo-scan.ts`; None for an empty image."""
    dark = high < OBJECT_TRANSMISSION * AIR_LEVEL

    def extent(counts, least):
        at = np.flatnonzero(counts > least)
        return at[-1] - at[0] + 1 if len(at) else 0

    size = (extent(dark.sum(0), LEAST_COVER * dark.shape[0]) * extent(dark.sum(1), LEAST_COVER * dark.shape[1])) ** 0.5
    return float(np.clip(USUAL_SIDE_MM / size, LEAST_PITCH, LARGEST_PITCH)) if size else None


def single_pair(counts):
    """A single-energy plane as a pair: the low plane darker by the ratio that the runtime takes for grey."""
    transmission = counts.astype(np.float64) / AIR_LEVEL
    return np.stack([np.minimum(AIR_LEVEL * transmission**GREY_RATIO + 0.5, 65_535).astype(np.uint16), counts])


def read_pair(low_path, high_path):
    planes = [pixels(path) for path in (low_path, high_path)]
    for path, plane in zip((low_path, high_path), planes):
        if plane.ndim != 2 or plane.shape != planes[0].shape:
            raise ImageError(f"{path}: the two planes of a pair are grey and of one size")
    return np.stack([counts_of(plane, air_of(plane)) for plane in planes])


def read_image(path, high_path=None, air_level=None):
    """(kind, planes u16 [2, H, W] at AIR_LEVEL). `air_level`: counts of air where they are known."""
    if high_path is not None:
        if air_level is None:
            return "dual-energy", read_pair(path, high_path)
        return "dual-energy", np.stack([counts_of(pixels(p), air_level) for p in (path, high_path)])
    image = pixels(path)
    if image.ndim == 3 and is_coloured(image):
        return "pseudo-colour", pseudo_pair(image).clip(0, 65_535).astype(np.uint16)
    grey = image if image.ndim == 2 else image.mean(-1)
    return "single-energy", single_pair(counts_of(grey, air_level or air_of(grey)))


def digest_of(paths):
    """SHA-256 over the bytes of files, in order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
