"""Rows of the customs declarations as the model sees them: what `customs-aed/1.0` carries and no party."""

import csv
from dataclasses import dataclass

import numpy as np

# Whole numbers with 0 for missing: as `models/tabular.ts` makes them.
CODES = ("hs6", "origin", "departure", "mode")
AMOUNTS = ("massKg", "value")


@dataclass
class Rows:
    """`codes` int64 [n, 4], `amounts` float64 [n, 2] with NaN for missing, `labels` 0 or 1, `dates` as text."""

    codes: np.ndarray
    amounts: np.ndarray
    labels: np.ndarray
    dates: np.ndarray

    def __len__(self):
        return len(self.labels)

    def where(self, mask):
        return Rows(self.codes[mask], self.amounts[mask], self.labels[mask], self.dates[mask])


def hs_code(text):
    """Six digits → 1 + the number, since 000000 is no code but could be written; anything else is missing."""
    text = text.strip().zfill(6)
    return 1 + int(text) if len(text) == 6 and text.isdigit() else 0


def country_code(text):
    """Two letters as 1 + 26 · first + second; anything else is missing."""
    text = text.strip().upper()
    if len(text) != 2 or not all("A" <= letter <= "Z" for letter in text):
        return 0
    return 1 + 26 * (ord(text[0]) - 65) + ord(text[1]) - 65


def mode_code(text):
    """First digit of the mode of transport (UN/ECE Recommendation 19: 1 sea, 2 rail, 3 road, 4 air, 5 post)."""
    return 1 + int(text.strip()[0]) if text.strip()[:1].isdigit() else 0


def amount(text):
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if np.isfinite(value) and value >= 0 else np.nan


def read_records(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def rows_of(records):
    codes = [
        (hs_code(r["HS6 Code"]), country_code(r["Country of Origin"]), country_code(r["Country of Departure"]), mode_code(r["Mode of Transport"]))
        for r in records
    ]
    amounts = [(amount(r["Net Mass"]), amount(r["Item Price"])) for r in records]
    return Rows(
        np.array(codes, np.int64),
        np.array(amounts, np.float64),
        np.array([int(r["Fraud"]) for r in records]),
        np.array([r["Date"] for r in records]),
    )
