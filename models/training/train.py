"""Training: fresh scans, ATSS then task-aligned, AdamW with a cosine, EMA, resumable."""

import copy
import json
import math
import time

import numpy as np
import torch

from feed import Feed
from grow import grown, load_package, network_of, package_state, woken
from batch import PRESENT_SHARE, matter_labels
from loss import detection_loss, goods_loss, matter_loss
from metrics import class_ap, roc_area, rounded
from network import LynceusNet, MatterHead, Mirrored, anchor_points
from predict import images, predict
from stream import alone, scan_set, scans



NORM_SCANS = 12


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
    """Exponential moving average of weights and statistics, every few steps; what is evaluated and shipped."""

    EVERY = 4

    def __init__(self, model, decay):
        self.model, self.decay, self.steps = copy.deepcopy(model).eval(), decay, 0

    def update(self, model):
        self.steps += 1
        if self.steps % self.EVERY:
            return
        keep = min(self.decay, (1 + self.steps) / (10 + self.steps)) ** self.EVERY
        with torch.no_grad():
            for mine, theirs in zip(self.model.state_dict().values(), model.state_dict().values()):
                if mine.dtype.is_floating_point:
                    mine.lerp_(theirs, 1 - keep)
                else:
                    mine.copy_(theirs)


class Progress:
    """How far the run is, 0..1, by scans seen or by minutes spent, whichever is further.

    `drawn`: where in the supply of fresh scans the run stands; a run that starts from another's checkpoint goes on behind it.
    """

    def __init__(self, settings):
        self.samples, self.minutes = settings["samples"], settings["minutes"]
        self.seen, self.fresh, self.drawn, self.seconds, self.steps = 0, 0, 0, 0.0, 0

    def fraction(self):
        by_samples = self.seen / self.samples if self.samples else 0.0
        by_minutes = self.seconds / 60 / self.minutes if self.minutes else 0.0
        return min(1.0, max(by_samples, by_minutes))

    def rate(self, settings):
        warm = min(1.0, (self.steps + 1) / settings["warmupSteps"])
        return settings["learningRate"] * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.fraction())))


def drawn_by_now(state, config):
    """Where the run of a checkpoint stood in the supply of fresh scans, 0 when that was another supply."""
    source = lambda data: (data["seed"] + data.get("revision", 0), data.get("generators"))
    same = source(state["config"]["data"]) == source(config["data"])
    return state["progress"].get("drawn", state["progress"]["fresh"]) if same else 0


class Window:
    """Means since the last line of the log."""

    def __init__(self):
        self.sums, self.count, self.scans, self.waited, self.mark = {}, 0, 0, 0.0, time.monotonic()

    def add(self, losses, scans, waited):
        for key, value in losses.items():
            self.sums[key] = self.sums.get(key, 0.0) + value
        self.count, self.scans, self.waited = self.count + 1, self.scans + scans, self.waited + waited

    def figures(self):
        took = time.monotonic() - self.mark
        return {"scansPerSecond": self.scans / took, "waiting": self.waited / took, "loss": {k: v / self.count for k, v in self.sums.items()}}


def make_optimizer(models, settings):
    parameters = [p for model in models for p in model.parameters()]
    decay = [p for p in parameters if p.ndim > 1]
    plain = [p for p in parameters if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": settings["weightDecay"]}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings["learningRate"], betas=(0.9, 0.99), foreach=True)


def quick_metrics(results, config):
    """mAP50 and areas for the log; intervals belong to the final evaluation."""
    found, truths = [r["found"] for r in results], results
    ap = {name: class_ap(found, truths, c) for c, name in enumerate(config["classes"])}
    clear = [class_ap(found, truths, c, counted=("clear",)) for c in range(len(config["classes"]))]
    area = [roc_area([r["presence"][g] for r in results], [r["shares"][g] > PRESENT_SHARE for r in results]) for g in range(len(config["groups"]))]
    share = float(np.mean([np.abs(r["share"] - r["shares"]).sum() / 2 for r in results]))
    return {"map50": float(np.nanmean(list(ap.values()))), "clear": float(np.nanmean(clear)), "ap50": ap, "goodsAuc": float(np.nanmean(area)), "shareError": share}


class Trainer:
    def __init__(self, config, folder):
        self.config, self.settings, self.folder = config, config["train"], folder
        torch.manual_seed(self.settings["seed"])
        torch.set_num_threads(self.settings["threads"])
        self.model = LynceusNet(config).to(memory_format=torch.channels_last)
        self.matter = MatterHead(config["network"]["widths"], len(matter_labels(config))).to(memory_format=torch.channels_last)
        self.ema, self.matter_ema = (Ema(model, self.settings["emaDecay"]) for model in (self.model, self.matter))
        self.optimizer = make_optimizer([self.model, self.matter], self.settings)
        self.progress, self.log = Progress(self.settings), Log(folder / "log.ndjson")
        self.pool = []
        self.warm = False

    def warm_start(self, paths):
        """Weights of an earlier checkpoint (one file) or of shipped packages (folders), grown to this network.

        The static assignment is then left out.
        """
        if paths[0].is_file():
            state = torch.load(paths[0], map_location="cpu")
            self.progress.drawn = drawn_by_now(state, self.config)
            self.take_matter(state.get("matterEma", {}))
            state, old = state["ema"], state["config"]
        else:
            state, old = self.unpacked(paths)
        fresh = grown(state, old, self.config, self.model.state_dict())
        self.log("woken", channels=woken(fresh))
        self.model.load_state_dict(fresh)
        self.ema.model.load_state_dict(fresh)
        self.warm = True

    def take_matter(self, kept):
        """A head for matter that was trained before, where it is of this shape; else it starts anew."""
        own = self.matter.state_dict()
        same = kept.keys() == own.keys() and all(kept[name].shape == own[name].shape for name in own)
        self.log("matter", taken=same)
        for head in (self.matter, self.matter_ema.model) if same else ():
            head.load_state_dict(kept)

    def unpacked(self, folders):
        """State and configuration of the network that the packages were made from; their head for matter is taken."""
        found, known = package_state(folders)
        network = network_of(found)
        old = {**self.config, **known, "network": network}
        net, data = LynceusNet(old), self.config["data"]
        matter = MatterHead(network["widths"], len(found["matter.leave.weight"])) if "matter.leave.weight" in found else None
        sample = list(scans(data["seed"], 0, NORM_SCANS, **alone(data["generators"][0])))
        load_package(Mirrored(net, 1, matter), found, images(sample, self.config))
        self.take_matter(matter.state_dict() if matter is not None else {})
        return net.state_dict(), old

    def save(self):
        state = {
            "model": self.model.state_dict(), "matter": self.matter.state_dict(), "ema": self.ema.model.state_dict(),
            "matterEma": self.matter_ema.model.state_dict(), "emaSteps": self.ema.steps,
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
        self.matter.load_state_dict(state["matter"])
        self.ema.model.load_state_dict(state["ema"])
        self.matter_ema.model.load_state_dict(state["matterEma"])
        self.ema.steps = self.matter_ema.steps = state["emaSteps"]
        self.warm = state["warm"]
        self.optimizer.load_state_dict(state["optimizer"])
        for key in ("seen", "fresh", "drawn", "seconds", "steps"):
            setattr(self.progress, key, state["progress"][key])
        return True

    def step(self, batch):
        settings, weights = self.settings, self.config["loss"]
        for group in self.optimizer.param_groups:
            group["lr"] = self.progress.rate(settings)
        self.model.train()
        front = batch["front"].float()
        logits, raw, presence, share, told = self.model.trunk_and(self.matter, front, batch["high"], settings["bfloat16"])
        static = not self.warm and self.progress.fraction() < settings["staticAssignment"]
        points, strides = anchor_points(*[2 * side for side in front.shape[2:]])
        cls, box, positives = detection_loss(logits, raw, points, strides, batch, static)
        present, shared = goods_loss(presence, share, batch)
        lies = matter_loss(told, batch["matter"], len(self.config["groups"]), len(self.config["classes"]))
        total = weights["matter"] * lies + weights["class"] * cls + weights["box"] * box + weights["presence"] * present + weights["share"] * shared
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_([*self.model.parameters(), *self.matter.parameters()], settings["gradientClip"])
        if torch.isfinite(norm):
            self.optimizer.step()
            self.ema.update(self.model)
            self.matter_ema.update(self.matter)
        return {"class": float(cls), "box": float(box), "presence": float(present), "share": float(shared), "matter": float(lies), "positives": positives, "norm": float(norm)}

    def evaluate(self, validation):
        started = time.monotonic()
        results = quick_metrics(predict(self.ema.model, validation, self.config, self.settings["bfloat16"]), self.config)
        self.log("validation", seen=self.progress.seen, minutes=self.progress.seconds / 60, took=time.monotonic() - started, **results)

    def run(self):
        settings, data, progress = self.settings, self.config["data"], self.progress
        validation = list(scan_set(data, "validation"))
        parameters = sum(p.numel() for p in self.model.parameters())
        self.log("start", parameters=parameters, seen=progress.seen, warm=self.warm, settings=settings, data=data)
        (self.folder / "config.json").write_text(json.dumps(self.config))
        feed = Feed(self.folder / "config.json", progress.drawn, settings["seed"] + progress.steps)
        feed.start()
        try:
            self.steps(feed, validation)
        finally:
            feed.stop()
            self.save()
        self.evaluate(validation)
        self.log("end", seen=progress.seen, minutes=progress.seconds / 60)

    def steps(self, feed, validation):
        settings, progress, fresh, drawn = self.settings, self.progress, self.progress.fresh, self.progress.drawn
        window, saved, evaluated = Window(), time.monotonic(), progress.seen
        while progress.fraction() < 1.0:
            started = time.monotonic()
            batch = feed.next()
            waited = time.monotonic() - started
            window.add(self.step(batch), len(batch["labels"]), waited)
            progress.steps += 1
            progress.seen += len(batch["labels"])
            progress.fresh, progress.drawn = fresh + feed.fresh, drawn + feed.fresh
            progress.seconds += time.monotonic() - started
            if progress.steps % settings["logEverySteps"] == 0:
                self.log("train", step=progress.steps, seen=progress.seen, fresh=progress.fresh, kept=feed.kept,
                         fraction=progress.fraction(), rate=progress.rate(settings), **window.figures())
                window = Window()
            if progress.seen - evaluated >= settings["evaluateEverySamples"]:
                self.evaluate(validation)
                evaluated, window = progress.seen, Window()
            if time.monotonic() - saved > settings["checkpointEverySeconds"]:
                self.save()
                saved = time.monotonic()
