"""The embedding head: trained last, on features of the frozen backbone that are computed once and kept.

A parcel is seen `views` times: as it is, as the simulator lays it on the belt again (turned, moved, packed anew), and changed
as an image (turned by any angle, cut, partly mirrored, other noise and spectrum). Views of one parcel are drawn together, parcels apart (InfoNCE), and parcels
with goods of the same groups less far apart than others.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from augment import Augmenter
from batch import matter_labels, sample_of, stack
from embedding_head import EmbeddingHead
from metrics import rounded
from network import LynceusNet, MatterHead
from stream import alone, kept_scans, scan_set

BATCH, CANVAS = 8, 640
# Of a parcel that is searched for: as it is, turned and moved twice, packed anew. In training it is packed anew more often.
SEARCHED, LEARNT = (0, 1, 2, 3), (0, 1, 3, 6, 9)
PAIRS = 256
GOODS_WEIGHT, GOODS_TEMPERATURE = 0.3, 0.2
SAME_FALSE_MATCHES = 1e-4
ALIKE_SHARE = 0.8


def rotated(image, degrees):
    """Turned about its middle on a canvas that holds all of it, air outside."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    height, width = image.shape[1:]
    tall, wide = math.ceil(abs(height * cos) + abs(width * sin)), math.ceil(abs(width * cos) + abs(height * sin))
    matrix = torch.tensor([[cos * wide / width, -sin * tall / width, 0.0], [sin * wide / height, cos * tall / height, 0.0]])[None]
    grid = F.affine_grid(matrix, (1, 2, tall, wide), align_corners=False)
    attenuation = 1 - torch.from_numpy(np.ascontiguousarray(image))[None]
    return 1 - F.grid_sample(attenuation, grid, align_corners=False)[0].numpy()


def repacked(image, rng):
    """A part of the picture mirrored in place: some of the contents lie otherwise."""
    height, width = image.shape[1:]
    h, w = int(height * rng.uniform(0.2, 0.5)), int(width * rng.uniform(0.2, 0.5))
    y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    part = image[:, y : y + h, x : x + w]
    image = image.copy()
    image[:, y : y + h, x : x + w] = part[:, ::-1, ::-1] if rng.random() < 0.5 else part[:, :, ::-1]
    return image


def again(sample, augmenter):
    """The parcel of `sample` scanned once more: an item for `batch.stack`."""
    rng = augmenter.rng
    image, boxes, ignored = augmenter.crop(sample)
    if rng.random() < 0.5:
        image = repacked(image, rng)
    image, boxes = augmenter.turn(image, boxes)
    if rng.random() < 0.7:
        image = rotated(image, rng.uniform(0, 360))
    image = augmenter.noise(augmenter.spectrum(image))
    return {**sample, "image": np.ascontiguousarray(image), "boxes": boxes[:0], "labels": sample["labels"][:0], "ignored": ignored[:0]}


def as_is(sample):
    image = sample["planes"].astype(np.float32) / np.float32(sample["airLevel"])
    return {**sample, "image": image, "boxes": sample["boxes"][:0], "labels": sample["labels"][:0], "ignored": sample["ignored"][:0]}


class Pooling:
    """Pooled features of many items, in batches of similar size; `put(row, view, item)` in any order, then `result()`. `net`: see `frozen`."""

    def __init__(self, net, config, count, views):
        self.net, self.autocast = net, config["train"]["bfloat16"]
        self.canvas, self.items = {**config, "canvas": {"height": CANVAS, "width": CANVAS}}, []
        self.out = np.zeros((count, views, EmbeddingHead.inputs(config)), np.float32)

    def put(self, row, view, item):
        self.items.append((row, view, item))
        if len(self.items) >= 16 * BATCH:
            self.flush()

    def flush(self):
        self.items.sort(key=lambda entry: entry[2]["image"].size)
        for start in range(0, len(self.items), BATCH):
            part = self.items[start : start + BATCH]
            with torch.no_grad():
                net, matter = self.net
                front, high = net.front(torch.from_numpy(stack([entry[2] for entry in part], self.canvas)["image"]))
                pooled = EmbeddingHead.pooled(net, matter, front.contiguous(memory_format=torch.channels_last), high, self.autocast).numpy()
            for (row, view, _), vector in zip(part, pooled):
                self.out[row, view] = vector
        self.items.clear()

    def result(self):
        self.flush()
        return torch.from_numpy(self.out)


def taken(config, seed, count, takes):
    """Of each take the scans of the same parcels: what the simulator lays on the belt again, and in every third take packs again."""
    options = alone(config["data"]["generators"][0])
    return [kept_scans(config["data"]["cache"], seed, count, {**options, "take": take}) for take in takes]


def features_of_takes(net, config, seed, count, takes, changed=0):
    """Pooled features [N, takes + changed, P] and shares [N, G]; `changed`: further views of the first take, changed as images."""
    augmenter, shares = Augmenter(config, seed), []
    pooling = Pooling(net, config, count, len(takes) + changed)
    for row, scans in enumerate(zip(*taken(config, seed, count, takes))):
        samples = [sample_of(scan, config) for scan in scans]
        shares.append(samples[0]["shares"])
        for view, sample in enumerate(samples):
            pooling.put(row, view, as_is(sample))
        for view in range(changed):
            pooling.put(row, len(takes) + view, again(samples[0], augmenter))
    return pooling.result(), torch.from_numpy(np.stack(shares))


def features_of_set(net, config, name, views):
    """The same of a set of single scans: view 0 as it is, the others changed as images."""
    augmenter, shares = Augmenter(config, config["embedding"]["seed"]), []
    pooling = Pooling(net, config, config["data"]["sets"][name]["count"], views)
    for row, scan in enumerate(scan_set(config["data"], name)):
        sample = sample_of(scan, config)
        shares.append(sample["shares"])
        for view in range(views):
            pooling.put(row, view, again(sample, augmenter) if view else as_is(sample))
    return pooling.result(), torch.from_numpy(np.stack(shares))


def overlap(shares):
    """Share of the mass that two parcels have in the same groups [N, N]."""
    return torch.minimum(shares[:, None], shares[None]).sum(-1)


def head_loss(head, pooled, shares, temperature, generator):
    """InfoNCE over two views of each parcel, and goods overlap as a soft target among different parcels."""
    count, views, _ = pooled.shape
    order = torch.rand(count, views, generator=generator).argsort(1)
    rows = torch.arange(count)
    first, second = head(pooled[rows, order[:, 0]]), head(pooled[rows, order[:, 1]])
    cosine = first @ second.T
    same = F.cross_entropy(cosine / temperature, rows) + F.cross_entropy(cosine.T / temperature, rows)
    apart = torch.eye(count, dtype=torch.bool)
    target = torch.softmax((overlap(shares) / GOODS_TEMPERATURE).masked_fill(apart, -1e9), 1)
    claimed = torch.log_softmax((cosine / GOODS_TEMPERATURE).masked_fill(apart, -1e9), 1)
    return same / 2 - GOODS_WEIGHT * (target * claimed.masked_fill(apart, 0)).sum(1).mean()


def searches(head, pooled, shares):
    """Queries are other takes of the parcels (views from 1; the last is packed anew), the gallery holds the first of each."""
    with torch.no_grad():
        vectors = head(pooled.flatten(0, 1)).unflatten(0, pooled.shape[:2])
    gallery, count = vectors[:, 0], len(vectors)
    cosine = torch.einsum("nvd,md->nvm", vectors[:, 1:], gallery)
    first = (cosine.argmax(-1) == torch.arange(count)[:, None]).float()
    others = (gallery @ gallery.T).masked_fill(torch.eye(count, dtype=torch.bool), -2)
    near = others.topk(min(5, count - 1), 1).indices
    kind = shares.argmax(1)
    typed = (kind[near] == kind[:, None]).any(1).float()
    goods = overlap(shares).gather(1, near)[:, 0]
    low, high = interval_of(first.mean(1))
    kind_low, kind_high = interval_of(typed)
    lying, packed = first[:, :-1].flatten(), first[:, -1]
    figures = {
        "re-scan of the same parcel (turned and moved, or packed anew) found first":
            {"scans": int(first.numel()), "share": float(first.mean()), "text": f"**{float(first.mean()):.3f}** ({low:.3f}-{high:.3f}) among {count}"},
        "… turned and moved": {"scans": len(lying), "share": float(lying.mean()), "text": f"{float(lying.mean()):.3f}"},
        "… packed anew": {"scans": len(packed), "share": float(packed.mean()), "text": f"{float(packed.mean()):.3f}"},
        "parcel of the same kind (largest goods group) in the top 5":
            {"scans": count, "share": float(typed.mean()), "text": f"**{float(typed.mean()):.3f}** ({kind_low:.3f}-{kind_high:.3f})"},
        "goods in common with the nearest other parcel": {"scans": count, "share": float(goods.mean()), "text": f"{float(goods.mean()):.3f} of the mass"},
    }
    return figures, cosines(cosine, others, kind)


def interval_of(values, rounds=400):
    rng = np.random.default_rng(7)
    values = values.numpy()
    return np.percentile([values[rng.integers(0, len(values), len(values))].mean() for _ in range(rounds)], [2.5, 97.5])


def cosines(rescans, others, kind):
    """`same`: at most SAME_FALSE_MATCHES of unlike pairs are nearer. `alike`: from here on ALIKE_SHARE of the pairs are of one kind."""
    pairs = others[others > -1.5]
    same = float(torch.quantile(pairs[torch.randperm(len(pairs), generator=torch.Generator().manual_seed(7))[:1_000_000]], 1 - SAME_FALSE_MATCHES))
    of_kind = (kind[:, None] == kind[None])[others > -1.5]
    order = pairs.argsort(descending=True)
    right = torch.cumsum(of_kind[order].float(), 0) / torch.arange(1, len(order) + 1)
    enough = torch.nonzero(right >= ALIKE_SHARE)
    alike = float(pairs[order[int(enough[-1])]]) if len(enough) else same
    same = min(max(same, 0.0), 1.0)
    return {"same": round(same, 4), "alike": round(min(max(alike, 0.0), same), 4)}


def frozen(config, folder):
    """The network and its head for matter, of the newest checkpoint."""
    state = torch.load(folder / "checkpoint.pt", map_location="cpu")
    net = LynceusNet(config).to(memory_format=torch.channels_last)
    matter = MatterHead(config["network"]["widths"], len(matter_labels(config))).to(memory_format=torch.channels_last)
    net.load_state_dict(state["ema"])
    matter.load_state_dict(state["matterEma"])
    return net.eval(), matter.eval()


def train_head(config, folder, log):
    """Trains the head for the newest checkpoint and keeps it, with its figures, as embedding.pt."""
    settings = config["embedding"]
    torch.set_num_threads(config["train"]["threads"])
    net = frozen(config, folder)
    parcels = features_of_takes(net, config, settings["seed"], settings["scans"], LEARNT, settings["views"] - len(LEARNT))
    singles = features_of_set(net, config, "calibration", settings["views"])
    pooled, shares = (torch.cat(pair) for pair in zip(parcels, singles))
    torch.manual_seed(settings["seed"])
    generator = torch.Generator().manual_seed(settings["seed"])
    head = EmbeddingHead(config)
    optimizer = torch.optim.AdamW(head.parameters(), lr=settings["learningRate"], weight_decay=0.05)
    spread = settings["noise"] * pooled.flatten(0, 1).std(0)
    steps = settings["epochs"] * max(1, len(pooled) // PAIRS)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        chosen = torch.randperm(len(pooled), generator=generator)[:PAIRS]
        seen = pooled[chosen] + spread * torch.randn(len(chosen), *pooled.shape[1:], generator=generator)
        loss = head_loss(head.train(), seen, shares[chosen], settings["temperature"], generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % max(1, steps // 10) == 0:
            log("embedding", step=step, loss=float(loss))
    pooled, shares = features_of_takes(net, config, settings["seed"] + 1, settings["gallery"], SEARCHED)
    figures, near = searches(head.eval(), pooled, shares)
    nearness = {"sets": {"holdout": {"searches": rounded(figures)}}, "cosines": near}
    log("embedding", **nearness)
    torch.save({"head": head.state_dict(), "nearness": nearness}, folder / "embedding.pt")


def load_head(folder, config):
    """The trained head, or None where there is none, and its figures; ValueError where it goes by other features."""
    path = folder / "embedding.pt"
    if not path.exists():
        return None, {}
    state = torch.load(path, map_location="cpu")
    if len(state["head"]["norm.running_mean"]) != EmbeddingHead.inputs(config):
        raise ValueError("the embedding was fitted to other features: run --stage embed again")
    head = EmbeddingHead(config)
    head.load_state_dict(state["head"])
    return head.eval(), state["nearness"]
