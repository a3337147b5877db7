"""Checks of the second reading and of the supply; run by training-parts.test.ts. Prints one line per check that holds."""

import json
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models" / "training"))

from decode import detections  # noqa: E402
from evaluate import any_chance  # noqa: E402
from export import export  # noqa: E402
from export_reading import reread_graph  # noqa: E402
from fit_reading import fitted, load_readings, made_for, right  # noqa: E402
from goods_reading import GoodsReading  # noqa: E402
from network import LynceusNet, MatterHead, Mirrored  # noqa: E402
from parity import compare_detections, run_onnx  # noqa: E402
from reading import CELL, Reading, box_means, reread, substance  # noqa: E402
from replay import Replay  # noqa: E402
from train import drawn_by_now  # noqa: E402

CONFIG = json.loads((ROOT / "models" / "training" / "config.json").read_text())
LABELS = len(CONFIG["groups"]) + len(CONFIG["classes"]) + 1


def cells(seed, height=12, width=16):
    """Probabilities of the labels, attenuation high and low."""
    draw = torch.randn(LABELS + 2, height, width, generator=torch.Generator().manual_seed(seed))
    return torch.cat([torch.softmax(3 * draw[:LABELS], 0), draw[LABELS:].abs()])


def rows(count, seed):
    rng = np.random.default_rng(seed)
    corner, side = rng.uniform(0, 80, (count, 2)), rng.uniform(6, 60, (count, 2))
    scores = np.sort(rng.uniform(0.01, 0.9, count))[::-1]
    return np.column_stack([corner, corner + side, scores, rng.integers(0, len(CONFIG["classes"]), count)]).astype(np.float32)


def reading(seed=4):
    torch.manual_seed(seed)
    return Reading(CONFIG).eval()


class ReadingParts(unittest.TestCase):
    def test_a_mean_over_a_box_counts_cut_cells_by_their_part(self):
        maps = torch.arange(48, dtype=torch.float32).reshape(2, 4, 6)
        fine = maps.repeat_interleave(20, 1).repeat_interleave(20, 2)
        for x0, y0, x1, y1 in ((0, 0, 6, 4), (1.5, 0.25, 3.75, 3.1), (-2, -1, 2.5, 9), (2.05, 1.1, 2.7, 1.9)):
            box = torch.tensor([[x0, y0, x1, y1]])
            clip = lambda v, limit: int(round(20 * min(max(v, 0), limit)))
            part = fine[:, clip(y0, 4) : clip(y1, 4), clip(x0, 6) : clip(x1, 6)]
            torch.testing.assert_close(box_means(maps, box)[0], part.mean((1, 2)), atol=1e-3, rtol=1e-4)

    def test_a_box_outside_of_the_scan_or_without_area_has_a_mean(self):
        maps = cells(1)[:LABELS]
        for box in ([-50.0, -50.0, -10.0, -10.0], [500.0, 500.0, 600.0, 600.0], [3.0, 3.0, 3.0, 3.0]):
            means = box_means(maps, torch.tensor([box]))
            self.assertTrue(bool(torch.isfinite(means).all()))
            self.assertAlmostEqual(float(means.sum()), 1.0, places=4)

    def test_what_lies_over_a_thing_is_taken_out_of_its_ratio(self):
        attenuation = torch.full((2, 20, 20), 1.0) * torch.tensor([1.0, 1.2])[:, None, None]
        attenuation[:, 5:15, 5:15] += torch.tensor([0.5, 0.9])[:, None, None]
        box, own, core = substance(attenuation, torch.tensor([[5.0, 5.0, 15.0, 15.0]]))[0, -3:]
        self.assertAlmostEqual(float(box), 2.1 / 1.5, places=1)
        self.assertAlmostEqual(float(own), 1.8, places=1)
        self.assertAlmostEqual(float(core), 1.8, places=1)

    def test_a_thing_in_the_corner_is_compared_with_what_is_beside_it(self):
        attenuation = torch.full((2, 20, 20), 1.0)
        attenuation[:, :6, :6] += 0.5
        ring = substance(attenuation, torch.tensor([[0.0, 0.0, 6.0, 6.0]]))[0, 3:5]
        torch.testing.assert_close(ring, torch.ones(2))

    def test_a_class_whose_matter_fills_the_box_is_told_from_one_whose_does_not(self):
        generator, figures, hits = torch.Generator().manual_seed(3), [], []
        judge, rng = reading(), np.random.default_rng(3)
        for seed in range(60):
            maps, found = cells(seed), rows(12, seed)
            hit = rng.random(12) < 0.5
            for (x0, y0, x1, y1), kind, good in zip(found[:, :4] / CELL, found[:, 5].astype(int), hit):
                if good:
                    maps[len(CONFIG["groups"]) + kind, int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] += 2.0
            kinds = torch.eye(len(CONFIG["classes"]))[torch.from_numpy(found[:, 5]).long()]
            with torch.no_grad():
                figures.append(judge.figures(torch.cat([maps[:LABELS] / maps[:LABELS].sum(0), maps[LABELS:]]), torch.from_numpy(found[:, :4]), torch.rand(12, generator=generator), kinds))
            hits.append(torch.from_numpy(hit).float())
        figures, hits = torch.cat(figures), torch.cat(hits)
        log = []
        taught = fitted((figures[:600], hits[:600]), (figures[600:], hits[600:]), CONFIG, lambda event, **fields: log.append(fields))
        with torch.no_grad():
            chance = torch.sigmoid(taught.judged(figures[600:]))
        self.assertGreater(float(chance[hits[600:] == 1].mean()), float(chance[hits[600:] == 0].mean()) + 0.2)
        self.assertEqual((log[0]["boxes"], log[0]["heldBack"]), (600, len(figures) - 600))

    def test_the_graph_reads_as_torch_does_and_bears_a_scan_where_nothing_was_found(self):
        judge, canvas = reading(), CONFIG["canvas"]
        maps = cells(8)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "reading.onnx"
            path.write_bytes(self.alone(judge, maps, canvas))
            for count in (0, 1, 2, 40):
                found = rows(count, count) if count else np.zeros((0, 6), np.float32)
                (outputs,), _ = run_onnx(path, [found])
                mine = outputs["reading_dets"].reshape(-1, 6)
                np.testing.assert_allclose(mine, reread(judge, maps, found), atol=1e-6)
                self.assertTrue(bool((mine[:, 4] >= CONFIG["decode"]["leastScore"]).all()))

    @staticmethod
    def alone(judge, maps, canvas):
        """The graph with its map held fast, so that detections are its only input."""
        from onnx import numpy_helper

        graph = reread_graph(judge, canvas, 13)
        graph.graph.initializer.append(numpy_helper.from_array(maps[None].numpy(), "reading_cells"))
        for value in [value for value in graph.graph.input if value.name == "reading_cells"]:
            graph.graph.input.remove(value)
        return graph.SerializeToString()

    def test_one_box_per_object_is_right_and_hidden_objects_do_not_count(self):
        boxes = np.float32([[0, 0, 40, 40], [60, 60, 90, 90]])
        found = np.float32([[0, 0, 40, 40, 0.9, 0], [2, 2, 40, 40, 0.8, 0], [60, 60, 90, 90, 0.7, 1], [0, 0, 40, 40, 0.6, 1]])
        hit, counted = right({"found": found, "boxes": boxes, "labels": np.array([0, 1]), "tiers": np.array(["partial", "hidden"])})
        self.assertEqual(hit.tolist(), [1, 0, 0, 0])
        self.assertEqual(counted.tolist(), [True, True, False, True])

    def test_the_whole_graph_reads_as_torch_does_at_any_size(self):
        torch.manual_seed(6)
        config = {**CONFIG, "network": {"stem": 8, "widths": [8, 12, 16], "depths": [1, 1, 1], "head": 8, "goods": 8},
                  "decode": {**CONFIG["decode"], "scoreFloor": 0.0101, "total": 20}}
        whole = Mirrored(LynceusNet(config), 2, MatterHead([8, 12, 16], LABELS), reading(), GoodsReading(config)).eval()
        torch.nn.init.normal_(whole.goods.add.weight, std=0.05)
        for layer in whole.net.detect.classes:
            torch.nn.init.normal_(layer.weight, std=2.0)
            torch.nn.init.constant_(layer.bias, -3.0)
        rng = np.random.default_rng(6)
        with TemporaryDirectory() as folder:
            export(whole, None, config, Path(folder))
            for height, width in ((384, 512), (64, 64), (96, 1024), (1024, 64)):
                x = np.exp(-rng.uniform(0, 2, (1, 2, height // 16, width // 16)).repeat(16, 2).repeat(16, 3)).astype(np.float32)
                (found,), _ = run_onnx(Path(folder) / "threat-detector.onnx", [x])
                (goods,), _ = run_onnx(Path(folder) / "goods-classifier.onnx", [x])
                with torch.no_grad():
                    logits, raw, presence, share, maps = whole(torch.from_numpy(x))
                expected = reread(whole.reading, maps[0], detections(logits, raw, config["decode"])[0])
                self.assertGreater(len(expected), 0)
                self.assertIsInstance(compare_detections(expected, found["dets"]), tuple)
                self.assertLess(max(compare_detections(expected, found["dets"])), 1e-2)
                np.testing.assert_allclose(goods["presence"], presence.sigmoid().numpy(), atol=1e-5)
                np.testing.assert_allclose(goods["share"], share.numpy(), atol=1e-5)

    def test_the_cells_of_a_mirrored_scan_are_mirrored(self):
        torch.manual_seed(2)
        config = {**CONFIG, "network": {"stem": 8, "widths": [8, 12, 16], "depths": [1, 1, 1], "head": 8, "goods": 8}}
        whole, x = Mirrored(LynceusNet(config), 2, MatterHead([8, 12, 16], LABELS)).eval(), torch.rand(1, 2, 64, 96)
        with torch.no_grad():
            here, there = whole(x)[-1], whole(torch.flip(x, (3,)))[-1]
        torch.testing.assert_close(here, torch.flip(there, (3,)), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(here[:, :LABELS].sum(1), torch.ones(1, 8, 12))

    def test_a_reading_of_other_weights_is_refused(self):
        state = {"progress": {"steps": 5, "seen": 40}}
        with TemporaryDirectory() as folder:
            with self.assertRaisesRegex(ValueError, "--stage read"):
                load_readings(state, CONFIG, Path(folder))
            kept = {"boxes": reading().state_dict(), "goods": GoodsReading(CONFIG).state_dict(), "madeFor": made_for(state, CONFIG)}
            torch.save(kept, Path(folder) / "reading.pt")
            self.assertEqual(len(load_readings(state, CONFIG, Path(folder))), 2)
            with self.assertRaisesRegex(ValueError, "--stage read"):
                load_readings({"progress": {"steps": 6, "seen": 48}}, CONFIG, Path(folder))

    def test_the_chance_of_any_target_joins_the_classes(self):
        np.testing.assert_allclose(any_chance(np.array([[0.5, 0.0], [0.5, 0.2]])), [0.75, 0.2])

    def test_wanted_samples_are_drawn_more_often(self):
        ring = Replay(1, np.random.default_rng(1))
        none = {"planes": np.zeros((2, 8, 8), np.uint16), "labels": np.zeros(0, np.int64), "ignored": np.zeros(0, bool)}
        for label in (None, 0, 1):
            ring.add(none if label is None else {**none, "labels": np.array([label]), "ignored": np.array([False])})
        drawn = [ring.draw_wanted([0.1, 1.0, 0.4])["labels"] for _ in range(2000)]
        share = lambda label: sum(len(each) and each[0] == label for each in drawn) / len(drawn)
        self.assertGreater(share(1), 0.5)
        self.assertLess(share(0), 0.2)

    def test_a_run_goes_on_behind_the_scans_of_the_run_it_starts_from(self):
        state = {"config": CONFIG, "progress": {"fresh": 10, "drawn": 25}}
        self.assertEqual(drawn_by_now(state, CONFIG), 25)
        other = {**CONFIG, "data": {**CONFIG["data"], "revision": CONFIG["data"]["revision"] + 1}}
        self.assertEqual(drawn_by_now(state, other), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
