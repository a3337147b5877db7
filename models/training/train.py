"""Training: fresh scans, ATSS then task-aligned, AdamW with a cosine, EMA, resumable."""

import copy
import json
import math
import random
import time

import numpy as np
import torch

from batch import collate, trim
from loss import detection_loss, goods_loss
from metrics import class_ap, roc_area, rounded
from network import LynceusNet, anchor_points
from predict import predict
from stream import FreshScans, scans


POOL_BATCHES = 4


class Log:
    """One JSON object a line, to a file and to the terminal."""

    def __init__(self, path):
        self.path = path

    def __call__(self, event, **fields):
        line = json.dumps(rounded({"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "event": event, **fields}, 5))
        with open(self.path, "a") as out:
            out.write(line + "\n")
        print(line, flush=True)


class Ema:
    """Exponential moving average of weights and statistics; what is evaluated and shipped."""

    def __init__(self, model, decay):
        self.model, self.decay, self.steps = copy.deepcopy(model).eval(), decay, 0

    def update(self, model):
        self.steps += 1
        keep = min(self.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for mine, theirs in zip(self.model.state_dict().values(), model.state_dict().values()):
                if mine.dtype.is_floating_point:
                    mine.lerp_(theirs, 1 - keep)
                else:
                    mine.copy_(theirs)


class Progress:
    """How far the run is, 0..1, by scans seen or by minutes spent, whichever is further."""

    def __init__(self, settings):
        self.samples, self.minutes = settings["samples"], settings["minutes"]
        self.seen, self.fresh, self.seconds, self.steps = 0, 0, 0.0, 0

    def fraction(self):
        by_samples = self.seen / self.samples if self.samples else 0.0
        by_minutes = self.seconds / 60 / self.minutes if self.minutes else 0.0
        return min(1.0, max(by_samples, by_minutes))

    def rate(self, settings):
        warm = min(1.0, (self.steps + 1) / settings["warmupSteps"])
        return settings["learningRate"] * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.fraction())))


def make_optimizer(model, settings):
    decay = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": settings["weightDecay"]}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings["learningRate"], betas=(0.9, 0.99))


def quick_metrics(results, config):
    """mAP50 and areas for the log; intervals belong to the final evaluation."""
    found, truths = [r["found"] for r in results], results
    ap = {name: class_ap(found, truths, c) for c, name in enumerate(config["classes"])}
    area = [roc_area([r["presence"][g] for r in results], [r["shares"][g] > 0.03 for r in results]) for g in range(len(config["groups"]))]
    share = float(np.mean([np.abs(r["share"] - r["shares"]).sum() / 2 for r in results]))
    return {"map50": float(np.nanmean(list(ap.values()))), "ap50": ap, "goodsAuc": float(np.nanmean(area)), "shareError": share}


class Trainer:
    def __init__(self, config, folder):
        self.config, self.settings, self.folder = config, config["train"], folder
        torch.manual_seed(self.settings["seed"])
        torch.set_num_threads(self.settings["threads"])
        self.model = LynceusNet(config).to(memory_format=torch.channels_last)
        self.ema = Ema(self.model, self.settings["emaDecay"])
        self.optimizer = make_optimizer(self.model, self.settings)
        self.progress, self.log = Progress(self.settings), Log(folder / "log.ndjson")
        self.pool = []
        self.warm = False

    def warm_start(self, path):
        """Weights of an earlier run; the static assignment is then left out."""
        state = torch.load(path, map_location="cpu")["ema"]
        self.model.load_state_dict(state)
        self.ema.model.load_state_dict(state)
        self.warm = True

    def save(self):
        state = {
            "model": self.model.state_dict(), "ema": self.ema.model.state_dict(), "emaSteps": self.ema.steps,
            "optimizer": self.optimizer.state_dict(), "progress": vars(self.progress), "config": self.config, "warm": self.warm,
        }
        torch.save(state, self.folder / "checkpoint.tmp")
        (self.folder / "checkpoint.tmp").replace(self.folder / "checkpoint.pt")

    def resume(self):
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path, map_location="cpu")
        self.model.load_state_dict(state["model"])
        self.ema.model.load_state_dict(state["ema"])
        self.ema.steps, self.warm = state["emaSteps"], state["warm"]
        self.optimizer.load_state_dict(state["optimizer"])
        for key in ("seen", "fresh", "seconds", "steps"):
            setattr(self.progress, key, state["progress"][key])
        return True

    def step(self, batch):
        settings, weights = self.settings, self.config["loss"]
        for group in self.optimizer.param_groups:
            group["lr"] = self.progress.rate(settings)
        self.model.train()
        logits, raw, presence, share = self.model(batch["image"], settings["bfloat16"])
        static = not self.warm and self.progress.fraction() < settings["staticAssignment"]
        points, strides = anchor_points(*batch["image"].shape[2:])
        cls, box, positives = detection_loss(logits, raw, points, strides, batch, static)
        present, shared = goods_loss(presence, share, batch)
        total = weights["class"] * cls + weights["box"] * box + weights["presence"] * present + weights["share"] * shared
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings["gradientClip"])
        if torch.isfinite(norm):
            self.optimizer.step()
            self.ema.update(self.model)
        return {"class": float(cls), "box": float(box), "presence": float(present), "share": float(shared), "positives": positives, "norm": float(norm)}

    def next_items(self, source, rng):
        """A batch of scans of similar size: half of a canvas would be air otherwise. The last part of a run sees whole scans."""
        if not self.pool:
            size = self.settings["batch"]
            drawn = [source.next() for _ in range(size * POOL_BATCHES)]
            if self.progress.fraction() < self.settings["trimUntil"]:
                drawn = [trim(scan, rng) for scan in drawn]
            drawn.sort(key=lambda scan: (-(-scan["width"] // 64), scan["height"]))
            self.pool = [drawn[i : i + size] for i in range(0, len(drawn), size)]
            rng.shuffle(self.pool)
        return self.pool.pop()

    def evaluate(self, validation):
        started = time.monotonic()
        results = quick_metrics(predict(self.ema.model, validation, self.config, self.settings["bfloat16"]), self.config)
        self.log("validation", seen=self.progress.seen, minutes=self.progress.seconds / 60, took=time.monotonic() - started, **results)

    def run(self):
        settings, data, progress = self.settings, self.config["data"], self.progress
        validation = list(scans(data["seeds"]["validation"], 0, data["scans"]["validation"], data["mix"]))
        parameters = sum(p.numel() for p in self.model.parameters())
        self.log("start", parameters=parameters, seen=progress.seen, warm=self.warm, settings=settings, data=data)
        source = FreshScans(data["seeds"]["train"], progress.fresh, data["mix"], data["generators"], data["uses"], data["buffer"])
        rng, already = random.Random(settings["seed"] + progress.seen), progress.fresh
        sums, count, waited, saved, evaluated, mark = {}, 0, 0.0, time.monotonic(), progress.seen, time.monotonic()
        try:
            while progress.fraction() < 1.0:
                started = time.monotonic()
                items = self.next_items(source, rng)
                waited += time.monotonic() - started
                for key, value in self.step(collate(items, self.config, rng)).items():
                    sums[key] = sums.get(key, 0.0) + value
                count += 1
                progress.steps += 1
                progress.seen += len(items)
                progress.fresh = already + source.read
                progress.seconds += time.monotonic() - started
                if progress.steps % settings["logEverySteps"] == 0:
                    took = time.monotonic() - mark
                    self.log("train", step=progress.steps, seen=progress.seen, fresh=progress.fresh, fraction=progress.fraction(),
                             rate=progress.rate(settings), scansPerSecond=count * settings["batch"] / took, waiting=waited / took,
                             loss={k: v / count for k, v in sums.items()})
                    sums, count, waited, mark = {}, 0, 0.0, time.monotonic()
                if progress.seen - evaluated >= settings["evaluateEverySamples"]:
                    self.evaluate(validation)
                    evaluated, mark, count, sums, waited = progress.seen, time.monotonic(), 0, {}, 0.0
                if time.monotonic() - saved > settings["checkpointEverySeconds"]:
                    self.save()
                    saved = time.monotonic()
        finally:
            source.close()
            self.save()
        self.evaluate(validation)
        self.log("end", seen=progress.seen, minutes=progress.seconds / 60)
