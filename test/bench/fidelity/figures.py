"""Figures of a set of scans: attenuation, low/high ratio, edges, noise. Each is a dict of plain numbers."""

import cv2
import numpy as np

QUANTILES = (5, 25, 50, 75, 95)
FLOOR = 1e-3
PATCH = 32
# Thinner than this is air or nearly; the ratio is too noisy below RATIO_FROM and where the low plane is dark.
BODY_FROM = 0.03
RATIO_FROM = 0.1
RATIO_DARKEST = 0.01
BANDS = ((0.1, 0.3), (0.3, 0.8), (0.8, 1.6), (1.6, 3.0))


def attenuation(scan):
    return -np.log(np.maximum(scan["t"], FLOOR))


def body_samples(scans, each, rng):
    """High and low attenuation of body pixels, the same number from each scan."""
    low, high = [], []
    for scan in scans:
        a = attenuation(scan)
        at = np.flatnonzero(a[1] > BODY_FROM)
        at = rng.choice(at, min(each, len(at)), replace=False)
        low.append(a[0].ravel()[at])
        high.append(a[1].ravel()[at])
    return np.concatenate(low), np.concatenate(high)


def ratios(low, high):
    good = (high > RATIO_FROM) & (low < -np.log(RATIO_DARKEST))
    return low[good] / high[good], high[good]


def distributions(scans, rng, each=20_000):
    """Sorted samples of the quantities compared by their distribution."""
    low, high = body_samples(scans, each, rng)
    ratio, at = ratios(low, high)
    found = {"attenuation low": low, "attenuation high": high, "ratio": ratio}
    for lo, hi in BANDS:
        found[f"ratio at {lo}-{hi}"] = ratio[(at > lo) & (at <= hi)]
    found["gradient of high"] = gradients(scans, each, rng)
    found["edge width px, along the belt"] = edge_widths(scans, rng, axis=1)
    found["edge width px, along the detector"] = edge_widths(scans, rng, axis=0)
    return found


def gradients(scans, each, rng):
    """Steps of high attenuation between neighbours inside the body, per pixel."""
    found = []
    for scan in scans:
        a = attenuation(scan)[1]
        g = np.hypot(np.diff(a, axis=1)[:-1], np.diff(a, axis=0)[:, :-1])
        at = np.flatnonzero(cv2.erode((a > BODY_FROM).astype(np.uint8), np.ones((5, 5)))[:-1, :-1])
        found.append(g.ravel()[rng.choice(at, min(each, len(at)), replace=False)])
    return np.concatenate(found)


def edge_widths(scans, rng, axis, most=400, reach=6):
    """10-90 % widths, in pixels, of clear single steps of transmission along one axis."""
    found = []
    for scan in scans:
        t = scan["t"][1] if axis == 1 else scan["t"][1].T
        g = np.abs(cv2.Sobel(t, cv2.CV_32F, 1, 0, ksize=3)) / 8
        across = np.abs(cv2.Sobel(t, cv2.CV_32F, 0, 1, ksize=3)) / 8
        peak = (g > 0.04) & (g >= np.roll(g, 1, 1)) & (g > np.roll(g, -1, 1)) & (across < 0.3 * g)
        ys, xs = np.nonzero(peak)
        keep = (xs >= reach) & (xs < t.shape[1] - reach)
        ys, xs = ys[keep], xs[keep]
        for k in rng.permutation(len(ys))[: most]:
            width = rise(t[ys[k], xs[k] - reach : xs[k] + reach + 1])
            if width is not None:
                found.append(width)
    return np.array(found)


def rise(profile):
    """10-90 % width of a step that is level on both sides; None where it is no such step."""
    if profile[0] > profile[-1]:
        profile = profile[::-1]
    left, right = profile[:3].mean(), profile[-3:].mean()
    step = right - left
    if step < 0.12 or np.ptp(profile[:3]) > 0.08 * step or np.ptp(profile[-3:]) > 0.08 * step:
        return None
    p = (profile - left) / step
    return crossing(p, 0.9) - crossing(p, 0.1)


def crossing(p, level):
    k = int(np.argmax(p >= level))
    if k == 0:
        return 0.0
    return k - 1 + (level - p[k - 1]) / (p[k] - p[k - 1])


def level_patches(scans, lowest, highest, most, rng):
    """Detrended level patches [N, 2, 32, 32] of attenuation whose mean lies in the range."""
    found = []
    yy, xx = np.mgrid[-1 : 1 : PATCH * 1j, -1 : 1 : PATCH * 1j]
    plane = np.stack([np.ones_like(xx), xx, yy, xx * yy, xx**2, yy**2], -1).reshape(-1, 6)
    fit = np.linalg.pinv(plane)
    for scan in scans:
        a = attenuation(scan)
        here = []
        for y in range(0, a.shape[1] - PATCH + 1, PATCH // 2):
            for x in range(0, a.shape[2] - PATCH + 1, PATCH // 2):
                patch = a[:, y : y + PATCH, x : x + PATCH]
                mean = patch[1].mean()
                if not lowest <= mean <= highest:
                    continue
                flat = patch.reshape(2, -1).T
                rest = flat - plane @ (fit @ flat)
                here.append((rest[:, 1].std(), rest.T.reshape(2, PATCH, PATCH), mean))
        # The smoothest tenth shows the noise rather than the goods.
        here.sort(key=lambda one: one[0])
        keep = here if highest < BODY_FROM else here[: max(2, len(here) // 10)]
        found += keep[:most]
    return np.stack([one[1] for one in found]) if found else None


def noise(patches):
    """Standard deviation, spectrum (shares of power by radial frequency), stripes and correlation."""
    window = np.outer(np.hanning(PATCH), np.hanning(PATCH))
    fy, fx = np.meshgrid(np.fft.fftfreq(PATCH), np.fft.fftfreq(PATCH), indexing="ij")
    radius = np.hypot(fx, fy)
    power = (np.abs(np.fft.fft2(patches[:, 1] * window)) ** 2).mean(0)
    edges = np.array([0.05, 0.12, 0.2, 0.3, 0.4, 0.5])
    rings = np.array([power[(radius >= a) & (radius < b)].mean() for a, b in zip(edges, edges[1:])])
    rows, columns = (np.median(patches[:, 1].mean(k).std(-1)) for k in (2, 1))
    low, high = patches[:, 0].std((1, 2)), patches[:, 1].std((1, 2))
    both = (patches[:, 0] * patches[:, 1]).mean((1, 2)) / (low * high + 1e-12)
    figures = {
        "std low x1000": 1000 * float(np.median(low)),
        "std high x1000": 1000 * float(np.median(high)),
        "correlation low/high": float(np.median(both)),
        "std of row means / pixel": float(rows / np.median(high)),
        "std of column means / pixel": float(columns / np.median(high)),
    }
    for (a, b), share in zip(zip(edges, edges[1:]), rings / rings.sum()):
        figures[f"power share {a:.2f}-{b:.2f} /px"] = float(share)
    return figures


def shares(scans):
    """Medians over scans of shares of the body: how full, how thick, how busy."""
    rows = []
    for scan in scans:
        a = attenuation(scan)
        body = a[1] > BODY_FROM
        hull = cv2.morphologyEx(body.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((25, 25))) > 0
        n = max(1, int(body.sum()))
        gx = np.abs(np.diff(a[1], axis=1, prepend=a[1][:, :1]))
        gy = np.abs(np.diff(a[1], axis=0, prepend=a[1][:1]))
        g = np.maximum(gx, gy)
        rows.append(
            {
                "thin (< 0.15) of the hull": float((hull & (a[1] < 0.15)).sum() / max(1, hull.sum())),
                "0.15-0.6 of the body": float((body & (a[1] >= 0.15) & (a[1] < 0.6)).sum() / n),
                "over 1.6 of the body": float((a[1] > 1.6).sum() / n),
                "over 4 of the body x1000": 1000 * float((a[1] > 4).sum() / n),
                "darkest low transmission x1000": 1000 * float(np.percentile(scan["t"][0], 0.1)),
                "darkest high transmission x1000": 1000 * float(np.percentile(scan["t"][1], 0.1)),
                "steps > 0.03 of the body": float((body & (g > 0.03)).sum() / n),
                "steps > 0.10 of the body": float((body & (g > 0.10)).sum() / n),
                "steps > 0.30 of the body": float((body & (g > 0.30)).sum() / n),
                "low lags high px, along the belt": lag(scan, 1),
                "low lags high px, along the detector": lag(scan, 0),
            }
        )
    return {key: float(np.median([row[key] for row in rows])) for key in rows[0]}


def lag(scan, axis, reach=3):
    """Shift of the low plane against the high one that fits best, in pixels (parabola on the correlation)."""
    a = attenuation(scan)
    low, high = (np.diff(np.minimum(plane, 2.5), axis=axis) for plane in a)
    scores = np.array([(low * np.roll(high, k, axis)).mean() for k in range(-reach, reach + 1)])
    k = int(scores.argmax())
    if not 0 < k < 2 * reach:
        return float(k - reach)
    before, here, after = scores[k - 1 : k + 2]
    return float(k - reach + 0.5 * (before - after) / (before - 2 * here + after))
