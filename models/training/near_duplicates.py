"""Near-duplicates found by perceptual hashes, and splits that keep them together.

A bag seen twice, turned or with another bag beside it, must not be taught in one part of the data and asked for in another.
Each image has hashes of its whole body and of each thing that stands alone in it: 255 bits of the low frequencies of its
cosine transform, from the square that holds it. Two images belong together when any two of their hashes, one of them turned
or mirrored in any of eight ways, differ in few bits (chance: 127 ± 8).
"""

import hashlib

import numpy as np

GRID, FREQUENCIES = 64, 16
NEAR_BITS = 60
MOST_THINGS, LEAST_THING = 4, 0.08
DARK, LEAST_COVER = 0.035, 0.02
EDGE, FLOOD = 2, 8
ORIENTATIONS = [(transpose, down, across) for transpose in (0, 1) for down in (0, 1) for across in (0, 1)]


def cosine_matrix(size, frequencies):
    k, n = np.arange(frequencies)[:, None], np.arange(size)[None]
    return np.cos(np.pi * k * (2 * n + 1) / (2 * size)).astype(np.float32)


BASIS = cosine_matrix(GRID, FREQUENCIES)


def shrunk(values, size):
    """Means over a grid of size x size cells of nearly equal size."""
    height, width = values.shape
    rows, columns = np.arange(size) * height // size, np.arange(size) * width // size
    sums = np.add.reduceat(np.add.reduceat(values, rows, 0), columns, 1)
    area = lambda starts, end: np.maximum(np.diff(np.append(starts, end)), 1)
    return sums / (area(rows, height)[:, None] * area(columns, width)[None])


def spectrum_of(attenuation):
    """Low frequencies [F, F] of a thing, stretched to a square."""
    if min(attenuation.shape) < GRID:
        rows, columns = (np.linspace(0, side - 1, max(side, GRID)).round().astype(int) for side in attenuation.shape)
        attenuation = attenuation[rows][:, columns]
    return BASIS @ shrunk(attenuation.astype(np.float32), GRID) @ BASIS.T


def turned(spectrum, orientation):
    """The spectrum of the mirrored or transposed image: odd frequencies change their sign."""
    transpose, down, across = orientation
    sign = 1 - 2 * (np.arange(FREQUENCIES) % 2)
    out = spectrum.T if transpose else spectrum
    out = out * sign[:, None] if down else out
    return out * sign[None] if across else out


def bits_of(spectrum):
    values = spectrum.ravel()[1:]
    return values > np.median(values)


def blocks(values, side):
    """Means over squares of `side` pixels; what is left over at the end is not looked at."""
    height, width = max(1, values.shape[0] // side), max(1, values.shape[1] // side)
    cut = values[: height * side, : width * side]
    return cut.reshape(height, cut.shape[0] // height, width, cut.shape[1] // width).mean((1, 3))


def things(attenuation):
    """Boxes (top, bottom, left, right) of what stands alone, flooded over blocks of pixels; the largest first."""
    coarse = blocks(attenuation, FLOOD) > DARK
    height, width = coarse.shape
    label, found = np.zeros(coarse.shape, bool), []
    for start in zip(*np.nonzero(coarse)):
        if label[start]:
            continue
        stack, members = [start], []
        label[start] = True
        while stack:
            y, x = stack.pop()
            members.append((y, x))
            for ny, nx in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if 0 <= ny < height and 0 <= nx < width and coarse[ny, nx] and not label[ny, nx]:
                    label[ny, nx] = True
                    stack.append((ny, nx))
        ys, xs = FLOOD * np.array(members).T
        found.append((len(members), (ys.min(), ys.max() + FLOOD, xs.min(), xs.max() + FLOOD)))
    found.sort(key=lambda each: (-each[0], each[1]))
    return [box for size, box in found if size >= LEAST_THING * height * width][:MOST_THINGS]


def spectra_of(planes, air_level):
    """Spectra of an image: of its whole body, and of each thing where there are several."""
    attenuation = -np.log(np.clip(planes.mean(0) / air_level, 0.02, 1.2)).astype(np.float32)
    dark = blocks(attenuation, EDGE) > DARK
    rows, columns = np.flatnonzero(dark.mean(1) > LEAST_COVER), np.flatnonzero(dark.mean(0) > LEAST_COVER)
    if not len(rows) or not len(columns):
        return [spectrum_of(attenuation)]
    found = [tuple(EDGE * side for side in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))]
    apart = things(attenuation)
    found += apart if len(apart) > 1 else []
    return [spectrum_of(attenuation[t:b, l:r]) for t, b, l, r in found]


def near_pairs(spectra, near=NEAR_BITS):
    """Pairs of images with a hash in common. `spectra`: a list per image."""
    owner = np.concatenate([[i] * len(each) for i, each in enumerate(spectra)]).astype(int)
    flat = [one for each in spectra for one in each]
    sign = lambda one: (2 * bits_of(one).astype(np.int8) - 1).astype(np.float32)
    upright = np.stack([sign(one) for one in flat])
    pairs = set()
    for orientation in ORIENTATIONS:
        other = np.stack([sign(turned(one, orientation)) for one in flat])
        for start in range(0, len(flat), 1024):
            differ = (upright.shape[1] - upright[start : start + 1024] @ other.T) / 2
            for a, b in zip(*np.nonzero(differ <= near)):
                one, two = owner[start + a], owner[b]
                if one < two:
                    pairs.add((int(one), int(two)))
    return sorted(pairs)


def clusters(count, pairs):
    """Cluster number of each of `count` images: the least index that it is joined to, through any chain of pairs."""
    parent = list(range(count))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for a, b in pairs:
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)
    return np.array([root(i) for i in range(count)])


def split(names, cluster, parts, seed):
    """Part of each image: {"train": 0.7, ...}. Clusters in the order of a digest of their first name fill the parts, so that more
    data move few images from one part to another."""
    ends = np.cumsum(list(parts.values())) / sum(parts.values())
    digest = lambda c: hashlib.sha256(f"{seed}/{names[c]}".encode()).digest()
    out, before = {}, 0
    for c in sorted(set(cluster.tolist()), key=digest):
        size = int((cluster == c).sum())
        middle = (before + size / 2) / len(names)
        out[c] = list(parts)[min(len(parts) - 1, int(np.searchsorted(ends, middle, side="right")))]
        before += size
    return [out[c] for c in cluster.tolist()]
