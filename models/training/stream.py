"""Fresh scans from `node simulator/stream.ts` processes, read by threads, padded with air.

Nothing is stored: each scan is seen `uses` times (normally once) and forgotten.
"""

import json
import queue
import random
import struct
import subprocess
import threading
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "node_modules" / ".bin" / "node"
MAX_HEADER = 1 << 20
MAX_SIDE = 4096


class StreamError(RuntimeError):
    pass


def read_exact(pipe, size):
    data = pipe.read(size)
    if len(data) != size:
        raise EOFError
    return data


def read_scan(pipe):
    """One scan of the stream as a dict with `planes` u16 [2, H, W]; EOFError at the end."""
    (size,) = struct.unpack("<I", read_exact(pipe, 4))
    if size > MAX_HEADER:
        raise StreamError(f"header of {size} bytes: the stream is out of step")
    scan = json.loads(read_exact(pipe, size))
    width, height = scan["width"], scan["height"]
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise StreamError(f"absurd size {width}x{height}")
    planes = np.frombuffer(read_exact(pipe, width * height * 4), "<u2").reshape(2, height, width)
    scan["planes"] = planes
    return scan


def open_stream(seed, start, count, mix):
    """Starts one generator. Node is called directly so that ending the process ends the generator."""
    command = [str(NODE), "simulator/stream.ts", "--seed", str(seed), "--start", str(start), "--count", str(count), "--mix", mix]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, bufsize=1 << 20)


def scans(seed, start, count, mix):
    """`count` scans, in order."""
    process = open_stream(seed, start, count, mix)
    try:
        for _ in range(count):
            yield read_scan(process.stdout)
    except EOFError:
        raise StreamError(f"the simulator ended early, exit code {process.wait()}") from None
    finally:
        process.stdout.close()
        process.terminate()
        process.wait()


class FreshScans:
    """An endless shuffled supply for training: `generators` processes, each with indices of its own."""

    def __init__(self, seed, start, mix, generators, uses, buffer):
        self.queue = queue.Queue(maxsize=32)
        self.random = random.Random(seed + start)
        self.buffer, self.capacity, self.uses = [], buffer, uses
        self.stopped = threading.Event()
        self.failure = None
        self.read = 0
        self.processes = [open_stream(seed + 100_000 * g, start, 100_000_000, mix) for g in range(generators)]
        self.threads = [threading.Thread(target=self._pump, args=(p,), daemon=True) for p in self.processes]
        for thread in self.threads:
            thread.start()

    def _pump(self, process):
        try:
            while not self.stopped.is_set():
                self.queue.put(read_scan(process.stdout))
        except (EOFError, StreamError, ValueError) as error:
            if not self.stopped.is_set():
                self.failure = error

    def _fresh(self):
        while True:
            try:
                scan = self.queue.get(timeout=20)
                self.read += 1
                return scan
            except queue.Empty:
                if self.failure is not None or all(p.poll() is not None for p in self.processes):
                    raise StreamError(f"the simulator stopped: {self.failure!r}") from None

    def next(self):
        """One scan. With uses > 1 a scan comes back after about buffer/uses others."""
        if self.uses <= 1:
            return self._fresh()
        while len(self.buffer) < self.capacity and (not self.buffer or not self.queue.empty()):
            self.buffer.append([self._fresh(), self.uses])
        at = self.random.randrange(len(self.buffer))
        entry = self.buffer[at]
        entry[1] -= 1
        if entry[1] <= 0:
            self.buffer[at] = self.buffer[-1]
            self.buffer.pop()
        return entry[0]

    def close(self):
        self.stopped.set()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            while True:
                try:
                    process.wait(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    while not self.queue.empty():
                        self.queue.get_nowait()
