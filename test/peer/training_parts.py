"""Checks of the training program's parts; run by training-parts.test.ts. Prints one line per check that holds."""

import json
import sys
import unittest
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models" / "training"))

from augment import Augmenter  # noqa: E402
from embedding import rotated  # noqa: E402
from evaluate import expected_error  # noqa: E402
from grow import NEW_BLOCK_BIAS, NEW_BLOCK_GAIN, TRAINED_RMS, grown, load_package, network_of, package_state, woken  # noqa: E402
from loss import counted_cells  # noqa: E402
from metrics import match  # noqa: E402
from network import FRONT_CHANNELS, SWAPPED, LynceusNet, MatterHead, Mirrored, anchor_points  # noqa: E402
from pseudo import pseudo_pair, round_trip  # noqa: E402
from replay import Replay  # noqa: E402

CONFIG = json.loads((ROOT / "models" / "training" / "config.json").read_text())


def sample(height=80, width=96, targets=1):
    planes = np.full((2, height, width), 60000, np.uint16)
    planes[:, 20:60, 24:72] = [[[30000]], [[40000]]]
    boxes = np.tile(np.float32([24, 20, 72, 60]), (targets, 1))
    return {"planes": planes, "airLevel": 60000, "body": (20, 60, 24, 72), "boxes": boxes, "labels": np.zeros(targets, np.int64),
            "ignored": np.zeros(targets, bool), "shares": np.eye(len(CONFIG["groups"]), dtype=np.float32)[0], "massKg": 1.0}


def small(classes, widths, depths):
    network = {"stem": 8, "widths": widths, "depths": depths, "head": 8, "goods": 8}
    return {**CONFIG, "classes": classes, "network": network}


def quiet(net):
    """New blocks add nothing, so that growth can be compared exactly."""
    for name, value in net.state_dict().items():
        if name.endswith("second.1.weight") and bool((value == NEW_BLOCK_GAIN).all()):
            value.zero_()
            net.get_parameter(name.replace("weight", "bias")).data.zero_()
    return net.eval()


class Parts(unittest.TestCase):
    def test_pseudo_colour_is_read_back_as_the_gateway_does(self):
        for case in json.loads((ROOT / "models" / "pseudo-pair-vectors.json").read_text()):
            rgb = np.array(case["rgb"], np.uint8).reshape(case["height"], case["width"], 3)
            low, high = pseudo_pair(rgb)
            np.testing.assert_array_equal(low.ravel(), case["low"])
            np.testing.assert_array_equal(high.ravel(), case["high"])

    def test_a_picture_keeps_what_is_thick_and_what_is_metal(self):
        pair = np.ones((2, 40, 60), np.float32)
        pair[:, 10:30, 5:20] = np.exp(-np.float32([1.2 * 0.8, 0.8]))[:, None, None]
        pair[:, 10:30, 35:50] = np.exp(-np.float32([1.9 * 0.8, 0.8]))[:, None, None]
        for seed in range(20):
            low, high = -np.log(np.maximum(round_trip(pair, np.random.default_rng(seed)), 1e-4))
            organic, metal = (slice(14, 26), slice(8, 17)), (slice(14, 26), slice(38, 47))
            self.assertLess((low[organic] / high[organic]).mean() + 0.2, (low[metal] / high[metal]).mean())
            self.assertLess(high[:5].max(), 0.05)

    def test_the_ring_never_exceeds_its_bound_and_keeps_the_newest(self):
        ring = Replay(1, np.random.default_rng(1))
        for i in range(100):
            ring.add({**sample(), "number": i})
            self.assertLessEqual(ring.bytes, 1 << 20)
        self.assertIn(99, [item["number"] for item in ring.items])
        self.assertIsNone(ring.draw_clean(200, 200))

    def test_augmented_boxes_stay_on_their_object(self):
        augmenter = Augmenter({**CONFIG, "augment": {**CONFIG["augment"], "overlayChance": 0, "windowChance": 0}}, 5)
        for _ in range(60):
            item = augmenter(sample())
            dark = np.argwhere(item["image"].mean(0) < 0.85)
            x0, y0, x1, y1 = item["boxes"][0]
            np.testing.assert_allclose([x0, y0, x1, y1], [dark[:, 1].min(), dark[:, 0].min(), dark[:, 1].max() + 1, dark[:, 0].max() + 1], atol=2.5)

    def test_what_lies_where_moves_with_the_image(self):
        augmenter = Augmenter({**CONFIG, "augment": {**CONFIG["augment"], "overlayChance": 0}}, 9)
        cells = np.full((20, 24), 255, np.uint8)
        cells[5:15, 6:18] = 7
        for _ in range(60):
            item = augmenter({**sample(), "matter": (cells, 4, 0, 0)})
            thick = item["image"].mean(0) < 0.75
            self.assertEqual(item["matter"].shape, thick.shape)
            self.assertGreater(float(((item["matter"] == 7) == thick).mean()), 0.93)

    def test_a_thing_multiplied_in_takes_the_place_where_it_is_thicker(self):
        thing = np.full((2, 20, 30), 3000, np.uint16)
        company = {"photons": (50000, 50000), "electronic": 0.0, "things": [(thing, np.float32([[0, 0, 30, 20]]), np.array([3]))]}
        augmenter = Augmenter(CONFIG, 10)
        image = np.concatenate([np.full((2, 60, 80), 0.5, np.float32), np.full((1, 60, 80), 2, np.float32)])
        none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, bool)
        image, boxes, labels, _ = augmenter.company(image, *none, company)
        self.assertEqual(labels.tolist(), [3])
        own = image[2] == len(CONFIG["groups"]) + 3
        self.assertEqual(int(own.sum()), int((boxes[0, 2] - boxes[0, 0]) * (boxes[0, 3] - boxes[0, 1])))
        self.assertTrue(((image[2] == 2) | own).all())

    def test_a_parcel_laid_over_darkens_and_may_hide(self):
        augmenter = Augmenter(CONFIG, 6)
        over = sample(targets=0)
        over["planes"] = np.where(over["planes"] < 60000, 6000, 60000).astype(np.uint16)
        hidden = [augmenter(sample(), over)["ignored"][0] for _ in range(40)]
        self.assertTrue(any(hidden))
        self.assertFalse(augmenter(sample())["ignored"][0])

    def test_a_window_keeps_its_objects_and_forgets_the_goods(self):
        augmenter = Augmenter({**CONFIG, "augment": {**CONFIG["augment"], "windowChance": 1, "window": [40, 48]}}, 7)
        for _ in range(60):
            item = augmenter(sample())
            self.assertEqual(float(item["shares"].sum()), 0)
            self.assertEqual(len(item["boxes"]), len(item["labels"]))
            for (x0, y0, x1, y1), ignored in zip(item["boxes"], item["ignored"]):
                self.assertTrue(0 <= x0 < x1 <= item["image"].shape[2] + 1 and 0 <= y0 < y1 <= item["image"].shape[1] + 1)
                self.assertTrue(ignored or (x1 - x0) * (y1 - y0) > 0.4 * 48 * 40 * 0.6)

    def test_turning_keeps_the_mass(self):
        image = sample()["planes"] / np.float32(60000)
        for degrees in (17, 90, 200):
            self.assertAlmostEqual(float((1 - rotated(image, degrees)).sum() / (1 - image).sum()), 1, delta=0.02)

    def test_hidden_objects_are_neither_wanted_nor_wrong(self):
        found = np.float32([[0, 0, 10, 10, 0.9, 0], [50, 50, 60, 60, 0.8, 0], [80, 80, 90, 90, 0.7, 0]])
        truth = {"boxes": np.float32([[0, 0, 10, 10], [50, 50, 60, 60]]), "labels": np.zeros(2, int), "tiers": np.array(["clear", "hidden"])}
        scores, hit, count = match(found, truth, 0, 0.5)
        np.testing.assert_allclose(scores, [0.9, 0.7])
        self.assertEqual((hit.tolist(), count), ([True, False], 1))
        self.assertEqual(match(found, truth, 0, 0.5, ("hidden",))[2], 1)

    def test_the_loss_does_not_count_the_cells_of_a_hidden_object(self):
        points, _ = anchor_points(64, 64)
        batch = {"boxes": torch.tensor([[[0.0, 0, 32, 32]]]), "labels": torch.tensor([[1]]), "ignored": torch.tensor([[True]])}
        counted = counted_cells(points, batch, torch.zeros(1, len(points), 3))
        inside = ((points > 0) & (points < 32)).all(1)
        self.assertEqual(float(counted[0, inside, 1].max()), 0)
        self.assertEqual(float(counted[0, ~inside, 1].min()), 1)
        self.assertEqual(float(counted[0, :, 0].min()), 1)

    def test_a_grown_network_still_says_what_the_old_one_said(self):
        torch.manual_seed(1)
        before, after = small(["firearm", "blade"], [8, 12, 16], [1, 1, 1]), small(["blade", "liquid", "firearm"], [8, 16, 24], [2, 1, 2])
        old, new = LynceusNet(before).eval(), LynceusNet(after)
        new.load_state_dict(grown(old.state_dict(), before, after, new.state_dict()))
        with torch.no_grad():
            x = torch.rand(1, 2, 64, 96)
            mine, theirs = old(x), quiet(new)(x)
        for a, b in zip(mine[0], theirs[0]):
            torch.testing.assert_close(a, b[:, [2, 0]], atol=1e-4, rtol=1e-4)
        for a, b in zip(mine[1:], theirs[1:]):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)

    def test_training_can_start_from_the_shipped_packages(self):
        folders = [next((ROOT / "models" / "packages").glob(f"{kind}-*")) for kind in ("threat-detector", "goods-classifier")]
        found, known = package_state(folders)
        network = network_of(found)
        self.assertEqual(network, CONFIG["network"])
        net, matter = LynceusNet({**CONFIG, **known, "network": network}), MatterHead(network["widths"], len(found["matter.leave.weight"]))
        load_package(Mirrored(net, 1, matter), found, torch.rand(2, 2, 64, 96))
        for norms, name, channels in ((net.backbone.stem[1], "backbone.stem.1.0", 4 * FRONT_CHANNELS), (matter.body.second, "matter.body.second.0", network["widths"][0])):
            x = torch.rand(1, channels, 16, 16)
            with torch.no_grad():
                mine, folded = norms[1](norms[0](x)), F.conv2d(x, found[f"{name}.weight"], found[f"{name}.bias"], padding=1)
            torch.testing.assert_close(mine, folded, atol=1e-3, rtol=1e-3)
            rms = norms[0].weight.detach().pow(2).mean((1, 2, 3)).sqrt()
            torch.testing.assert_close(rms, torch.full_like(rms, TRAINED_RMS))
        torch.testing.assert_close(net.detect.classes[1].weight.detach(), found["detect.classes.1.weight"])
        with torch.no_grad():
            self.assertTrue(all(torch.isfinite(t).all() for t in net.eval()(torch.full((1, 2, 64, 64), 0.7))[0]))

    def test_dead_channels_of_a_block_start_anew_and_the_living_are_left(self):
        net = LynceusNet(small(["firearm"], [8, 12, 16], [1, 1, 1]))
        norm = net.backbone.stage3[1].second[1]
        norm.weight.data[:], norm.bias.data[:] = 0.5, -1.0
        norm.weight.data[2], norm.bias.data[5] = 0.004, -2.5
        state = net.state_dict()
        self.assertEqual(woken(state), 2)
        for channel in range(8):
            expected = (NEW_BLOCK_GAIN, NEW_BLOCK_BIAS) if channel in (2, 5) else (0.5, -1.0)
            self.assertEqual((round(float(norm.weight[channel]), 3), round(float(norm.bias[channel]), 3)), expected)
        self.assertEqual(woken(state), 0)

    def test_a_mirrored_detector_answers_alike_for_mirrored_scans(self):
        torch.manual_seed(2)
        net = LynceusNet(small(["firearm", "blade"], [8, 12, 16], [1, 1, 1])).eval()
        x = torch.rand(1, 2, 64, 96)
        for count, flip in ((2, (3,)), (4, (2,)), (4, (2, 3))):
            whole = Mirrored(net, count).eval()
            with torch.no_grad():
                here, there = whole(x), whole(torch.flip(x, flip))
            for a, b in zip(here[0], there[0]):
                torch.testing.assert_close(a, torch.flip(b, flip), atol=1e-5, rtol=1e-4)
            for a, b in zip(here[1], there[1]):
                torch.testing.assert_close(a, torch.flip(b, flip)[:, SWAPPED[flip]], atol=1e-5, rtol=1e-4)

    def test_calibration_error_is_zero_for_honest_scores(self):
        scores = np.repeat([0.25, 0.75], 100)
        present = np.concatenate([np.arange(100) < 25, np.arange(100) < 75])
        self.assertAlmostEqual(expected_error(scores, present)[0], 0)
        self.assertAlmostEqual(expected_error(scores, ~present)[0], 0.5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
