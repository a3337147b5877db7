"""The text of the card of `container-contents`, from the measured figures."""

TEXT = """# {name} {version}

Says of a container, pallet or unit load device whether it is empty, part-loaded or loaded, and how far it is filled along
its length, from one grey image: 16-bit counts or what a viewing station shows in 8 bits, window and level unknown.

**Synthetic only.** Trained and measured on simulated cargo scans of this project (`simulator/cargo/`), never on a real one.
It certifies nothing. It does not say what the load is.

## What the words mean

- `empty`: nothing that counts as load; straps, dunnage and litter may be there. `loaded`: load along at least 80 % of the
  inside length, however high. `part`: between. Of a tank: by its level.
- `profile`: in {bins} equal parts of the inside length, left to right of the image, the share of the inside height that load
  fills (more than 1.5 g/cm² in the way).

## Data

{scans} training scans, `simulator/cargo/stream.ts`, drawn anew by seed: dry, high-cube and reefer containers, tanks, pallets
and unit load devices; 18 kinds of load; 2.5 to 6 MV and 160 kV to 1 MV; 16-bit counts and 8-bit displays with random window,
curve and inversion; in training also marks, dead rows, stripes and shaded parts. Licence of data and weights: Apache-2.0.
{parameters} parameters, {epochs} epochs, {minutes:.0f} minutes on one thread of a shared machine. Curves: `curve.svg`.

## Held-out, synthetic (95 % intervals, bootstrap over scans)

| | scans | balanced accuracy, three states | empty against the rest | part against the rest | loaded against the rest | profile error, mean absolute | calibration error |
|---|---|---|---|---|---|---|---|
{rows}

## Real scans

{real}

## What it cannot do

- It sees filling, not goods: contraband in a full container changes nothing here. Loads below 1.5 g/cm² count as nothing.
- An opaque load hides what is behind it: the profile is that of the silhouette.
- Two containers in one image, open-tops, flat racks and rail cars were never trained. Parcels are refused by the gateway.
- Of a pair of energies only the high one is looked at; colours are refused.

## Input and output

`image [1, 1, 64, 256]`: counts over the air level (8 bits: over white), stretched to that size, rows are detector pixels. `state
[1, 3]`: scores of empty, part, loaded, sum 1, calibrated (temperature {temperature:.2f}) at the prevalence of the manifest. `profile [1, {bins}]`.
ONNX against torch: state {parity_state:.1e}, profile {parity_profile:.1e}. `session.run`, one thread: p50 {p50:.1f} ms, p95 {p95:.1f} ms.

## Report

`lynceus evaluate` on 100 container scans of a seed of their own (states, profiles, reliability, what was told wrong):
[models/evaluation/containers/report.html](../../evaluation/containers/report.html). To make it anew: `lynceus simulate dataset
--scenario containers --mix training --seed 90211 --count 100 --out DIR`, then `lynceus evaluate --dataset DIR --report models/evaluation/containers`.
"""


def percent(value, span=None):
    text = f"{100 * value:.1f} %"
    return text if span is None else f"{text} ({100 * span[0]:.1f}-{100 * span[1]:.1f})"


def row(name, f):
    states = " | ".join(percent(s["balancedAccuracy"], s["balancedAccuracyInterval"]) for s in f["states"].values())
    low, high = f["profileErrorInterval"]
    return (f"| {name} | {f['scans']} | {percent(f['balancedAccuracy'], f['balancedAccuracyInterval'])} | {states} | "
            f"{f['profileError']:.3f} ({low:.3f}-{high:.3f}); {percent(f['profileWithinTenPercent'])} of scans within 0.1 | {f['calibrationError']:.3f} |")


def card(config, facts, figures):
    return TEXT.format(
        name=config["name"], version=config["version"], bins=config["profileBins"], scans=facts["scans"], parameters=facts["parameters"],
        epochs=facts["epochs"], minutes=facts["minutes"], rows="\n".join(row(name, f) for name, f in figures.items()), real=config["real"],
        temperature=facts["temperature"], parity_state=facts["parity"]["state"], parity_profile=facts["parity"]["profile"], **facts["latency"])
