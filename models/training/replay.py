"""A ring of kept samples: generating a scan costs as much as a training step, so each is used several times, spread out."""


class Replay:
    """At most `megabytes` of samples; the oldest make room. A draw is uniform over what is kept."""

    TRIES = 4

    def __init__(self, megabytes, rng):
        self.limit, self.rng = megabytes << 20, rng
        self.items, self.sizes, self.next, self.bytes, self.last = [], [], 0, 0, None

    def __len__(self):
        return len(self.items)

    def add(self, sample):
        company = sample.get("company")
        size = sample["planes"].nbytes + sum(planes.nbytes for planes, *_ in (company["things"] if company else []))
        self.last = sample
        if self.bytes + size <= self.limit or not self.items:
            self.items.append(sample)
            self.sizes.append(size)
            self.bytes += size
            return
        self.next %= len(self.items)
        self.bytes += size - self.sizes[self.next]
        self.items[self.next], self.sizes[self.next] = sample, size
        self.next += 1
        while self.bytes > self.limit and len(self.items) > 1:
            self.bytes -= self.sizes.pop()
            self.items.pop()

    def newest(self):
        return self.last

    def draw(self):
        return self.items[self.rng.integers(0, len(self.items))]

    def draw_wanted(self, wanted):
        """As `draw`, kept with the chance that `wanted` gives its most wanted label (a chance per label, last that of a sample
        without any target that can be seen), else drawn again, at most `TRIES` times."""
        for _ in range(self.TRIES):
            sample = self.draw()
            shown = sample["labels"][~sample["ignored"]]
            if self.rng.random() < max((wanted[label] for label in shown), default=wanted[-1]):
                break
        return sample

    def draw_clean(self, height, width, tries=8):
        """A sample without targets whose body fits into height x width, or None."""
        for _ in range(tries):
            sample = self.draw()
            top, bottom, left, right = sample["body"]
            if not len(sample["labels"]) and bottom - top <= height and right - left <= width:
                return sample
        return None


def fresh_share(rng, replay, least, share):
    """Whether the next sample should be a fresh one: always until `least` are kept, then `share` of the time."""
    return len(replay) < least or rng.random() < share


