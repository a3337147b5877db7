"""The feeding process: fresh scans, replay, augmentation, batches and the network's front end, beside the training step.

    python3 models/training/feed.py CONFIG.json START SEED

Batches go to stdout: u32 LE length, a header as JSON (`arrays`: name -> dtype and shape; `fresh`; `kept`), then the arrays.
Ends when the reader closes the pipe.
"""

import json
import os
import queue
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import torch

from augment import Augmenter
from batch import sample_of, stack
from network import FrontEnd
from replay import Replay, fresh_share
from stream import MAX_HEADER, Supply, read_exact

POOL_BATCHES = 8
QUEUED_BATCHES = 4
FIRST_SCAN_SECONDS, PATIENCE_SECONDS = 60.0, 2.0


class Feeder:
    """Makes batches; `start` is the index of the first fresh scan."""

    def __init__(self, config, start, seed):
        self.config, self.settings, self.size = config, config["data"], config["train"]["batch"]
        self.rng = np.random.default_rng(seed)
        self.replay = Replay(self.settings["replayMegabytes"], self.rng)
        self.augment = Augmenter(config, seed + 1)
        self.supply = Supply(self.settings["seed"] + self.settings["revision"], start, self.settings["generators"], self.settings["restartMinutes"])
        wanted = self.settings["wanted"]
        self.wanted = [*(wanted["targets"][name] for name in config["classes"]), wanted["none"]]
        self.front, self.pool, self.fresh = FrontEnd(), [], 0

    def sample(self):
        """A fresh scan when one is due and ready, else a kept one. Until `leastKept` are kept, fresh ones are waited for."""
        kept = len(self.replay)
        if fresh_share(self.rng, self.replay, self.settings["leastKept"], self.settings["freshShare"]):
            scan = self.supply.take(0.0 if kept >= self.settings["leastKept"] else PATIENCE_SECONDS if kept else FIRST_SCAN_SECONDS)
            if scan is not None:
                self.replay.add(sample_of(scan, self.config))
                self.fresh += 1
                return self.replay.newest()
            if not kept:
                raise SystemExit(f"the simulator gives no scans: {self.supply.failure!r}")
        return self.replay.draw_wanted(self.wanted)

    def item(self):
        sample = self.sample()
        height, width = sample["planes"].shape[1:]
        clean = self.replay.draw_clean(height - 8, width - 8) if self.augment.chance("overlayChance") else None
        return self.augment(sample, clean)

    def batch(self):
        """Samples of similar size together: half of a canvas would be air otherwise."""
        if not self.pool:
            drawn = [self.item() for _ in range(self.size * POOL_BATCHES)]
            drawn.sort(key=lambda item: (-(-item["image"].shape[2] // 64), item["image"].shape[1]))
            self.pool = [drawn[i : i + self.size] for i in range(0, len(drawn), self.size)]
            self.rng.shuffle(self.pool)
        batch = stack(self.pool.pop(), self.config)
        with torch.no_grad():
            front, high = self.front(torch.from_numpy(batch.pop("image")))
        batch["front"] = front.permute(0, 2, 3, 1).contiguous().half().numpy()
        batch["high"] = high.numpy()
        return batch


def write_batch(pipe, batch, fresh, kept):
    arrays = {name: [value.dtype.str, list(value.shape)] for name, value in batch.items()}
    header = json.dumps({"arrays": arrays, "fresh": fresh, "kept": kept}).encode()
    pipe.write(struct.pack("<I", len(header)) + header)
    for value in batch.values():
        pipe.write(np.ascontiguousarray(value).data)
    pipe.flush()


def read_batch(pipe):
    (length,) = struct.unpack("<I", read_exact(pipe, 4))
    if not 0 < length <= MAX_HEADER:
        raise ValueError(f"header of {length} bytes")
    header, batch = json.loads(read_exact(pipe, length)), {}
    for name, (dtype, shape) in header["arrays"].items():
        dtype = np.dtype(dtype)
        data = bytearray(read_exact(pipe, int(np.prod(shape)) * dtype.itemsize))
        batch[name] = torch.from_numpy(np.frombuffer(data, dtype).reshape(shape))
    batch["front"] = batch["front"].permute(0, 3, 1, 2)
    return batch, header["fresh"], header["kept"]


class Feed:
    """The trainer's side: starts the process, reads ahead."""

    def __init__(self, config_path, start, seed):
        self.command = [sys.executable, str(Path(__file__).resolve()), str(config_path), str(start), str(seed)]
        self.queue = queue.Queue(maxsize=QUEUED_BATCHES)
        self.process, self.fresh, self.kept = None, 0, 0

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, bufsize=1 << 22)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while True:
                self.queue.put(read_batch(self.process.stdout))
        except (EOFError, ValueError) as error:
            self.queue.put(error)

    def next(self):
        got = self.queue.get()
        if isinstance(got, Exception):
            raise RuntimeError(f"the feeding process ended with code {self.process.wait()}")
        batch, self.fresh, self.kept = got
        return batch

    def stop(self):
        self.process.terminate()
        self.process.wait()


def main(config_path, start, seed):
    torch.set_num_threads(1)
    config = json.loads(Path(config_path).read_text())
    os.nice(config["train"]["feedNiceness"])
    feeder = Feeder(config, int(start), int(seed))
    feeder.supply.start()
    try:
        while True:
            write_batch(sys.stdout.buffer, feeder.batch(), feeder.fresh, len(feeder.replay))
    except BrokenPipeError:
        sys.stderr.close()
    finally:
        feeder.supply.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
