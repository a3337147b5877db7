"""What the fits of both second readings share."""

import torch

from predict import as_pictures

LEAST_SPREAD = 0.05


def with_pictures(gathered, items, number, config):
    """What `gathered(items)` gives (tensors of one row each) of part `number` of a set, some of it as pseudo-colour pictures too."""
    settings = config["reading"]
    found, pictures = [gathered(items)], int(len(items) * settings["pictures"])
    if pictures:
        found.append(gathered(list(as_pictures(items[:pictures], settings["seed"] + number))))
    return joined(found)


def joined(parts):
    return tuple(torch.cat(each) for each in zip(*parts))


def normed(reading, figures):
    """The reading, set to the figures' means and spreads."""
    reading.middle.copy_(figures.mean(0))
    reading.spread.copy_(figures.std(0).clamp(min=LEAST_SPREAD))
    return reading


def noisy(reading, figures, share):
    """Figures with noise of so many spreads, so that the reading cannot lean on single ones."""
    return figures + share * reading.spread * torch.randn_like(figures)


def optimised(reading, loss_of, count, settings, learning_rate):
    """Lowers `loss_of(rows)` over `count` rows: `settings` holds epochs, batch and weightDecay."""
    optimizer = torch.optim.AdamW(reading.parameters(), lr=learning_rate, weight_decay=settings["weightDecay"])
    steps = settings["epochs"] * -(-count // settings["batch"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(settings["epochs"]):
        for rows in torch.randperm(count).split(settings["batch"]):
            loss = loss_of(rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return reading.eval()
