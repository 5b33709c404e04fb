"""DeepFM in PyTorch: logits, loss, and gradients of parameters and embedding rows; three steps of Adam and SparseAdam.
Writes packages/ctr-models/test/fixtures/deepfm.json

The batch has single ids, lists (mean and sum pooled, one of them empty), a table shared by three features, numbers and a dense
vector. Every parameter is random, so that no term of the model hides behind a zero.

usage: python tools/oracles/ctr-models_deepfm.py   (torch)
"""
import json
from pathlib import Path

import torch

torch.manual_seed(3)
D, HIDDEN = 4, [6, 5]
ROWS = {"user": 5, "item": 7, "genre": 4}  # id 0 included
FIELDS = [  # name, table, pooling
    ("user", "user", "one"), ("item", "item", "one"), ("genres", "genre", "sum"), ("liked", "item", "mean"), ("disliked", "item", "mean"),
]
IDS = {
    "user": [1, 2, 2, 4, 0, 3], "item": [1, 1, 6, 3, 5, 2],
    "genres": [[1, 2], [3], [], [1], [2, 3, 1], [0]],
    "liked": [[2, 3], [], [1], [4, 4, 5], [6], [1, 2, 3]],
    "disliked": [[], [5], [2, 6], [1], [], [3]],
}
LABELS = torch.tensor([1.0, 0, 1, 1, 0, 0])[:, None]
B, NUMBERS, Z = 6, 2, 3
numeric, z = torch.randn(B, NUMBERS), torch.randn(B, Z)


def parameter(*shape, scale=0.5):
    return (torch.randn(*shape) * scale).requires_grad_()


embedding = {t: parameter(n, D) for t, n in ROWS.items()}
weight = {f: parameter(ROWS[t], 1) for f, t, _ in FIELDS}  # one first-order weight for each use of a table
dense = {
    "linear.bias": parameter(1), "linear.numeric": parameter(NUMBERS, 1), "linear.dense.z": parameter(Z, 1),
    "fields.numeric": parameter(1, NUMBERS, D), "fields.dense.z": parameter(Z, D),
}
widths = [(len(FIELDS) + NUMBERS + 1) * D, *HIDDEN, 1]
for k, (i, o) in enumerate(zip(widths, widths[1:])):
    dense[f"mlp.{k}.weights"], dense[f"mlp.{k}.bias"] = parameter(i, o), parameter(o)


def pooled(table, ids, pooling):
    if pooling == "one":
        return table[torch.tensor(ids)]
    rows = [table[torch.tensor(i)].sum(0) / (len(i) if pooling == "mean" else 1) if i else torch.zeros(table.shape[1]) for i in ids]
    return torch.stack(rows)


def logits():
    fields = [pooled(embedding[t], IDS[f], p) for f, t, p in FIELDS]
    fields += [numeric[:, k, None] * dense["fields.numeric"][0, k] for k in range(NUMBERS)] + [z @ dense["fields.dense.z"]]
    first = sum(pooled(weight[f], IDS[f], p) for f, _, p in FIELDS) + numeric @ dense["linear.numeric"] + z @ dense["linear.dense.z"] + dense["linear.bias"]
    second = sum((fields[a] * fields[b]).sum(1, keepdim=True) for a in range(len(fields)) for b in range(a))  # naive pairs
    h = torch.cat(fields, 1)
    for k in range(len(HIDDEN)):
        h = torch.relu(h @ dense[f"mlp.{k}.weights"] + dense[f"mlp.{k}.bias"])
    return first + second + h @ dense[f"mlp.{len(HIDDEN)}.weights"] + dense[f"mlp.{len(HIDDEN)}.bias"], first, second


def host(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


out, first, second = logits()
loss = torch.nn.functional.binary_cross_entropy_with_logits(out, LABELS)
leaves = {**dense, **{f"embedding.{t}": v for t, v in embedding.items()}, **{f"weight.{f}": v for f, v in weight.items()}}
gradients = dict(zip(leaves, torch.autograd.grad(loss, leaves.values())))
fixture = {
    "torch": torch.__version__, "embeddingDimension": D, "hidden": HIDDEN, "rows": ROWS, "fields": FIELDS, "ids": IDS,
    "labels": LABELS.flatten().int().tolist(), "numeric": host(numeric), "z": host(z),
    "parameters": {n: host(v) for n, v in leaves.items()},
    "logits": out.flatten().tolist(), "fmLogits": (first + second).flatten().tolist(), "linearLogits": first.flatten().tolist(),
    "loss": loss.item(), "gradients": {n: host(g) for n, g in gradients.items()},
}

# Row optimizers: a table of 6 rows, three steps, each with gradients for some rows.
table = torch.randn(6, 3)
steps = [([0, 2], torch.randn(2, 3)), ([2, 5], torch.randn(2, 3)), ([2, 0, 1], torch.randn(3, 3))]
fixture["rowOptimizers"] = {"table": host(table), "steps": [{"ids": i, "gradients": host(g)} for i, g in steps], "after": {}}
for name, make in {
    "adam": lambda p: torch.optim.SparseAdam(p, lr=0.01), "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.01), "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
}.items():
    rows = torch.nn.Parameter(table.clone())
    optimizer = make([rows])
    for ids, gradient in steps:
        rows.grad = torch.sparse_coo_tensor(torch.tensor([ids]), gradient, table.shape)
        optimizer.step()
    fixture["rowOptimizers"]["after"][name] = host(rows)

# Row-wise Adagrad as FBGEMM's EXACT_ROWWISE_ADAGRAD has it: a row's one sum takes the mean of its squared gradient. Columns 0 and 1 are an
# embedding, column 2 is a table of its own.
rows, lr, eps = table.double().clone(), 0.01, 1e-8
for columns in (slice(0, 2), slice(2, 3)):
    moment = torch.zeros(6, dtype=torch.float64)
    for ids, gradient in steps:
        for i, g in zip(ids, gradient.double()[:, columns]):
            moment[i] += (g * g).mean()
            rows[i, columns] -= lr * g / (moment[i].sqrt() + eps)
fixture["rowOptimizers"]["after"]["rowwise-adagrad"] = host(rows)

path = Path(__file__).parents[2] / "packages/ctr-models/test/fixtures/deepfm.json"
path.write_text(json.dumps(fixture) + "\n")
print(path, path.stat().st_size, loss.item())
