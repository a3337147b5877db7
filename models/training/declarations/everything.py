"""For comparison only: a model of every column, parties too. It is measured and not shipped."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from encode import Table, numbers_of
from measure import figures
from rows import rows_of

LEFT_OUT = {"Declaration ID", "Date", "Fraud", "Critical Fraud", "Net Mass", "Item Price", "Tax Rate"}
# Beside each column: records that are alike, and each party with what it trades.
CROSSED = (
    ("HS6 Code", "Item Price"), ("HS6 Code", "Net Mass"), ("HS6 Code", "Country of Origin", "Country of Departure"),
    ("Importer ID", "HS6 Code"), ("Seller ID", "HS6 Code"), ("Declarant ID", "HS6 Code"), ("HS6 Code", "Tax Rate"),
)


def texts(records, columns):
    return ["|".join(r[c] for c in columns) if all(r[c] for c in columns) else "" for r in records]


def measure_all_columns(config, train, valid):
    """Figures on the later rows of a model trained as the shipped one is, on all columns."""
    rng = np.random.default_rng(config["seed"])
    labels = np.array([int(r["Fraud"]) for r in train])
    folds = rng.integers(0, config["folds"], len(train))
    columns = [(c,) for c in train[0] if c not in LEFT_OUT] + list(CROSSED)
    parts = [[], []]
    for names in columns:
        known, later = texts(train, names), texts(valid, names)
        ids = {text: at + 1 for at, text in enumerate(sorted(set(known) - {""}))}
        keys, others = (np.array([ids.get(text, 0) for text in some], np.int64) for some in (known, later))
        inside = np.zeros((len(train), 2), np.float32)
        for fold in range(config["folds"]):
            out = folds != fold
            inside[~out] = Table(keys[out], labels[out], config["smoothing"], labels[out].mean()).encode(keys[~out])
        parts[0].append(inside)
        parts[1].append(Table(keys, labels, config["smoothing"], labels.mean()).encode(others))
    sets = []
    for records, encoded in zip((train, valid), parts):
        rates = np.array([float(r["Tax Rate"]) for r in records], np.float32)[:, None]
        sets.append(np.column_stack([numbers_of(rows_of(records).amounts), rates, *encoded]))
    trees = HistGradientBoostingClassifier(early_stopping=False, random_state=1, **config["trees"]).fit(sets[0], labels)
    return figures(trees.predict_proba(sets[1])[:, 1], np.array([int(r["Fraud"]) for r in valid]))
