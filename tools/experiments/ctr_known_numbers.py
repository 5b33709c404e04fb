"""The torch side of `npm run experiment -- ctr-known-numbers`: fits a model on the batches that a folder names, and writes probabilities.

The loop is the usual one: torch's SparseAdam on embedding tables, Adam on the rest, early stopping on the log-loss of the validation rows.
Initial values have the distributions of the other side, and not its numbers.

usage: python ctr_known_numbers.py FOLDER   (torch, numpy)
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
options, seed, sizes = job["options"], job["seed"], job["sizes"]
torch.manual_seed(seed)
torch.set_num_threads(job["threads"])
DIMENSION = options["embeddingDimension"]
FIELDS = len(sizes)


def read(name, kind, *shape):
    return torch.from_numpy(np.fromfile(folder / name, dtype=kind).astype(np.int64)).reshape(shape)


parts = {part: (read(f"{part}-ids.bin", np.int32, -1, FIELDS), read(f"{part}-labels.bin", np.uint8, -1, 1).float()) for part in ("train", "valid", "test")}
orders = read("orders.bin", np.int32, job["epochs"], -1)


def uniform(shape, deviation):
    bound = deviation * 3**0.5
    return torch.empty(shape).uniform_(-bound, bound)


def dense(i, o, deviation):
    layer = nn.Linear(i, o)
    layer.weight.data, layer.bias.data = uniform((o, i), deviation), torch.zeros(o)
    return layer


def hidden(i, widths, dropout):
    layers = []
    for o in widths:
        layers += [dense(i, o, (2 / i) ** 0.5), nn.ReLU(), nn.Dropout(dropout)]
        i = o
    return nn.Sequential(*layers), i


class Net(nn.Module):
    """Tables, and what stands on their embeddings [batch, fields * dimension]."""

    def __init__(self, embedded, first_order):
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(n, DIMENSION, sparse=True) for n in sizes) if embedded else None
        self.weights = nn.ModuleList(nn.Embedding(n, 1, sparse=True) for n in sizes) if first_order else None
        for table in self.embeddings or []:
            table.weight.data = uniform((table.num_embeddings, DIMENSION), 0.01)
            table.weight.data[0] = 0
        for table in self.weights or []:
            nn.init.zeros_(table.weight)
        self.bias = nn.Parameter(torch.zeros(1))

    def rows(self, ids):
        return torch.stack([table(ids[:, k]) for k, table in enumerate(self.embeddings)], 1)

    def first_order(self, ids):
        return sum(table(ids[:, k]) for k, table in enumerate(self.weights)) + self.bias

    def penalty(self, ids):
        """L2 of the rows of a batch, each once."""
        tables = [table for tables in (self.embeddings, self.weights) for table in enumerate(tables or [])]
        return sum((table(ids[:, k].unique()) ** 2).sum() for k, table in tables) * options["embeddingL2"] / 2


class LogisticRegression(Net):
    def __init__(self):
        super().__init__(False, True)

    def forward(self, ids):
        return self.first_order(ids)


def products(e):
    return 0.5 * (e.sum(1) ** 2 - (e**2).sum(1)).sum(1, keepdim=True)


class FM(Net):
    def __init__(self):
        super().__init__(True, True)

    def forward(self, ids):
        return self.first_order(ids) + products(self.rows(ids))


class DeepFM(Net):
    def __init__(self):
        super().__init__(True, True)
        self.hidden, width = hidden(FIELDS * DIMENSION, options["hidden"], options["dropout"])
        self.out = dense(width, 1, width**-0.5)

    def forward(self, ids):
        e = self.rows(ids)
        return self.first_order(ids) + products(e) + self.out(self.hidden(e.flatten(1)))


class DCNv2(Net):
    def __init__(self):
        super().__init__(True, False)
        width = FIELDS * DIMENSION
        self.cross = nn.ModuleList(dense(width, width, width**-0.5) for _ in range(options["crossLayers"]))
        self.hidden, last = hidden(width, options["hidden"], options["dropout"])
        self.crossed, self.out = nn.Linear(width, 1, bias=False), dense(last, 1, last**-0.5)
        self.crossed.weight.data = uniform((1, width), width**-0.5)

    def forward(self, ids):
        first = x = self.rows(ids).flatten(1)
        for layer in self.cross:
            x = first * layer(x) + x
        return self.crossed(x) + self.out(self.hidden(first))


class FinalMLP(Net):
    def __init__(self):
        super().__init__(True, False)
        width, heads = FIELDS * DIMENSION, options["fusionHeads"]
        units = options["gateUnits"]
        self.constants = nn.ParameterList(uniform((1, units), units**-0.5) for _ in range(2))
        self.gates = nn.ModuleList(dense(units, width, units**-0.5) for _ in range(2))
        one, a = hidden(width, options["hidden"], options["dropout"])
        two, b = hidden(width, options["hidden2"], options["dropout2"])
        self.streams = nn.ModuleList([one, two])
        self.outs = nn.ModuleList([nn.Linear(a, 1, bias=False), nn.Linear(b, 1, bias=False)])
        for layer, n in zip(self.outs, (a, b)):
            layer.weight.data = uniform((1, n), n**-0.5)
        self.heads = heads
        self.bilinear = nn.Parameter(uniform((heads, a // heads, b // heads), (a * b / heads) ** -0.5))

    def forward(self, ids):
        flat = self.rows(ids).flatten(1)
        one, two = (stream(flat * 2 * torch.sigmoid(gate(torch.relu(c)))) for stream, gate, c in zip(self.streams, self.gates, self.constants))
        pair = torch.einsum("bhi,hij,bhj->b", one.unflatten(1, (self.heads, -1)), self.bilinear, two.unflatten(1, (self.heads, -1)))
        return self.outs[0](one) + self.outs[1](two) + pair[:, None] + self.bias


model = {"logistic-regression": LogisticRegression, "fm": FM, "deepfm": DeepFM, "dcnv2": DCNv2, "finalmlp": FinalMLP}[job["backbone"]]()
tables = [p for name, p in model.named_parameters() if name.startswith(("embeddings.", "weights."))]
others = [p for name, p in model.named_parameters() if not name.startswith(("embeddings.", "weights."))]
optimizers = [torch.optim.SparseAdam(tables, lr=options["learningRate"]), torch.optim.Adam(others, lr=options["learningRate"])]


def logits(part):
    model.eval()
    with torch.no_grad():
        return torch.cat([model(ids) for ids in parts[part][0].split(8192)])


best, since, kept = float("inf"), 0, None
ids, labels = parts["train"]
for epoch in range(job["epochs"]):
    model.train()
    for rows in orders[epoch].split(options["batchSize"]):
        for optimizer in optimizers:
            optimizer.zero_grad()
        (F.binary_cross_entropy_with_logits(model(ids[rows]), labels[rows]) + model.penalty(ids[rows])).backward()
        for optimizer in optimizers:
            optimizer.step()
    loss = F.binary_cross_entropy_with_logits(logits("valid"), parts["valid"][1]).item()
    if loss < best:
        best, since, kept = loss, 0, (epoch + 1, logits("test"))
    else:
        since += 1
        if since >= options["patience"]:
            break

torch.sigmoid(kept[1].double()).numpy().tofile(folder / "probabilities.bin")
print(json.dumps({"epoch": kept[0], "valid": best}))
