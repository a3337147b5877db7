"""Packages that come with the project are trusted by their digest in DIGESTS.json beside them (models/release/digests.ts)."""

import hashlib
import json


def list_digest(folder):
    """Enters a package where such a list lies beside its folder; leaves out packages that are gone."""
    path = folder.parent / "DIGESTS.json"
    if not path.exists():
        return
    known = {name: digest for name, digest in json.loads(path.read_text()).items() if (folder.parent / name).is_dir()}
    known[folder.name] = hashlib.sha256((folder / "model.json").read_bytes()).hexdigest()
    path.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
