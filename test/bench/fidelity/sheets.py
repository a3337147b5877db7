"""Sheets of real and simulated scans side by side in the same pseudo-colours."""

import cv2
import numpy as np

from figures import FLOOR, attenuation

# Ratio of low to high attenuation and the hue (degrees) drawn there: organic orange, mixed green, metal blue.
RATIO_HUES = ((1.0, 28), (1.38, 32), (1.55, 62), (1.75, 120), (2.1, 205), (2.8, 225))


def pseudo_colour(scan):
    """BGR u8 [H, W, 3]; brightness by high transmission, hue by the ratio."""
    a = attenuation(scan)
    smooth = [cv2.GaussianBlur(plane, (0, 0), 1.0) for plane in a]
    ratio = (smooth[0] + 0.01) / (smooth[1] + 0.01)
    hue = np.interp(ratio, [r for r, _ in RATIO_HUES], [h for _, h in RATIO_HUES])
    t = np.clip(scan["t"][1], FLOOR, 1)
    value = np.clip(t**0.45, 0, 1)
    saturation = np.clip(a[1] * 2.2, 0, 0.95)
    hsv = np.stack([hue / 2, 255 * saturation, 255 * value], -1).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def fitted(picture, width, height):
    scale = min(width / picture.shape[1], height / picture.shape[0])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out = np.full((height, width, 3), 255, np.uint8)
    out[: small.shape[0], : small.shape[1]] = small
    return out


def overview(real, simulated, path, columns=4, rows=3, cell=(420, 320)):
    """Left half real, right half simulated."""
    halves = []
    for title, scans in (("real", real), ("simulated", simulated)):
        pictures = [fitted(pseudo_colour(scan), *cell) for scan in scans[: columns * rows]]
        blank = np.full((cell[1], cell[0], 3), 255, np.uint8)
        pictures += [blank] * (columns * rows - len(pictures))
        grid = np.vstack([np.hstack(pictures[r * columns : (r + 1) * columns]) for r in range(rows)])
        head = np.full((36, grid.shape[1], 3), 255, np.uint8)
        cv2.putText(head, title, (8, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2)
        halves.append(np.vstack([head, grid]))
    line = np.zeros((halves[0].shape[0], 6, 3), np.uint8)
    cv2.imwrite(str(path), np.hstack([halves[0], line, halves[1]]))


def patch_sheet(real, simulated, path, side=96, count=7, zoom=4):
    """Crops at four times their size, top rows real, bottom rows simulated."""
    rows = []
    for scans in (real, simulated):
        crops = []
        for scan in scans[: 2 * count]:
            a = attenuation(scan)[1]
            picture = pseudo_colour(scan)
            y, x = busiest(a, side)
            crop = picture[y : y + side, x : x + side]
            crops.append(cv2.resize(crop, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST))
        rows += [np.hstack(crops[k * count : (k + 1) * count]) for k in range(len(crops) // count)]
        rows.append(np.zeros((6, rows[0].shape[1], 3), np.uint8))
    cv2.imwrite(str(path), np.vstack(rows[:-1]))


def busiest(a, side):
    """Corner of the window of `side` that holds most body that is not opaque."""
    body = ((a > 0.1) & (a < 3)).astype(np.float32)
    total = cv2.boxFilter(body, -1, (side, side), normalize=True, borderType=cv2.BORDER_CONSTANT)
    inner = total[side // 2 : a.shape[0] - side // 2, side // 2 : a.shape[1] - side // 2]
    y, x = np.unravel_index(int(inner.argmax()), inner.shape)
    return int(y), int(x)
