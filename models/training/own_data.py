"""A labelled data set of somebody's own scanner (COCO boxes beside images) -> samples as the training takes them, kept in one file.

`annotations.json` as COCO has it: `images` with `file_name`, and `high_file_name` where the image is a 16-bit pair;
`categories`; `annotations` with `bbox`. Read where they are there: per image `pixelPitchMm` ({x, y} or a number), `airLevel`,
`source` (images of one source stay in one part of the split); per annotation `iscrowd` or `tier` `hidden` (neither taught nor
punished). `lynceus simulate dataset` and `simulate project` write such sets.
"""

import json
import multiprocessing
import os
import pickle

import numpy as np

from batch import sample_of
from near_duplicates import near_pairs, spectra_of
from own_images import ImageError, digest_of, estimated_pitch, read_image
from pseudo import AIR_LEVEL

MAX_IMAGES = 200_000
LEAST_SIDE = 2
MOST_READERS = 8


class DataError(ValueError):
    """A data set that cannot be used; says what is wrong and what to do."""


def read_coco(path):
    """The file's dict with `images`, `annotations`, `categories`, checked as far as they are used."""
    try:
        coco = json.loads(path.read_text())
        images, categories = coco["images"], {c["id"]: str(c["name"]) for c in coco["categories"]}
        boxes = [(a["image_id"], categories[a["category_id"]], [float(v) for v in a["bbox"]]) for a in coco["annotations"]]
        ids = [image["id"] for image in images]
        names = [str(image["file_name"]) for image in images]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is no COCO file ({error!r}); give annotations with images, categories and boxes") from None
    if not 0 < len(images) <= MAX_IMAGES:
        raise DataError(f"{path} lists {len(images)} images; 1 to {MAX_IMAGES} can be read")
    known = set(ids)
    if len(known) != len(ids) or len(set(names)) != len(names):
        raise DataError(f"{path} lists an image twice")
    wrong = next((b for i, _, b in boxes if i not in known or len(b) != 4 or not np.isfinite(b).all()), None)
    if wrong is not None:
        raise DataError(f"{path}: the box {wrong} belongs to no image or is not four numbers")
    return coco


def mapping(coco, given):
    """Category name -> class, from `NAME=CLASS` entries; without any, each category is a class of its own name. Others are negatives."""
    known = {c["name"] for c in coco["categories"]}
    if not given:
        return {name: name for name in sorted(known)}
    pairs = dict(entry.split("=", 1) if "=" in entry else (entry, entry) for entry in given)
    missing = set(pairs) - known
    if missing:
        raise DataError(f"no category is called {', '.join(sorted(missing))}; there are {', '.join(sorted(known))}")
    return pairs


def targets_of(coco, to_class):
    """Targets per image id, as the simulator's stream writes them. Categories without a class are left out: negatives."""
    names = {c["id"]: c["name"] for c in coco["categories"]}
    out = {}
    for one in coco["annotations"]:
        x, y, width, height = one["bbox"]
        if names[one["category_id"]] not in to_class or min(width, height) < LEAST_SIDE:
            continue
        tier = "hidden" if one.get("iscrowd") or one.get("tier") == "hidden" else one.get("tier", "clear")
        box = {"x": x, "y": y, "width": width, "height": height}
        out.setdefault(one["image_id"], []).append({"class": to_class[names[one["category_id"]]], "box": box, "tier": tier})
    return out


def pitch_of(image, kind, high, stated, config):
    """Pitch {x, y} in mm. `stated`: a number for every image, `"none"` (never resampled), or None: as stated, else as the runtime guesses."""
    trained = config["pixelPitchMm"]
    given = image.get("pixelPitchMm") if stated is None else stated
    if given == "none":
        return {"x": trained, "y": trained}
    if isinstance(given, dict):
        return {"x": float(given["x"]), "y": float(given["y"])}
    if given is None:
        given = (estimated_pitch(high) if kind == "pseudo-colour" else None) or trained
    return {"x": float(given), "y": float(given)}


def scan_of(image, folder, targets, stated_pitch, config):
    """(kind, scan) of one COCO image."""
    high = image.get("high_file_name")
    kind, planes = read_image(folder / image["file_name"], folder / high if high else None, image.get("airLevel"))
    height, width = planes.shape[1:]
    if (image.get("width", width), image.get("height", height)) != (width, height):
        raise ImageError(f"{image['file_name']} is {width}x{height}, the annotations say {image['width']}x{image['height']}")
    pitch = pitch_of(image, kind, planes[1], stated_pitch, config)
    scan = {"planes": planes, "width": width, "height": height, "airLevel": AIR_LEVEL, "pixelPitchMm": pitch, "targets": targets, "groups": []}
    return kind, scan


def prepared(annotations, folder, given, stated_pitch, config, cache, log):
    """The set's samples, their names, sources, kinds, hash pairs and digest; read once, then from `cache`."""
    coco = read_coco(annotations)
    to_class = mapping(coco, given)
    files = [folder / image[key] for image in coco["images"] for key in ("file_name", "high_file_name") if image.get(key)]
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise DataError(f"{len(missing)} images are not there, such as {missing[0]}; give the folder of the images with --images")
    digest = digest_of([annotations, *files])
    key = {"digest": digest, "classes": to_class, "pitch": stated_pitch, "config": {k: config[k] for k in ("classes", "pixelPitchMm")}}
    if cache.exists():
        with open(cache, "rb") as kept:
            found = pickle.load(kept)
        if found["key"] == key:
            return found
    found = read_all(coco, folder, targets_of(coco, to_class), stated_pitch, config, log)
    found.update(key=key, digest=digest, pairs=near_pairs(found.pop("spectra")))
    with open(cache.with_suffix(".tmp"), "wb") as out:
        pickle.dump(found, out, protocol=5)
    cache.with_suffix(".tmp").replace(cache)
    return found


def read_one(image, folder, targets, stated_pitch, config):
    """(name, source, kind, spectra, sample) of one COCO image."""
    kind, scan = scan_of(image, folder, targets, stated_pitch, config)
    return image["file_name"], image.get("source"), kind, spectra_of(scan["planes"], AIR_LEVEL), sample_of(scan, config)


def read_all(coco, folder, targets, stated_pitch, config, log):
    """Images by processes of their own, one a core; in the order of the file however many there are."""
    images = coco["images"]
    jobs = [(image, folder, targets.get(image["id"], []), stated_pitch, config) for image in images]
    found = {"samples": [], "names": [], "sources": [], "kinds": {}, "spectra": []}
    # Started anew, not forked: a fork of a process whose libraries have threads inherits their locks and may wait for ever.
    with multiprocessing.get_context("spawn").Pool(min(MOST_READERS, os.cpu_count() or 1)) as pool:
        for done, (name, source, kind, spectra, sample) in enumerate(pool.imap(starred, jobs, 8), 1):
            for key, value in (("names", name), ("sources", source), ("spectra", spectra), ("samples", sample)):
                found[key].append(value)
            found["kinds"][kind] = found["kinds"].get(kind, 0) + 1
            if done % 500 == 0 or done == len(images):
                log("reading", images=done, of=len(images))
    return found


def starred(job):
    return read_one(*job)


def source_pairs(sources):
    """Images of one stated source, each joined to the first."""
    first, pairs = {}, []
    for i, source in enumerate(sources):
        if source is not None:
            pairs.append((first.setdefault(source, i), i))
    return [(a, b) for a, b in pairs if a != b]
