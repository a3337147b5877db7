"""Fine-tuning of the detector on kept samples: start, steps, measurement. `fine_tune.py` is the command.

The network keeps the size of the one it starts from and has the classes of the data only: what is not labelled there would
be unlearnt without anybody noticing. Goods and embedding are left as they are.
"""

import queue
import threading
import time

import numpy as np
import torch

from augment import Augmenter
from batch import stack
from decode import detections
from grow import load_package, network_of, package_state
from loss import detection_loss
from metrics import average_precision, gather, match
from network import LynceusNet, Mirrored, anchor_points
from train import Ema, Progress, Window, make_optimizer

POOL_BATCHES, QUEUED_BATCHES = 8, 4
HEADS = ("detect.classes.",)
FIRST = "backbone.stem.1.0.weight"


def started_from(paths, config):
    """(state or None, network, classes) of a checkpoint, of package folders, or of nothing (random weights)."""
    if not paths:
        return None, config["network"], []
    if paths[0].is_file():
        kept = torch.load(paths[0], map_location="cpu")
        return kept["ema"], kept["config"]["network"], kept["config"]["classes"]
    found, known = package_state(paths)
    return (found, known), network_of(found), known["classes"]


def widened(old, like):
    """The first convolution of a network whose front end gave fewer channels: the new ones are not read."""
    if old.shape[1] >= like.shape[1]:
        return old
    new = torch.zeros_like(like)
    new[:, : old.shape[1]] = old
    return new


def put_weights(net, state, config, classes, sample, stands_for=None):
    """`state` of `started_from` into `net`, whose classes may be others: rows of the class heads go by name, or by the name of what the
    class stands for; new ones stay random."""
    if state is None:
        return
    if isinstance(state, tuple):
        found, known = state
        whole = LynceusNet({**config, **known})
        load_package(whole, {**found, FIRST: widened(found[FIRST], whole.state_dict()[FIRST])}, sample)
        state = whole.state_dict()
    mine = net.state_dict()
    state = {**state, FIRST: widened(state[FIRST], mine[FIRST])}
    for name, value in mine.items():
        if name.startswith(HEADS):
            for row, name_of_row in enumerate(config["classes"]):
                wanted = (stands_for or {}).get(name_of_row, name_of_row)
                if wanted in classes:
                    value[row].copy_(state[name][classes.index(wanted)])
        elif state[name].shape == value.shape:
            value.copy_(state[name])
    net.load_state_dict(mine)


class Mixer:
    """Endless batches: samples of the own data, and a share of other samples (projected threats, simulated scans)."""

    def __init__(self, own, others, share, config, seed):
        self.own, self.others, self.share, self.config = own, others, share if others else 0.0, config
        self.rng, self.size = np.random.default_rng(seed), config["train"]["batch"]
        self.augment = {id(own): Augmenter(config, seed + 1), id(others): Augmenter({**config, "augment": config["augmentOthers"]}, seed + 2)}
        self.order, self.pool = [], []

    def sample(self):
        """Own samples in shuffled rounds, so that each is seen equally often; others at random."""
        if self.rng.random() < self.share:
            return self.augment[id(self.others)](self.others[self.rng.integers(0, len(self.others))])
        if not self.order:
            self.order = self.rng.permutation(len(self.own)).tolist()
        return self.augment[id(self.own)](self.own[self.order.pop()])

    def batch(self):
        if not self.pool:
            drawn = [self.sample() for _ in range(self.size * POOL_BATCHES)]
            drawn.sort(key=lambda item: (-(-item["image"].shape[2] // 64), item["image"].shape[1]))
            self.pool = [drawn[i : i + self.size] for i in range(0, len(drawn), self.size)]
            self.rng.shuffle(self.pool)
        return {name: torch.from_numpy(value) for name, value in stack(self.pool.pop(), self.config).items()}


class Ahead:
    """Batches of a mixer made by a thread beside the training step; the same order always."""

    def __init__(self, mixer):
        self.mixer, self.queue, self.over = mixer, queue.Queue(maxsize=QUEUED_BATCHES), threading.Event()

    def start(self):
        self.thread = threading.Thread(target=self._make, daemon=True)
        self.thread.start()

    def _make(self):
        try:
            while not self.over.is_set():
                self._offer(self.mixer.batch())
        except Exception as error:  # handed on: the step raises it
            self._offer(error)

    def _offer(self, item):
        while not self.over.is_set():
            try:
                return self.queue.put(item, timeout=0.5)
            except queue.Full:
                continue

    def next(self):
        got = self.queue.get()
        if isinstance(got, Exception):
            raise got
        return got

    def stop(self):
        self.over.set()
        self.thread.join()


def predicted(net, samples, config, mirrors, size=8):
    """Per sample what the metrics want: detections and truth, in order."""
    whole, results = Mirrored(net, mirrors).eval(), [None] * len(samples)
    by_size = {}
    for at, sample in enumerate(samples):
        height, width = (-(-side // 32) * 32 for side in sample["planes"].shape[1:])
        by_size.setdefault((height, width), []).append(at)
    for group in by_size.values():
        for start in range(0, len(group), size):
            some = group[start : start + size]
            images = [{**samples[i], "image": samples[i]["planes"].astype(np.float32) / np.float32(samples[i]["airLevel"])} for i in some]
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=config["train"]["bfloat16"]):
                logits, raw = whole.detect(torch.from_numpy(stack(images, config)["image"]))
            found = detections([t.float() for t in logits], [t.float() for t in raw], config["decode"])
            for i, each in zip(some, found):
                tiers = np.where(samples[i]["ignored"], "hidden", "clear")
                results[i] = {"found": each, "boxes": samples[i]["boxes"], "labels": samples[i]["labels"], "tiers": tiers}
    return results


def mean_ap(results, config, picks=None, limit=0.5):
    """Mean over the classes that occur."""
    values = [average_precision(*gather([match(r["found"], r, c, limit) for r in results], picks)) for c in range(len(config["classes"]))]
    values = [v for v in values if not np.isnan(v)]
    return float(np.mean(values)) if values else float("nan")


def spread(samples, most):
    """At most so many, evenly over the order: files that are sorted by kind would else show one kind alone."""
    count = min(most, len(samples))
    return [samples[at * len(samples) // count] for at in range(count)]


class Tuner:
    """Weights, optimiser and progress of a run; `train` goes on until its schedule ends."""

    def __init__(self, config, kinds, folder, log):
        self.asked, self.config, self.kinds = config, kinds.taught(config), kinds
        self.settings, self.folder, self.log = config["train"], folder, log
        torch.manual_seed(self.settings["seed"])
        torch.set_num_threads(self.settings["threads"])
        torch.set_flush_denormal(True)
        self.model = LynceusNet(self.config).to(memory_format=torch.channels_last)

    def start(self, state, classes, sample):
        put_weights(self.model, state, self.config, classes, sample, self.kinds.mapping)
        self.ready()

    def ready(self):
        self.ema = Ema(self.model, self.settings["emaDecay"])
        self.optimizer = make_optimizer([self.model], self.settings)
        self.progress = Progress(self.settings)

    def save(self):
        state = {"model": self.model.state_dict(), "ema": self.ema.model.state_dict(), "emaSteps": self.ema.steps,
                 "optimizer": self.optimizer.state_dict(), "progress": vars(self.progress), "config": self.config}
        torch.save(state, self.folder / "checkpoint.tmp")
        (self.folder / "checkpoint.tmp").replace(self.folder / "checkpoint.pt")

    def resume(self):
        state = torch.load(self.folder / "checkpoint.pt", map_location="cpu")
        self.model.load_state_dict(state["model"])
        self.ready()
        self.ema.model.load_state_dict(state["ema"])
        self.ema.steps = state["emaSteps"]
        self.optimizer.load_state_dict(state["optimizer"])
        for key in ("seen", "fresh", "seconds", "steps"):
            setattr(self.progress, key, state["progress"][key])

    def step(self, batch):
        for group in self.optimizer.param_groups:
            group["lr"] = self.progress.rate(self.settings)
        self.model.train()
        with torch.no_grad():
            front, _ = self.model.front(batch["image"])
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings["bfloat16"]):
            levels = self.model.neck(*self.model.backbone(front.contiguous(memory_format=torch.channels_last)))
            logits, raw = self.model.detect(levels)
        static = self.progress.fraction() < self.settings["staticAssignment"]
        points, strides = anchor_points(*batch["image"].shape[2:])
        cls, box, positives = detection_loss([t.float() for t in logits], [t.float() for t in raw], points, strides, batch, static)
        weights = self.config["loss"]
        self.optimizer.zero_grad(set_to_none=True)
        (weights["class"] * cls + weights["box"] * box).backward()
        norm = torch.nn.utils.clip_grad_norm_([p for p in self.model.parameters() if p.grad is not None], self.settings["gradientClip"])
        if torch.isfinite(norm):
            self.optimizer.step()
            self.ema.update(self.model)
        return {"class": float(cls), "box": float(box), "positives": positives, "norm": float(norm)}

    def validate(self, samples):
        samples = [self.kinds.relabelled(sample) for sample in spread(samples, self.settings["validationScans"])]
        results = predicted(self.answering(), samples, self.asked, 1)
        self.log("validation", seen=self.progress.seen, minutes=self.progress.seconds / 60, map50=mean_ap(results, self.asked), scans=len(samples))

    def answering(self):
        """The averaged weights, with the classes that are asked for."""
        return self.kinds.answering(self.ema.model)

    def train(self, own, others, validation):
        settings, progress = self.settings, self.progress
        ahead = Ahead(Mixer(own, others, settings["othersShare"], self.config, settings["seed"] + progress.steps))
        ahead.start()
        window, saved, measured = Window(), time.monotonic(), progress.fraction()
        try:
            while progress.fraction() < 1:
                began = time.monotonic()
                batch = ahead.next()
                waited = time.monotonic() - began
                window.add(self.step(batch), len(batch["labels"]), waited)
                progress.steps, progress.seen = progress.steps + 1, progress.seen + len(batch["labels"])
                progress.seconds += time.monotonic() - began
                if progress.steps % settings["logEverySteps"] == 0:
                    self.log("train", step=progress.steps, seen=progress.seen, fraction=progress.fraction(), rate=progress.rate(settings), **window.figures())
                    window = Window()
                if progress.fraction() - measured >= settings["validateEvery"] and progress.fraction() < 1:
                    self.validate(validation)
                    measured, window = progress.fraction(), Window()
                if time.monotonic() - saved > settings["checkpointEverySeconds"]:
                    self.save()
                    saved = time.monotonic()
        finally:
            ahead.stop()
            self.save()
        self.validate(validation)
