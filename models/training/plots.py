"""Curves of a run and of its figures as PNG, beside the card. Without matplotlib there are none, and the card says nothing less."""

import json

COLOURS = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#17becf"]


def events(log, name):
    """Lines of a run's log of one kind."""
    return [line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == name]


def curves(log, sets, path):
    """Loss, mAP by class over scans seen, and reliability. False where matplotlib is missing."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.2), layout="constrained")
    train, validation = events(log, "train"), events(log, "validation")
    for key in ("class", "box", "presence", "share"):
        left.plot([t["seen"] / 1000 for t in train], [t["loss"][key] for t in train], label=key, linewidth=0.8)
    left.set(title="training loss", xlabel="thousand scans", yscale="log")
    left.legend()
    seen = [v["seen"] / 1000 for v in validation]
    for colour, name in zip(COLOURS, validation[-1]["ap50"] if validation else []):
        middle.plot(seen, [v["ap50"].get(name) for v in validation], label=name, color=colour, linewidth=0.9)
    middle.plot(seen, [v["map50"] for v in validation], label="mean", color="black", linewidth=2)
    middle.set(title="validation AP@50, clear and partial", xlabel="thousand scans", ylim=(0, 1))
    middle.legend(fontsize=7)
    right.plot([0, 1], [0, 1], color="grey", linewidth=0.7)
    for name, f in sets.items():
        right.plot([b["claimed"] for b in f["reliability"]], [b["counted"] for b in f["reliability"]], marker="o", label=name)
    right.set(title="reliability: claimed against counted", xlim=(0, 1), ylim=(0, 1))
    right.legend()
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)
    return True
