"""Scans from `node simulator/stream.ts` processes: a given range in order, or an endless supply for training."""

import hashlib
import itertools
import json
import os
import queue
import struct
import subprocess
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "node_modules" / ".bin" / "node"
MAX_HEADER = 1 << 20
MAX_SIDE = 4096
QUEUED_SCANS = 64
RETRY_SECONDS = (2.0, 30.0)
RANGE = 100_000_000
DRAWING = ["scan.ts", "stream.ts", "random.ts", "tiers.ts", "declaration.ts", "physics/*.ts", "scene/*.ts", "goods/*.ts", "scenarios/*.ts"]


class StreamError(RuntimeError):
    pass


def read_exact(pipe, size):
    data = pipe.read(size)
    if len(data) != size:
        raise EOFError
    return data


def read_scan(pipe):
    """One record: the header's fields and `planes`, u16 [2, height, width], low then high energy (the first view)."""
    (length,) = struct.unpack("<I", read_exact(pipe, 4))
    if not 0 < length <= MAX_HEADER:
        raise StreamError(f"header of {length} bytes")
    scan = json.loads(read_exact(pipe, length))
    width, height = scan["width"], scan["height"]
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise StreamError(f"scan of {width}x{height} pixels")
    planes = np.frombuffer(read_exact(pipe, width * height * 4), "<u2").reshape(2, height, width)
    scan["planes"] = planes
    return scan


def read_company(pipe):
    """What `simulator/projection/company.ts` adds to a scan: `photons`, `electronicCounts`, `companions` with `planes` u16 [2, h, w],
    `matter` with `cells` u8 [h, w]: which of its `labels` lies there."""
    (length,) = struct.unpack("<I", read_exact(pipe, 4))
    if not 0 < length <= MAX_HEADER:
        raise StreamError(f"header of {length} bytes")
    found = json.loads(read_exact(pipe, length))
    for thing in found["companions"]:
        width, height = thing["width"], thing["height"]
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise StreamError(f"companion of {width}x{height} pixels")
        thing["planes"] = np.frombuffer(read_exact(pipe, width * height * 4), "<u2").reshape(2, height, width)
    matter = found["matter"]
    if not (0 <= matter["width"] <= MAX_SIDE and 0 <= matter["height"] <= MAX_SIDE):
        raise StreamError(f"{matter['width']}x{matter['height']} cells")
    cells = read_exact(pipe, matter["width"] * matter["height"])
    matter["cells"] = np.frombuffer(cells, np.uint8).reshape(matter["height"], matter["width"])
    return found


def stream_command(seed, start, count, options):
    """`options`: further options of the simulator's stream by name, such as {"mix": "training"}, {"benchmark": "main"} or
    {"companions": 3} (things seen alone by the same machine beside each scan, see `read_company`)."""
    program = "simulator/projection/company.ts" if "companions" in options else "simulator/stream.ts"
    command = [str(NODE), program, "--seed", str(seed), "--start", str(start), "--count", str(count)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return command


def alone(options):
    """The same options without companions."""
    return {name: value for name, value in options.items() if name != "companions"}


def open_stream(command, quiet=False):
    """Node is called directly so that ending the process ends the generator."""
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None, bufsize=1 << 20,
                            start_new_session=quiet)


def close_stream(process):
    process.terminate()
    process.stdout.close()
    process.wait()


def scans(seed, start, count, **options):
    """`count` scans, in order. Fewer only where the simulator's own list ends (a benchmark)."""
    process = open_stream(stream_command(seed, start, count, options))
    read = 0
    try:
        while read < count:
            yield read_scan(process.stdout)
            read += 1
    except EOFError:
        if "benchmark" not in options or read == 0:
            raise StreamError(f"the simulator ended early, exit code {process.wait()}") from None
    finally:
        close_stream(process)


def drawn_by(options):
    """Digest of the simulator's sources that a scan depends on."""
    digest, parts = hashlib.sha256(), [*DRAWING, *(["benchmark/*"] if "benchmark" in options else [])]
    for path in sorted(p for part in parts for p in (ROOT / "simulator").glob(part)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def scan_set(data, name):
    """The scans of a named set of the configuration."""
    chosen = data["sets"][name]
    return itertools.islice(kept_scans(data["cache"], chosen["seed"], chosen["count"], chosen["options"]), chosen.get("most"))


def kept_scans(folder, seed, count, options):
    """As `scans`, drawn once and then read from a file in `folder` while the simulator stays as it is."""
    folder = Path(folder)
    path = folder / hashlib.sha256((json.dumps(options) + f"{seed}/{count}/{drawn_by(options)}").encode()).hexdigest()[:16]
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        with open(part, "wb") as out:
            subprocess.run(stream_command(seed, 0, count, options), cwd=ROOT, stdout=out, check=True)
        part.replace(path)
    with open(path, "rb") as kept:
        while kept.peek(1):
            yield read_scan(kept)


class Supply:
    """An endless supply of fresh scans from one generator process per entry of `plan`.

    A generator is started anew every `minutes` (so that it runs the simulator as it is now) and, after a pause, when it
    fails: what is missing meanwhile comes from the replay.
    """

    def __init__(self, seed, start, plan, minutes):
        self.queue = queue.Queue(maxsize=QUEUED_SCANS)
        self.stopped = threading.Event()
        self.failure = None
        self.threads = [
            threading.Thread(target=self._pump, args=(seed + 100_000 * g, start, options, minutes), daemon=True)
            for g, options in enumerate(plan)
        ]

    def start(self):
        for thread in self.threads:
            thread.start()

    def _pump(self, seed, index, options, minutes):
        pause = RETRY_SECONDS[0]
        while not self.stopped.is_set():
            process = open_stream(stream_command(seed, index, RANGE, options), quiet=True)
            until = time.monotonic() + 60 * minutes
            try:
                while not self.stopped.is_set() and time.monotonic() < until:
                    scan = read_scan(process.stdout)
                    self._offer({**scan, **read_company(process.stdout)} if "companions" in options else scan)
                    index += 1
                    pause, self.failure = RETRY_SECONDS[0], None
            except (EOFError, StreamError, ValueError) as error:
                self.failure = error
                self.stopped.wait(pause)
                pause = min(2 * pause, RETRY_SECONDS[1])
            finally:
                close_stream(process)

    def _offer(self, scan):
        while not self.stopped.is_set():
            try:
                return self.queue.put(scan, timeout=0.5)
            except queue.Full:
                continue

    def take(self, timeout=0.0):
        """A scan, or None when none is ready within `timeout` seconds."""
        try:
            return self.queue.get(timeout=timeout) if timeout > 0 else self.queue.get_nowait()
        except queue.Empty:
            return None

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
