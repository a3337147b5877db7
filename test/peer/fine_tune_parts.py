"""Checks of the parts of fine-tuning on own data; run by fine-tune.test.ts."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models" / "training"))

from augment import Augmenter  # noqa: E402
from kinds import Kinds  # noqa: E402
from near_duplicates import clusters, near_pairs, spectra_of, split  # noqa: E402
from network import LynceusNet  # noqa: E402
from own_company import cut_out, in_company, things_of  # noqa: E402
from own_data import DataError, mapping, pitch_of, read_coco, source_pairs, targets_of  # noqa: E402
from own_figures import over_clusters  # noqa: E402
from own_images import ImageError, air_of, estimated_pitch, read_image  # noqa: E402
from pseudo import AIR_LEVEL, draw, palette  # noqa: E402
from tuning import Mixer, put_weights, spread  # noqa: E402

CONFIG = json.loads((ROOT / "models" / "training" / "config.json").read_text())
SMALL = {**CONFIG, "network": {"stem": 8, "widths": [8, 12, 16], "depths": [1, 1, 1], "head": 8, "goods": 8}, "augmentOthers": CONFIG["augment"]}


def bag(seed, height=220, width=260):
    """A pair with things of its own in a case, u16 [2, H, W]."""
    rng = np.random.default_rng(seed)
    high = np.zeros((height, width))
    high[20:-20, 30:-30] = 0.25
    for _ in range(14):
        y, x = rng.integers(25, height - 70), rng.integers(35, width - 80)
        high[y : y + rng.integers(8, 45), x : x + rng.integers(8, 45)] += rng.uniform(0.2, 1.2)
    noise = rng.normal(0, 0.01, (2, height, width))
    return (AIR_LEVEL * np.exp(-np.stack([1.35 * high, high]) + noise)).clip(0, 65_535).astype(np.uint16)


class KindsOfOneClass(unittest.TestCase):
    def setUp(self):
        self.kinds = Kinds(["scissors", "folding", "straight"], {"folding": "blade", "straight": "blade"}, ["blade"])

    def test_the_surest_of_its_kinds_answers_for_a_class_and_what_nobody_wants_for_none(self):
        net = LynceusNet({**SMALL, "classes": self.kinds.names})
        levels = [torch.rand(1, width, 4, 4) for width in SMALL["network"]["widths"]]
        logits, raw = net.detect(levels)
        merged, same = self.kinds.answering(net).detect(levels)
        for before, after in zip(logits, merged):
            self.assertTrue(torch.equal(after, before[:, 1:].amax(1, keepdim=True)))
        self.assertTrue(all(torch.equal(a, b) for a, b in zip(raw, same)))
        self.assertEqual(len(net.detect.classes[0].bias), 3)

    def test_boxes_of_kinds_become_their_class_and_others_are_left_out(self):
        sample = {"labels": np.array([0, 2, 1]), "boxes": np.arange(12, dtype=np.float32).reshape(3, 4), "ignored": np.array([False, True, False])}
        told = self.kinds.relabelled(sample)
        self.assertEqual((told["labels"].tolist(), told["boxes"][:, 0].tolist(), told["ignored"].tolist()), ([0, 0], [4.0, 8.0], [True, False]))
        none = {"labels": np.zeros(0, np.int64), "boxes": np.zeros((0, 4), np.float32), "ignored": np.zeros(0, bool)}
        self.assertEqual(len(self.kinds.relabelled(none)["labels"]), 0)

    def test_without_kinds_nothing_is_changed(self):
        plain = Kinds(["blade"], {"blade": "blade"}, ["blade"])
        net, sample = LynceusNet({**SMALL, "classes": ["blade"]}), {"labels": np.array([0])}
        self.assertIs(plain.answering(net), net)
        self.assertIs(plain.relabelled(sample), sample)

    def test_kinds_start_from_the_weights_of_what_they_stand_for(self):
        old, new = (LynceusNet({**SMALL, "classes": names}) for names in (["firearm", "blade"], self.kinds.names))
        put_weights(new, old.state_dict(), {**SMALL, "classes": self.kinds.names}, ["firearm", "blade"], None, self.kinds.mapping)
        for row in (1, 2):
            self.assertTrue(torch.equal(new.detect.classes[0].weight[row], old.detect.classes[0].weight[1]))


class Duplicates(unittest.TestCase):
    def test_a_turned_and_noisier_copy_is_found_and_strangers_are_not(self):
        images = [bag(seed) for seed in range(12)]
        rng = np.random.default_rng(99)
        copy = lambda planes: (planes * rng.normal(1, 0.02, planes.shape)).clip(0, 65_535).astype(np.uint16)
        images += [copy(images[3][:, ::-1]), copy(images[5].transpose(0, 2, 1)), copy(np.roll(images[7], (9, -14), (1, 2)))]
        pairs = near_pairs([spectra_of(planes, AIR_LEVEL) for planes in images])
        self.assertEqual(pairs, [(3, 12), (5, 13), (7, 14)])

    def test_a_bag_is_known_beside_another(self):
        both = lambda a, b: np.concatenate([bag(a), np.full((2, 220, 40), AIR_LEVEL, np.uint16), bag(b)], 2)
        images = [both(1, 2), both(3, 1), both(4, 5)]
        self.assertEqual(near_pairs([spectra_of(planes, AIR_LEVEL) for planes in images]), [(0, 1)])

    def test_an_image_of_air_is_no_fault(self):
        self.assertEqual(len(spectra_of(np.full((2, 50, 40), AIR_LEVEL, np.uint16), AIR_LEVEL)), 1)

    def test_a_cluster_stays_in_one_part_and_no_part_is_empty(self):
        cluster = clusters(40, [(1, 7), (7, 30), (4, 5)])
        self.assertEqual(cluster[[1, 7, 30, 4, 5]].tolist(), [1, 1, 1, 4, 4])
        names = [f"{i}.png" for i in range(40)]
        for seed in range(20):
            parts = split(names, cluster, {"train": 0.7, "validation": 0.15, "test": 0.15}, seed)
            self.assertEqual(len({parts[1], parts[7], parts[30]}), 1)
            self.assertEqual(set(parts), {"train", "validation", "test"})
        self.assertEqual(source_pairs(["a", None, "b", "a"]), [(0, 3)])


class Reading(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())

    def keep(self, name, pixels):
        Image.fromarray(pixels).save(self.folder / name)
        return self.folder / name

    def test_pairs_grey_and_coloured_images_become_pairs_of_one_air_level(self):
        pair = bag(1)
        raw = (pair * 0.8).astype(np.uint16)
        kind, planes = read_image(self.keep("a.low.png", raw[0]), self.keep("a.high.tif", raw[1]))
        self.assertEqual(kind, "dual-energy")
        np.testing.assert_allclose(planes / AIR_LEVEL, pair / AIR_LEVEL, atol=0.01)
        kind, planes = read_image(self.keep("grey.png", (pair[1] >> 8).astype(np.uint8)))
        self.assertEqual(kind, "single-energy")
        low, high = -np.log(planes[:, 60:150, 60:180].astype(float) / AIR_LEVEL)
        np.testing.assert_allclose(low / high, 1.4, atol=0.02)
        kind, planes = read_image(self.keep("colour.png", draw(pair / np.float32(AIR_LEVEL), palette(np.random.default_rng(1)))))
        self.assertEqual(kind, "pseudo-colour")
        self.assertGreater(np.median(planes[1, :15]) / AIR_LEVEL, 0.97)
        self.assertLess(np.median(planes[1, 60:150, 60:180]) / AIR_LEVEL, 0.9)

    def test_air_is_the_brightest_level_that_many_share(self):
        plane = bag(2)[1].astype(float)
        plane[100, 100:110] = 65_535
        self.assertAlmostEqual(air_of((0.7 * plane).astype(np.uint16)) / (0.7 * AIR_LEVEL), 1, delta=0.01)

    def test_what_cannot_be_read_is_named(self):
        (self.folder / "text.png").write_text("no picture")
        with self.assertRaisesRegex(ImageError, "text.png"):
            read_image(self.folder / "text.png")
        with self.assertRaisesRegex(ImageError, "one size"):
            read_image(self.keep("b.low.png", bag(1)[0]), self.keep("b.high.png", bag(1)[1][:-2]))

    def test_the_pitch_is_as_stated_or_as_the_runtime_guesses(self):
        high = bag(3)[1]
        self.assertAlmostEqual(estimated_pitch(high), 450 / (180 * 200) ** 0.5, delta=0.05)
        self.assertIsNone(estimated_pitch(np.full((40, 40), AIR_LEVEL)))
        self.assertEqual(pitch_of({"pixelPitchMm": {"x": 1, "y": 2}}, "dual-energy", high, None, CONFIG), {"x": 1.0, "y": 2.0})
        self.assertEqual(pitch_of({"pixelPitchMm": 3}, "dual-energy", high, "none", CONFIG)["x"], CONFIG["pixelPitchMm"])
        self.assertEqual(pitch_of({}, "dual-energy", high, 0.8, CONFIG)["y"], 0.8)


class Labels(unittest.TestCase):
    coco = {"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "knife"}, {"id": 2, "name": "scissors"}],
            "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40]}, {"image_id": 1, "category_id": 2, "bbox": [1, 2, 30, 40]},
                            {"image_id": 1, "category_id": 1, "bbox": [5, 5, 9, 9], "iscrowd": 1}]}

    def test_categories_become_classes_and_others_are_negatives(self):
        self.assertEqual(mapping(self.coco, ["knife=blade"]), {"knife": "blade"})
        self.assertEqual([(t["class"], t["tier"]) for t in targets_of(self.coco, {"knife": "blade"})[1]], [("blade", "clear"), ("blade", "hidden")])
        with self.assertRaisesRegex(DataError, "scissors"):
            mapping(self.coco, ["sword=blade"])

    def test_a_file_that_is_no_coco_is_refused(self):
        path = Path(tempfile.mkdtemp()) / "a.json"
        twice = {**self.coco, "images": self.coco["images"] * 2}
        stray = {**self.coco, "annotations": [{"image_id": 9, "category_id": 1, "bbox": [1, 2, 3, 4]}]}
        for text, why in (("[]", "no COCO"), (json.dumps(twice), "twice"), (json.dumps(stray), "no image"), ("{", "no COCO")):
            path.write_text(text)
            with self.assertRaisesRegex(DataError, why):
                read_coco(path)


def sample_with(label, boxes=((40, 40, 90, 90),)):
    """A sample as `own_data.prepared` keeps it, with things of one class at the boxes."""
    count = len(boxes)
    return {"planes": bag(label), "airLevel": AIR_LEVEL, "body": (20, 200, 30, 230), "boxes": np.float32(boxes).reshape(-1, 4), "labels": np.full(count, label),
            "ignored": np.zeros(count, bool), "shares": np.zeros(13, np.float32), "massKg": None, "company": None}


class Company(unittest.TestCase):
    def test_a_thing_is_cut_out_as_what_it_takes_of_the_beam(self):
        attenuation = np.full((2, 60, 80), 0.4, np.float32)
        attenuation[:, 20:30, 30:60] += np.float32([1.5, 0.9])[:, None, None]
        planes, box = cut_out(attenuation, np.float32([28, 18, 62, 32]))
        taken = -np.log(planes / AIR_LEVEL)
        np.testing.assert_allclose(taken[:, 6:12, 8:30].reshape(2, -1).T, np.tile([1.5, 0.9], (6 * 22, 1)), atol=0.001)
        self.assertEqual(float(taken[:, :3].max()), 0)
        np.testing.assert_array_equal(box, [[2, 2, 36, 16]])

    def test_a_box_at_the_edge_is_cut_at_the_edge(self):
        planes, box = cut_out(np.full((2, 30, 40), 0.5, np.float32), np.float32([-3, 20, 12, 34]))
        self.assertEqual(planes.shape, (2, 12, 14))
        np.testing.assert_array_equal(box, [[-3, 2, 12, 16]])

    def test_a_decoy_comes_with_each_thing_and_touches_no_target(self):
        samples = [sample_with(0), sample_with(1, ()), sample_with(2, ((100, 60, 130, 100), (40, 100, 60, 160)))]
        things = things_of(samples, 3)
        self.assertEqual([labels.tolist() for _, _, labels in things], [[0], [], [], [2], [2], []])
        whole = [sample_with(0, ((0, 0, 260, 220),))]
        self.assertEqual(things_of(whole, 3), [])
        self.assertIs(in_company(whole, 3)[0], whole[0])

    def test_samples_in_company_teach_more_things_and_the_same_ones_for_a_seed(self):
        alone = [sample_with(0), sample_with(0, ((120, 50, 150, 120),))]
        config = {**SMALL, "augment": {**SMALL["augment"], "companyInWindowChance": 1.0, "zoomChance": 0.0}}

        def drawn(samples):
            augment = Augmenter(config, 5)
            return [augment(sample) for sample in samples * 4]

        one, two = drawn(in_company(alone, 4)), drawn(in_company(alone, 4))
        for mine, theirs in zip(one, two):
            np.testing.assert_array_equal(mine["image"], theirs["image"])
            np.testing.assert_array_equal(mine["boxes"], theirs["boxes"])
        self.assertGreater(sum(len(each["boxes"]) for each in one), len(one))


class Weights(unittest.TestCase):
    def test_class_rows_go_by_name_and_a_narrower_front_end_is_read(self):
        torch.manual_seed(1)
        old = LynceusNet({**SMALL, "classes": ["firearm", "blade"]})
        new = LynceusNet({**SMALL, "classes": ["blade", "liquid"]})
        state = dict(old.state_dict())
        state["backbone.stem.1.0.weight"] = state["backbone.stem.1.0.weight"][:, :8]
        fresh = new.detect.classes[0].weight.clone()
        put_weights(new, state, {**SMALL, "classes": ["blade", "liquid"]}, ["firearm", "blade"], None)
        torch.testing.assert_close(new.detect.classes[0].weight[0], old.detect.classes[0].weight[1])
        torch.testing.assert_close(new.detect.classes[0].weight[1], fresh[1])
        self.assertEqual(float(new.backbone.stem[1][0].weight[:, 8:].abs().max()), 0)

    def test_batches_repeat_with_the_seed_and_hold_others_in_their_share(self):
        own, others = [sample_with(0)], [sample_with(1)]
        draw_of = lambda: [Mixer(own, others, 0.3, SMALL, 5).batch() for _ in range(2)][1]
        one, two = draw_of(), draw_of()
        for name, value in one.items():
            torch.testing.assert_close(value, two[name])
        mixer = Mixer(own, others, 0.3, SMALL, 6)
        labels = torch.cat([batch["labels"][:, 0] for batch in (mixer.batch() for _ in range(12))])
        self.assertTrue(10 < int(labels.sum()) < 50)

    def test_validation_looks_at_images_from_all_over_the_set(self):
        self.assertEqual(spread(list(range(300)), 120)[:4] + spread(list(range(300)), 120)[-2:], [0, 2, 5, 7, 295, 297])
        self.assertEqual(spread([4, 5, 6], 120), [4, 5, 6])
        self.assertEqual(spread([], 120), [])

    def test_intervals_draw_whole_clusters(self):
        cluster = np.array([0, 0, 0, 3])
        seen = []
        over_clusters(lambda picks: seen.append(sorted(picks.tolist())) or 0.0, cluster, 1, 20)
        self.assertTrue(all(picks.count(0) == picks.count(1) == picks.count(2) for picks in seen))


if __name__ == "__main__":
    unittest.main(verbosity=2)
