"""The model card of `declaration-risk`."""

LICENCE = """MIT License

Copyright (c) 2022 Institute for Basic Science & Korea Customs Service

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

COLUMNS = (("precisionAt1", "precision at 1 %"), ("precisionAt5", "at 5 %"), ("precisionAt10", "at 10 %"), ("auc", "ROC AUC"), ("brier", "Brier"), ("ece", "calibration error"))


def line(name, found):
    cells = [f"{found[key]['value']:.3f} ({found[key]['interval'][0]:.3f}-{found[key]['interval'][1]:.3f})" for key, _ in COLUMNS]
    return f"| {name} | " + " | ".join(cells) + " |"


def table(measured):
    share = {key: f"{100 * measured[key]['share']:.0f} %" for key in ("validRepeated", "validNew")}
    rows = [
        line("all", measured["valid"]),
        line(f"HS code and value seen in training ({share['validRepeated']})", measured["validRepeated"]),
        line(f"new ones ({share['validNew']})", measured["validNew"]),
        line("for comparison, not shipped: a model of all columns, parties too", measured["validAllColumns"]),
    ]
    head = "| | " + " | ".join(name for _, name in COLUMNS) + " |\n|---|" + "---|" * len(COLUMNS)
    return head + "\n" + "\n".join(rows)


def card(config, facts, measured):
    keys = ", ".join(f"`{key}`" for key in facts["keys"])
    new = measured["validNew"]
    return f"""# {config['name']} {config['version']}

Gives the chance that an inspection of a declared line of goods finds an irregularity, from what `customs-aed/1.0` carries: HS
code, countries of origin and departure, mode of transport, net mass, value. No party: not who declares, imports, sells or
carries. It is one source among others for the score of a hit; it never decides alone and certifies nothing.

## Data and licence

{facts['rows']} synthetic import declarations with labels, {facts['from']} to {facts['to']}, of the public Customs-Declaration-Datasets
(arXiv 2208.02484): drawn by a generative model from inspected declarations of one country. Share of irregular ones:
{facts['prevalence']:.4f}. That is the rate among *inspected* declarations, not in trade: fusion takes it out again with logit(p) -
logit({facts['prevalence']:.4f}) and adds its own prior. The weights and tables derive from the data set, whose licence is:

```
{LICENCE}
```

## How it works

`model.onnx` holds everything: whole-number keys of each row ({keys}), a table of each (smoothed rate of irregular rows and their
number), and {facts['trees']} boosted trees over these, log value, log mass, value per kg and mode. In training each row was encoded
by tables made without its own fold, and a copy of each row had columns taken out, so that a missing column is missing and no
guess. Platt's constants ({facts['platt'][0]:.3f}, {facts['platt'][1]:.3f}) come from the last months of the training file, scored by a model of the months before.

## Measured on later declarations, not trained on (95 % intervals, bootstrap over rows)

{table(measured)}

`npm run evaluate:declaration-risk -- --test FILE.csv --json` measures the package on another file of the same columns.

## Read this before you trust these figures

- **The data set repeats itself.** {100 * measured['validRepeated']['share']:.0f} % of the later rows have an HS code and value that stand in the training file too, mostly with
  the same countries, mass and label, while the parties differ: the generator drew the same records again. On these the
  model remembers. On the others it has only the pattern of goods and countries: ROC AUC {new['auc']['value']:.2f}, precision at 5 %
  {new['precisionAt5']['value']:.2f} at a base rate of 0.21. Expect the latter in the field, where no two consignments are copies.
- A value in another currency is turned into won at fixed mean rates of 2020 and will match no remembered value.
- One country, imports, 2020, inspected declarations only: what was never inspected was never learned.
- Where little is known the score stays near the prevalence, which says nothing: that is meant.

## Input and output

`codes [n, 4]` int64 and `amounts [n, 2]` float64 as the manifest says; `risk [n, 1]` raw score. One row takes about 1 ms with one
thread. Several lines of one declaration: the gateway takes the mean of their odds against the prevalence, as if one of them, not
known which, were the irregular one.
"""
