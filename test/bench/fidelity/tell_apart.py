"""How well a small classifier tells simulated 32x32 patches from real ones: AUC, split by scan."""

import numpy as np
import torch
from scipy.stats import rankdata
from torch import nn

from figures import attenuation

PATCH = 32
FOLDS = 3
SHOWN = 0.5


def patches_of(scans, each, rng):
    """Patches float32 [N, 2, 32, 32] of attenuation, at least half of each body, and the scan of each."""
    found, owner = [], []
    for n, scan in enumerate(scans):
        a = attenuation(scan)
        ys, xs = np.mgrid[0 : a.shape[1] - PATCH + 1 : 16, 0 : a.shape[2] - PATCH + 1 : 16]
        places = np.stack([ys.ravel(), xs.ravel()], 1)
        taken = 0
        for y, x in places[rng.permutation(len(places))]:
            patch = a[:, y : y + PATCH, x : x + PATCH]
            if (patch[1] > 0.05).mean() < SHOWN:
                continue
            found.append(patch)
            owner.append(n)
            taken += 1
            if taken == each:
                break
    return np.stack(found).astype(np.float32), np.array(owner)


def auc(scores, labels):
    ranks = rankdata(scores)
    positive = labels == 1
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def features(patches):
    """Named features of each patch, to say what gives it away."""
    low, high = patches[:, 0], patches[:, 1]
    flat = high.reshape(len(high), -1)
    ratio = (low.mean((1, 2)) + 0.02) / (high.mean((1, 2)) + 0.02)
    each = np.clip((low + 0.05) / (high + 0.05), 0.5, 3).reshape(len(high), -1)
    gx, gy = np.abs(np.diff(high, axis=2)), np.abs(np.diff(high, axis=1))
    second = np.abs(high[:, 1:-1, 2:] - 2 * high[:, 1:-1, 1:-1] + high[:, 1:-1, :-2])
    second_y = np.abs(high[:, 2:, 1:-1] - 2 * high[:, 1:-1, 1:-1] + high[:, :-2, 1:-1])
    excess = low - ratio[:, None, None] * high
    named = {
        "mean high": flat.mean(1),
        "10th percentile of high": np.percentile(flat, 10, axis=1),
        "90th percentile of high": np.percentile(flat, 90, axis=1),
        "spread of high": flat.std(1),
        "ratio low/high": ratio,
        "spread of the ratio": each.std(1),
        "90th percentile of the ratio": np.percentile(each, 90, axis=1),
        "median step along the belt": np.median(gx.reshape(len(gx), -1), 1),
        "median step along the detector": np.median(gy.reshape(len(gy), -1), 1),
        "90th percentile of steps": np.percentile(gx.reshape(len(gx), -1), 90, axis=1),
        "largest step": gx.reshape(len(gx), -1).max(1),
        "steps belt / detector": np.log((gx.mean((1, 2)) + 1e-4) / (gy.mean((1, 2)) + 1e-4)),
        "median curvature (fine noise)": np.median(second.reshape(len(gx), -1), 1),
        "largest curvature (sharpness)": second.reshape(len(gx), -1).max(1),
        "curvature / step, belt": np.log((second.mean((1, 2)) + 1e-4) / (gx.mean((1, 2)) + 1e-4)),
        "curvature / step, detector": np.log((second_y.mean((1, 2)) + 1e-4) / (gy.mean((1, 2)) + 1e-4)),
        "share of level pixels": (gx < 0.01).mean((1, 2)),
        "fine noise of low / high": np.log(
            (np.abs(np.diff(low, 2, axis=2)).mean((1, 2)) + 1e-4) / (second.mean((1, 2)) + 1e-4)
        ),
        "low against high, unexplained": excess.std((1, 2)),
        "share darker than 3": (high > 3).mean((1, 2)),
    }
    return list(named), np.stack(list(named.values()), 1)


class Net(nn.Module):
    """About 20,000 weights."""

    def __init__(self):
        super().__init__()
        widths = (2, 16, 24, 32, 32)
        stages = []
        for a, b in zip(widths, widths[1:]):
            stages += [nn.Conv2d(a, b, 3, stride=1 if a == 2 else 2, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
        self.body = nn.Sequential(*stages)
        self.head = nn.Linear(widths[-1], 1)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))[:, 0]


def train_net(x, y, epochs, seed):
    torch.manual_seed(seed)
    net = Net()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.02)
    steps = epochs * (len(x) // 64)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(float((y == 0).sum() / max(1, (y == 1).sum()))))
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for k in range(len(x) // 64):
            at = order[k * 64 : (k + 1) * 64]
            batch = x[at]
            if torch.rand(1) < 0.5:
                batch = batch.flip(3)
            if torch.rand(1) < 0.5:
                batch = batch.flip(2)
            optimiser.zero_grad()
            loss(net(batch), y[at]).backward()
            optimiser.step()
            plan.step()
    return net.eval()


def logistic(x, y, xt, steps=300):
    mean, spread = x.mean(0), x.std(0) + 1e-6
    a = torch.tensor((x - mean) / spread, dtype=torch.float32).clamp(-5, 5)
    b = torch.tensor((xt - mean) / spread, dtype=torch.float32).clamp(-5, 5)
    a, b = (torch.cat([z, z**2], 1) for z in (a, b))
    torch.manual_seed(0)
    line = nn.Linear(a.shape[1], 1)
    optimiser = torch.optim.AdamW(line.parameters(), lr=0.05, weight_decay=0.01)
    for _ in range(steps):
        optimiser.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(line(a)[:, 0], y).backward()
        optimiser.step()
    return line(b)[:, 0].detach().numpy()


def tell_apart(real, simulated, rng, each=60, epochs=12):
    """AUC of a logistic model on features and of a small network, three folds by scan; single features, best first."""
    parts = [patches_of(scans, each, rng) for scans in (real, simulated)]
    x = np.concatenate([patches for patches, _ in parts])
    y = np.concatenate([np.zeros(len(parts[0][0])), np.ones(len(parts[1][0]))]).astype(np.float32)
    fold = np.concatenate([owner % FOLDS for _, owner in parts])
    names, table = features(x)
    shown = torch.tensor(np.minimum(x, 6) / 1.5 - 0.5)
    labels = torch.tensor(y)
    by_features, by_net = [], []
    for k in range(FOLDS):
        train, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        by_features.append(auc(logistic(table[train], labels[train], table[held]), y[held]))
        net = train_net(shown[train], labels[train], epochs, k)
        with torch.no_grad():
            by_net.append(auc(net(shown[held]).numpy(), y[held]))
    single = sorted(
        ((name, auc(table[:, n], y)) for n, name in enumerate(names)), key=lambda one: -abs(one[1] - 0.5)
    )
    return {
        "patches": {"real": int((y == 0).sum()), "simulated": int((y == 1).sum())},
        "features": {"auc": float(np.mean(by_features)), "folds": by_features},
        "network": {"auc": float(np.mean(by_net)), "folds": by_net},
        "single features": [
            {
                "name": name,
                "auc": value,
                "real median": float(np.median(table[y == 0, names.index(name)])),
                "simulated median": float(np.median(table[y == 1, names.index(name)])),
            }
            for name, value in single
        ],
    }
