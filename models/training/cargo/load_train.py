"""Training of the load network: one process, one thread, from `runs/cargo/data`, resumable by epoch."""

import json
import time

import numpy as np
import torch
import torch.nn.functional as F

from load_augment import augment
from load_network import COLUMNS, LoadNet


def column_truth(batch):
    """Inside mask and fill of each image column from the profile over the inside."""
    n, bins = batch["profile"].shape
    centres = (torch.arange(COLUMNS) + 0.5) / COLUMNS
    left, right = batch["inside"][:, :1], batch["inside"][:, 1:]
    place = (centres[None] - left) / (right - left).clamp(min=1e-3)
    half = 0.5 / COLUMNS / (right - left).clamp(min=1e-3)
    mask = ((place + half).clamp(0, 1) - (place - half).clamp(0, 1)) / (2 * half)
    index = (place * bins).long().clamp(0, bins - 1)
    return mask, batch["profile"].gather(1, index)


def losses(net, batch, weights):
    logits, profile, mask, fill = net(batch["input"])
    true_mask, true_fill = column_truth(batch)
    parts = {
        "state": F.cross_entropy(logits, batch["state"], label_smoothing=0.02),
        "profile": (profile - batch["profile"]).abs().mean(),
        "mask": F.binary_cross_entropy(mask.clamp(1e-5, 1 - 1e-5), true_mask),
        "column": ((fill - true_fill).abs() * true_mask).sum() / true_mask.sum(),
    }
    return sum(weights[name] * value for name, value in parts.items()), parts


def batch_of(data, index, rng=None):
    """Tensors of some scans; with `rng`, mirrored and changed as stations and operators change them."""
    image = torch.from_numpy(data["input"][index].astype(np.float32))[:, None]
    batch = {"input": image, "state": torch.from_numpy(data["state"][index]),
             "profile": torch.from_numpy(data["profile"][index]), "inside": torch.from_numpy(data["inside"][index])}
    if rng is None:
        return batch
    turned = torch.from_numpy(rng.random(len(index)) < 0.5)
    batch["input"] = torch.where(turned[:, None, None, None], image.flip(3), image)
    batch["profile"] = torch.where(turned[:, None], batch["profile"].flip(1), batch["profile"])
    batch["inside"] = torch.where(turned[:, None], 1 - batch["inside"].flip(1), batch["inside"])
    batch["input"] = augment(batch["input"].clone(), rng)
    return batch


def predict(net, data, size=64):
    """State logits and profiles of a whole set."""
    net.eval()
    logits, profiles = [], []
    with torch.no_grad():
        for at in range(0, len(data["state"]), size):
            image = torch.from_numpy(data["input"][at : at + size].astype(np.float32))[:, None]
            state, profile, _, _ = net(image)
            logits.append(state)
            profiles.append(profile)
    return torch.cat(logits).numpy(), torch.cat(profiles).numpy()


def validate(net, data):
    logits, profiles = predict(net, data)
    right = logits.argmax(1) == data["state"]
    return {"balancedAccuracy": float(np.mean([right[data["state"] == s].mean() for s in np.unique(data["state"])])),
            "profileError": float(np.abs(profiles - data["profile"]).mean())}


def train(config, data, validation, folder, resume):
    """The trained network; `checkpoint.pt` and `log.ndjson` in `folder` after each epoch."""
    settings = config["train"]
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(settings["seed"])
    net = LoadNet(config["profileBins"])
    optimiser = torch.optim.AdamW(net.parameters(), lr=settings["rate"], weight_decay=settings["decay"])
    checkpoint, log = folder / "checkpoint.pt", folder / "log.ndjson"
    epoch = 0
    if resume and checkpoint.exists():
        saved = torch.load(checkpoint)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        epoch = saved["epoch"]
    else:
        log.write_text("")
    count, size = len(data["state"]), settings["batch"]
    steps = max(1, count // size)
    while epoch < settings["epochs"]:
        rng = np.random.default_rng(settings["seed"] * 1000 + epoch)
        order = rng.permutation(count)
        net.train()
        sums, started = {}, time.time()
        for step in range(steps):
            progress = (epoch + step / steps) / settings["epochs"]
            warm = min(1.0, (epoch * steps + step + 1) / 60)
            for group in optimiser.param_groups:
                group["lr"] = settings["rate"] * warm * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * progress)))
            total, parts = losses(net, batch_of(data, order[step * size : (step + 1) * size], rng), config["loss"])
            optimiser.zero_grad()
            total.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + float(value)
        epoch += 1
        entry = {"epoch": epoch, "seconds": round(time.time() - started, 1), **{k: round(v / steps, 5) for k, v in sums.items()}, **validate(net, validation)}
        with log.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        print(json.dumps(entry), flush=True)
        torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "epoch": epoch}, checkpoint)
    net.eval()
    return net
