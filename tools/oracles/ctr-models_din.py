"""DIN in PyTorch: logits, loss, and gradients of parameters and embedding rows.
Writes packages/ctr-models/test/fixtures/din.json

Written position by position from the paper (Zhou et al. 2018, KDD, equation 3 and figure 2), with torch's own modules: no padding and
no mask. Histories have none to five events, of which the newest four count; events have an item, a set of genres (mean), and a label.

usage: python tools/oracles/ctr-models_din.py   (torch)
"""
import json
from pathlib import Path

import torch

torch.manual_seed(5)
D, HIDDEN, UNITS, MAX = 4, [6, 5], 3, 4
ROWS = {"user": 5, "item": 7, "genre": 4, "label": 3}  # id 0 included
FIELDS = [("user", "user", "one"), ("item", "item", "one"), ("genres", "genre", "mean"), ("liked", "item", "mean")]  # name, table, pooling
IDS = {
    "user": [1, 2, 2, 4, 0, 3], "item": [1, 1, 6, 3, 5, 2],
    "genres": [[1, 2], [3], [], [1], [2, 3, 1], [0]],
    "liked": [[2, 3], [], [1], [4, 4, 5], [6], [1, 2, 3]],
}
EVENTS = {  # by event
    "item": [2, 3, 5, 1, 4, 0, 6], "genres": [[1], [2, 3], [], [3], [1, 2, 3], [2], [1, 1]], "label": [1, 2, 2, 1, 2, 1, 0],
}
HISTORY = [[0, 1], [], [3], [4, 4, 5], [0, 1, 2, 3, 6], [2, 6]]
LABELS = torch.tensor([1.0, 0, 1, 1, 0, 0])[:, None]
B, NUMBERS, Z = 6, 1, 3
numeric, z = torch.randn(B, NUMBERS), torch.randn(B, Z)


def parameter(*shape, scale=0.5):
    return (torch.randn(*shape) * scale).requires_grad_()


embedding = {t: parameter(n, D) for t, n in ROWS.items()}
weight = {f: parameter(ROWS[t], 1) for f, t, _ in FIELDS}  # one first-order weight for each use of a table
dense = {
    "linear.bias": parameter(1), "linear.numeric": parameter(NUMBERS, 1), "linear.dense.z": parameter(Z, 1),
    "fields.numeric": parameter(1, NUMBERS, D), "fields.dense.z": parameter(Z, D),
}
unit = {
    "past": parameter(2 * D, UNITS), "target": parameter(2 * D, UNITS), "difference": parameter(2 * D, UNITS),
    "product": parameter(2 * D, UNITS), "rest": parameter(D, UNITS), "bias": parameter(UNITS), "slope": parameter(UNITS),
    "output.weights": parameter(UNITS, 1), "output.bias": parameter(1),
}
dense |= {f"attention.history.{name}": value for name, value in unit.items()}
widths = [(len(FIELDS) + NUMBERS + 1 + 3) * D, *HIDDEN, 1]
for k, (i, o) in enumerate(zip(widths, widths[1:])):
    dense[f"mlp.{k}.weights"], dense[f"mlp.{k}.bias"] = parameter(i, o), parameter(o)


def mean(table, ids):
    return torch.stack([table[i] for i in ids]).mean(0) if ids else torch.zeros(table.shape[1])


def pooled(table, ids, pooling):
    return table[torch.tensor(ids)] if pooling == "one" else torch.stack([mean(table, i) for i in ids])


def interest(row):
    """Equation 3 for one row: sum of a(e_j, v) [e_j; l_j]."""
    v = torch.cat([embedding["item"][IDS["item"][row]], mean(embedding["genre"], IDS["genres"][row])])
    layer = torch.cat([unit["past"], unit["target"], unit["difference"], unit["product"], unit["rest"]])
    total = torch.zeros(3 * D)
    for event in HISTORY[row][-MAX:]:
        e = torch.cat([embedding["item"][EVENTS["item"][event]], mean(embedding["genre"], EVENTS["genres"][event])])
        label = embedding["label"][EVENTS["label"][event]]
        hidden = torch.nn.functional.linear(torch.cat([e, v, e - v, e * v, label]), layer.T, unit["bias"])
        hidden = torch.nn.functional.prelu(hidden[None], unit["slope"])[0]
        total = total + (hidden @ unit["output.weights"] + unit["output.bias"]) * torch.cat([e, label])
    return total


def logits():
    fields = [pooled(embedding[t], IDS[f], p) for f, t, p in FIELDS]
    fields += [numeric[:, k, None] * dense["fields.numeric"][0, k] for k in range(NUMBERS)] + [z @ dense["fields.dense.z"]]
    first = sum(pooled(weight[f], IDS[f], p) for f, _, p in FIELDS) + numeric @ dense["linear.numeric"] + z @ dense["linear.dense.z"] + dense["linear.bias"]
    h = torch.cat([*fields, torch.stack([interest(row) for row in range(B)])], 1)
    for k in range(len(HIDDEN)):
        h = torch.relu(h @ dense[f"mlp.{k}.weights"] + dense[f"mlp.{k}.bias"])
    return first + h @ dense[f"mlp.{len(HIDDEN)}.weights"] + dense[f"mlp.{len(HIDDEN)}.bias"]


def host(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


out = logits()
loss = torch.nn.functional.binary_cross_entropy_with_logits(out, LABELS)
leaves = {**dense, **{f"embedding.{t}": v for t, v in embedding.items()}, **{f"weight.{f}": v for f, v in weight.items()}}
gradients = dict(zip(leaves, torch.autograd.grad(loss, leaves.values())))
fixture = {
    "torch": torch.__version__, "embeddingDimension": D, "hidden": HIDDEN, "attentionUnits": UNITS, "maxLength": MAX, "rows": ROWS,
    "fields": FIELDS, "ids": IDS, "events": EVENTS, "history": HISTORY,
    "labels": LABELS.flatten().int().tolist(), "numeric": host(numeric), "z": host(z),
    "parameters": {n: host(v) for n, v in leaves.items()},
    "logits": out.flatten().tolist(), "loss": loss.item(), "gradients": {n: host(g) for n, g in gradients.items()},
}
path = Path(__file__).parents[2] / "packages/ctr-models/test/fixtures/din.json"
path.write_text(json.dumps(fixture) + "\n")
print(path, path.stat().st_size, loss.item())
