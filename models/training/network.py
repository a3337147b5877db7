"""The network: a physics front end, a residual backbone, a PAN neck, anchor-free heads and a goods head.

Input is transmission, float [B, 2, H, W], channels low and high energy, 1 = air, H and W multiples of 32.
Everything after the input, the physics included, is inside the graph, so a package needs no code of its own.
ReLU only, so that an int8 version stays possible. Few wide 3x3 convolutions are preferred over many thin ones and
concatenations: measured with bf16 on AMX, a 64-channel 3x3 convolution trains at 400 GFLOP/s and a 1x1 one at 50.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

STRIDES = (8, 16, 32)
MIN_TRANSMISSION = 1e-4
FRONT_CHANNELS = 13
BEAM_USUAL = torch.tensor([1.2, 1.19, 1.35, 2.2])


class FrontEnd(nn.Module):
    """Transmission -> 13 channels at half resolution, and the high-energy attenuation there.

    Channels: attenuation high and low, their ratio (the material), a compressed attenuation for thin things, the fine
    structure of each of the four full-resolution pixels (a blade on edge is one or two pixels wide), the ratio measured
    against the scan's own organic matter, and four figures of the whole scan that say what the machine's beam is like.

    The ratio of one material differs more between two tubes than that of sugar and of an explosive at one: behind 140 kV
    paper has 1.51 and sugar 1.26, behind 180 kV 1.29 and 1.16. What is over 1 keeps its proportions to a few per cent.
    """

    def forward(self, transmission):
        attenuation = -torch.log(torch.clamp(transmission, MIN_TRANSMISSION, 1.2))
        pooled = F.avg_pool2d(attenuation, 2)
        low, high = pooled[:, 0:1], pooled[:, 1:2]
        body = torch.relu(high)
        ratio = (low + 0.065) / (body + 0.05) - 1.3
        around = F.avg_pool2d(pooled.mean(1, keepdim=True), 3, 1, 1)
        fine = F.pixel_unshuffle(attenuation.mean(1, keepdim=True), 2) - around
        fine = 3.0 * fine / (0.15 + torch.abs(fine) + 0.2 * torch.relu(around))
        thin = torch.sqrt(body + 1e-3)
        beam = self.beam(F.avg_pool2d(pooled, 4))
        organic = torch.clamp(beam[:, 1:2] - 1.0, 0.05, 0.6)
        relative = (low - high) / (body * organic + 0.03) - 1.0
        plain = [0.5 * high, 0.5 * low, 3.0 * torch.clamp(ratio, -1.0, 2.0), thin, fine]
        scan = 4.0 * (beam - BEAM_USUAL.reshape(1, 4, 1, 1)) * torch.ones_like(high)
        return torch.cat([*plain, torch.clamp(relative, -2.0, 4.0), scan], 1), body

    @staticmethod
    def beam(pooled):
        """Low/high ratios of a scan [B, 2, h, w] -> [B, 4, 1, 1]: of what is thin, of the most organic, of all, of metal.

        Each is a ratio of sums, so that noise does not shift it; what holds little of the kind gives the usual value.
        """
        low, high = pooled[:, 0:1], pooled[:, 1:2]
        here = low / torch.clamp(high, min=0.05)
        thin = torch.clamp(high - 0.02, 0.0, 0.05) * torch.clamp(0.2 - high, 0.0, 0.05)
        middle = torch.clamp(high - 0.12, 0.0, 0.1) * torch.clamp(1.4 - high, 0.0, 0.1)
        organic = middle * torch.exp(-12.0 * torch.clamp(here - 1.1, 0.0, 1.0))
        metal = middle * torch.sigmoid(12.0 * (here - 1.75))
        weights = torch.cat([400.0 * thin, 100.0 * organic, 100.0 * middle, 100.0 * metal], 1)
        usual = BEAM_USUAL.reshape(1, 4, 1, 1)
        return ((weights * low).sum((2, 3), keepdim=True) + usual) / ((weights * high).sum((2, 3), keepdim=True) + 1.0)


class Conv(nn.Sequential):
    def __init__(self, cin, cout, kernel=3, stride=1):
        super().__init__(
            nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(cout, eps=1e-3, momentum=0.03),
            nn.ReLU(inplace=True),
        )


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = Conv(width, width), Conv(width, width)

    def forward(self, x):
        return x + self.second(self.first(x))


class Mix(nn.Module):
    """Joins two maps: concatenate, 1x1, one 3x3 around a shortcut."""

    def __init__(self, cin, cout):
        super().__init__()
        self.enter, self.body = Conv(cin, cout, 1), Conv(cout, cout)

    def forward(self, a, b):
        x = self.enter(torch.cat([a, b], 1))
        return x + self.body(x)


class Context(nn.Module):
    """Spatial pyramid pooling (three chained 5x5 max pools)."""

    def __init__(self, width):
        super().__init__()
        self.enter, self.leave = Conv(width, width // 2, 1), Conv(width * 2, width, 1)

    def forward(self, x):
        parts = [self.enter(x)]
        for _ in range(3):
            parts.append(F.max_pool2d(parts[-1], 5, 1, 2))
        return self.leave(torch.cat(parts, 1))


class Backbone(nn.Module):
    def __init__(self, stem, widths, depths):
        super().__init__()
        c3, c4, c5 = widths
        blocks = lambda width, depth: [Block(width) for _ in range(depth)]
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), Conv(4 * FRONT_CHANNELS, stem), Conv(stem, stem))
        self.stage3 = nn.Sequential(Conv(stem, c3, 3, 2), *blocks(c3, depths[0]))
        self.stage4 = nn.Sequential(Conv(c3, c4, 3, 2), *blocks(c4, depths[1]))
        self.stage5 = nn.Sequential(Conv(c4, c5, 3, 2), *blocks(c5, depths[2]), Context(c5))

    def forward(self, front):
        x3 = self.stage3(self.stem(front))
        x4 = self.stage4(x3)
        return x3, x4, self.stage5(x4)


class Neck(nn.Module):
    """Path aggregation: coarse to fine, then back."""

    def __init__(self, widths):
        super().__init__()
        c3, c4, c5 = widths
        self.up4, self.up3 = Mix(c5 + c4, c4), Mix(c4 + c3, c3)
        self.down4, self.mix4 = Conv(c3, c3, 3, 2), Mix(c3 + c4, c4)
        self.down5, self.mix5 = Conv(c4, c4, 3, 2), Mix(c4 + c5, c5)

    def forward(self, x3, x4, x5):
        p4 = self.up4(F.interpolate(x5, scale_factor=2.0), x4)
        p3 = self.up3(F.interpolate(p4, scale_factor=2.0), x3)
        p4 = self.mix4(self.down4(p3), p4)
        return p3, p4, self.mix5(self.down5(p4), x5)


class DetectionHead(nn.Module):
    """Per level: class logits [B, C, h, w] and raw distances to the left, top, right and bottom edge [B, 4, h, w]."""

    def __init__(self, widths, head, classes):
        super().__init__()
        self.enter_class = nn.ModuleList(Conv(w, head) for w in widths)
        self.enter_box = nn.ModuleList(Conv(w, head) for w in widths)
        self.classes = nn.ModuleList(nn.Conv2d(head, classes, 1) for _ in widths)
        self.boxes = nn.ModuleList(nn.Conv2d(head, 4, 1) for _ in widths)
        for layer in self.classes:
            nn.init.constant_(layer.bias, -4.6)
        for layer in self.boxes:
            nn.init.constant_(layer.bias, 1.5)

    def forward(self, levels):
        logits = [out(enter(x)) for out, enter, x in zip(self.classes, self.enter_class, levels)]
        raw = [out(enter(x)) for out, enter, x in zip(self.boxes, self.enter_box, levels)]
        return logits, raw


class GoodsHead(nn.Module):
    """Which goods groups are present (logits) and their share of the mass (sums to 1).

    Each cell of the stride-16 grid votes for a mixture of groups; its vote weighs as its attenuation times a learned
    factor. Air weighs nothing, so padding changes nothing.
    """

    def __init__(self, widths, width, groups):
        super().__init__()
        self.mix = nn.Sequential(Conv(widths[1] + widths[2], width), Conv(width, width))
        self.vote = nn.Conv2d(width, groups + 1, 1)
        self.presence = nn.Linear(2 * width, groups)
        nn.init.constant_(self.presence.bias, -1.0)

    def forward(self, x4, x5, high):
        x = self.mix(torch.cat([x4, F.interpolate(x5, scale_factor=2.0)], 1)).float()
        vote = self.vote(x)
        thickness = F.avg_pool2d(high, 8)
        weight = thickness * torch.sigmoid(vote[:, -1:]) + 1e-6
        mixture = torch.softmax(vote[:, :-1], 1)
        total = weight.sum((2, 3))
        share = (mixture * weight).sum((2, 3)) / total
        body = thickness + 1e-6
        average = (x * body).sum((2, 3)) / body.sum((2, 3))
        largest = (x * torch.clamp(10.0 * thickness, 0.0, 1.0)).amax((2, 3))
        return self.presence(torch.cat([average, largest], 1)), share


class MatterHead(nn.Module):
    """What lies at each cell of the finest level, as logits [B, labels, h, w], from the two finest levels. In training every cell of
    every scan then teaches what materials look like, not only the targets' boxes; in the packages it is what the second reading
    (`reading.py`) goes by."""

    def __init__(self, widths, labels):
        super().__init__()
        self.enter, self.body = Conv(widths[0] + widths[1], widths[0], 1), Block(widths[0])
        self.leave = nn.Conv2d(widths[0], labels, 1)

    def forward(self, levels):
        fine, coarse = levels[:2]
        return self.leave(self.body(self.enter(torch.cat([fine, F.interpolate(coarse, scale_factor=2.0)], 1))))


class LynceusNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        net = config["network"]
        widths = net["widths"]
        self.front = FrontEnd()
        self.backbone = Backbone(net["stem"], widths, net["depths"])
        self.neck = Neck(widths)
        self.detect = DetectionHead(widths, net["head"], len(config["classes"]))
        self.goods = GoodsHead(widths, net["goods"], len(config["groups"]))

    def forward(self, transmission, autocast=False):
        """Transmission [B,2,H,W] -> (logits per level, raw distances per level, presence logits, share)."""
        with torch.no_grad():
            front, high = self.front(transmission)
        return self.trunk(front.contiguous(memory_format=torch.channels_last), high, autocast)

    def trunk(self, front, high, autocast=False):
        """As `forward`, from the front end's channels and high-energy attenuation (training makes them in another process)."""
        return self.trunk_and(None, front, high, autocast)[:4]

    def trunk_and(self, matter, front, high, autocast=False):
        """As `trunk`, and fifth what the head `matter` (see `MatterHead`) makes of the levels."""
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            x3, x4, x5 = self.backbone(front)
            levels = self.neck(x3, x4, x5)
            logits, raw = self.detect(levels)
            presence, share = self.goods(x4, x5, high)
            told = matter(levels) if matter is not None else None
        return [t.float() for t in logits], [t.float() for t in raw], presence.float(), share.float(), told


MIRRORS = {1: [()], 2: [(), (3,)], 4: [(), (3,), (2,), (2, 3)]}
SWAPPED = {(): [0, 1, 2, 3], (3,): [2, 1, 0, 3], (2,): [0, 3, 2, 1], (2, 3): [2, 3, 0, 1]}


class Mirrored(nn.Module):
    """The detector asked 1, 2 or 4 times, on the scan and its mirror images; the maps are laid back over each other and averaged.

    Costs as many times the arithmetic and no training: what a budget of a second per parcel is there for. With the head for `matter`
    it also tells of the cells [B, labels + 2, h, w] what they hold, as probabilities, and their attenuation, high and low; `reading`
    and `goods` are the second readings of what is found and of the goods.
    """

    def __init__(self, net, count, matter=None, reading=None, goods=None):
        super().__init__()
        self.net, self.flips, self.matter, self.reading, self.goods = net, MIRRORS[count], matter, reading, goods

    def images(self, transmission):
        """[B, 2, H, W] -> [B * count, 2, H, W], all scans as they are first."""
        return torch.cat([torch.flip(transmission, flip) if flip else transmission for flip in self.flips])

    def averaged(self, levels, distances):
        """Maps of `images` -> one map per scan, per level; `distances`: channels are left, top, right, bottom."""
        out = []
        for level in levels:
            parts = level.chunk(len(self.flips))
            back = [torch.flip(part, flip) if flip else part for part, flip in zip(parts, self.flips)]
            if distances:
                back = [part[:, SWAPPED[flip]] if flip else part for part, flip in zip(back, self.flips)]
            out.append(sum(back) / len(back))
        return out

    def detect(self, transmission):
        """Logits and raw distances per level and, with the head for matter, the cells."""
        front, _ = self.net.front(self.images(transmission))
        levels = self.net.neck(*self.net.backbone(front))
        logits, raw = self.net.detect(levels)
        cells = [] if self.matter is None else [self.cells(self.matter(levels), front)]
        return self.averaged(logits, False), self.averaged(raw, True), *cells

    def cells(self, told, front):
        """Probabilities of what the cells hold, and their attenuation."""
        attenuation = F.avg_pool2d(2.0 * front[:, :2].float(), STRIDES[0] // 2)
        return self.averaged([torch.cat([told.float().softmax(1), attenuation], 1)], False)[0]

    def forward(self, transmission, autocast=False):
        """As the network, and the cells; presence and share are those of the scan as it is."""
        with torch.no_grad():
            front, high = self.net.front(self.images(transmission))
        logits, raw, presence, share, told = self.net.trunk_and(self.matter, front.contiguous(memory_format=torch.channels_last), high, autocast)
        whole, more = transmission.shape[0], [] if told is None else [self.cells(told, front)]
        presence, share = presence[:whole], share[:whole].float()
        if self.goods is not None:
            with torch.no_grad():
                presence = self.goods(presence, share, told[:whole].float().softmax(1), high[:whole])
        return self.averaged(logits, False), self.averaged(raw, True), presence, share, *more


def anchor_points(height, width, device=None):
    """Centres of all cells in input pixels [A, 2] and the stride of each [A, 1]."""
    points, strides = [], []
    for stride in STRIDES:
        ys = (torch.arange(height // stride, dtype=torch.float32) + 0.5) * stride
        xs = (torch.arange(width // stride, dtype=torch.float32) + 0.5) * stride
        grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
        points.append(torch.stack([grid_x.reshape(-1), grid_y.reshape(-1)], 1))
        strides.append(torch.full((points[-1].shape[0], 1), float(stride)))
    return torch.cat(points), torch.cat(strides)


def flatten_levels(levels):
    """[B, C, h, w] per level -> [B, A, C]."""
    return torch.cat([level.flatten(2) for level in levels], 2).transpose(1, 2)


def decode_boxes(raw, points, strides):
    """Raw distances [..., A, 4] -> x0, y0, x1, y1 in input pixels. A cell may lie half a stride outside of its box."""
    distance = (F.softplus(raw) - 0.5) * strides
    return torch.cat([points - distance[..., :2], points + distance[..., 2:]], -1)
