"""Every backbone in PyTorch, written from its paper: logits, loss, and gradients of parameters and embedding rows.
Writes packages/ctr-models/test/fixtures/backbones.json

Rows are computed one by one and lists event by event: no padding, no mask. Parameters are a formula of their path, the same in the test,
so that the fixture need not hold them. All numbers are float64; parameters are rounded to float32 first.

usage: python tools/oracles/ctr-models_backbones.py   (torch)
"""
import json
from math import prod, sin
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
D, HIDDEN, MAX = 2, [4, 2], 4
ROWS = {"user": 5, "item": 7, "genre": 4, "label": 3}  # id 0 included
FIELDS = [("user", "user", "one"), ("item", "item", "one"), ("genres", "genre", "mean"), ("liked", "item", "mean")]  # name, table, pooling
IDS = {
    "user": [1, 2, 2, 4, 0, 3], "item": [1, 1, 6, 3, 5, 2],
    "genres": [[1, 2], [3], [], [1], [2, 3, 1], [0]],
    "liked": [[2, 3], [], [1], [4, 4, 5], [6], [1, 2, 3]],
}
EVENTS = {  # by event
    "item": [1, 3, 5, 1, 3, 0, 6], "genres": [[1], [2, 3], [], [3], [1, 2, 3], [2], [1, 1]], "label": [1, 2, 2, 1, 2, 1, 0],
}
HISTORY = [[0, 1, 3], [], [3], [4, 4, 5], [0, 1, 2, 3, 6], [2, 6]]
LABELS = [1, 0, 1, 1, 0, 0]
B, Z, NAMES = 6, 3, ["user", "item", "genres", "liked", "n", "z"]
EVENT, TARGET = 3 * D, 2 * D  # item, genres, label; of which item and genres have a target


def formula(path, count):
    """As `formula` in the test."""
    start = sum((at + 1) * ord(letter) for at, letter in enumerate(path)) % 1000
    middle, spread = (0.4, 0.2) if path.endswith("bias") else (0, 0.6)  # units that ReLU lets through
    return [middle + spread * sin(start + 1.7 * k + 0.13 * k * k) for k in range(count)]


numeric = torch.tensor(formula("n", B)).float().double()[:, None]
z = torch.tensor(formula("z", B * Z)).float().double().reshape(B, Z)


class Parameters(dict):
    """Made where they are first asked for."""

    def __call__(self, path, *shape):
        if path not in self:
            self[path] = torch.tensor(formula(path, prod(shape))).float().double().reshape(shape).requires_grad_()
        return self[path]


def linear(p, path, x, out):
    return x @ p(f"{path}.weights", x.shape[-1], out) + p(f"{path}.bias", out)


def norm(p, path, x):
    gain, bias = p(f"{path}.gain", *x.shape[-1:]), p(f"{path}.bias", *x.shape[-1:])
    return F.layer_norm(x, x.shape[-1:], gain, bias, eps=1e-5)


def hidden_layers(p, path, x, widths):
    for k, width in enumerate(widths):
        x = torch.relu(linear(p, f"{path}.{k}", x, width))
    return x


def mlp(p, x, hidden=HIDDEN):
    return linear(p, f"mlp.{len(hidden)}", hidden_layers(p, "mlp", x, hidden), 1)


def mean(table, ids):
    return torch.stack([table[i] for i in ids]).mean(0) if ids else torch.zeros(table.shape[1])


def pooled(table, ids, pooling):
    return table[ids] if pooling == "one" else mean(table, ids)


class Row:
    """What a backbone knows of a row; parameters in `p`."""

    def __init__(self, p, row, fusion):
        self.p, self.row, self.fusion, self.z = p, row, fusion, z[row]
        table = {t: p(f"embedding.{t}", n, D) for t, n in ROWS.items()}
        self.tables = [pooled(table[t], IDS[f][row], pool) for f, t, pool in FIELDS]
        self.fields = [*self.tables, numeric[row, 0] * p("fields.numeric", 1, 1, D)[0, 0]]
        self.ids = len(self.fields)
        if fusion != "deep":
            vector = self.z @ p("fields.dense.z", Z, D)
            if fusion == "gate":
                path = "fields.gate.dense.z"
                said = torch.cat(self.tables) @ p(f"{path}.ids", 4 * D, D) + self.z @ p(f"{path}.vector", Z, D) + p(f"{path}.bias", D)
                vector = 2 * torch.sigmoid(said) * vector
            self.fields.append(vector)
        self.flat = torch.cat(self.fields)
        events = HISTORY[row][-MAX:]
        self.past = [
            torch.cat([table["item"][EVENTS["item"][e]], mean(table["genre"], EVENTS["genres"][e]), table["label"][EVENTS["label"][e]]])
            for e in events
        ]
        self.events = events
        self.target = torch.cat([self.tables[1], self.tables[2]])

    def beside(self, x):
        return torch.cat([x, self.z @ self.p("fields.deep.dense.z", Z, D)]) if self.fusion in ("deep", "both") else x

    def deep(self):
        return self.beside(self.flat)

    def first_order(self):
        p = self.p
        total = sum(pooled(p(f"weight.{f}", ROWS[t], 1), IDS[f][self.row], pool) for f, t, pool in FIELDS)
        return total + numeric[self.row] @ p("linear.numeric", 1, 1) + self.z @ p("linear.dense.z", Z, 1) + p("linear.bias", 1)


def pairs(n):
    return [(i, j) for i in range(n) for j in range(i + 1, n)]


def fwfm(r, o):
    n = len(r.fields)
    strengths = r.p("strengths", n, n)
    return sum(strengths[i, j] * (r.fields[i] @ r.fields[j]) for i, j in pairs(n))[None]


def wide_and_deep(r, o):
    return mlp(r.p, r.deep())


def deepfm(r, o):
    return sum(r.fields[i] @ r.fields[j] for i, j in pairs(len(r.fields))) + mlp(r.p, r.deep())


def around_cross(r, o, crossed):
    if o["structure"] == "stacked":
        return mlp(r.p, r.beside(crossed))
    return crossed @ r.p("crossed", len(crossed), 1) + mlp(r.p, r.deep())


def dcnv2(r, o):
    x, width, rank = r.flat, len(r.flat), o.get("rank")
    for k in range(o["crossLayers"]):
        path = f"cross.{k}"
        mixture = linear(r.p, path, x, width) if rank is None else linear(r.p, f"{path}.up", x @ r.p(f"{path}.down", width, rank), width)
        x = r.flat * mixture + x
    return around_cross(r, o, x)


def gdcn(r, o):
    x, width = r.flat, len(r.flat)
    for k in range(o["crossLayers"]):
        gate = torch.sigmoid(x @ r.p(f"gates.{k}", width, width))
        x = r.flat * linear(r.p, f"cross.{k}", x, width) * gate + x
    return around_cross(r, o, x)


def xdeepfm(r, o):
    maps, sums = r.fields, []
    for k, count in enumerate(o["featureMaps"]):
        weights = r.p(f"cin.{k}", len(maps) * len(r.fields), count)
        made = []
        for h in range(count):
            made.append(sum(weights[i * len(r.fields) + j, h] * (a * b) for i, a in enumerate(maps) for j, b in enumerate(r.fields)))
        maps = made
        sums += [m.sum() for m in maps]
    return torch.stack(sums) @ r.p("output", len(sums), 1) + mlp(r.p, r.deep())


def autoint(r, o):
    e, heads, units = r.fields, o["heads"], o["headUnits"]
    for k in range(o["attentionLayers"]):
        path, width = f"layers.{k}", len(e[0])
        query, key, value = (r.p(f"{path}.{name}", width, heads, units) for name in ("query", "key", "value"))
        residual = r.p(f"{path}.residual", width, heads * units)
        made = []
        for m in range(len(e)):
            parts = []
            for h in range(heads):
                psi = torch.stack([(e[m] @ query[:, h]) @ (e[j] @ key[:, h]) for j in range(r.ids)])
                alpha = torch.softmax(psi, 0)
                parts.append(sum(alpha[j] * (e[j] @ value[:, h]) for j in range(r.ids)))
            made.append(torch.relu(torch.cat(parts) + e[m] @ residual))
        e = made
    e = torch.cat(e)
    return e @ r.p("output", len(e), 1) + mlp(r.p, r.deep())


def fibinet(r, o):
    n, kind = len(r.fields), o["bilinear"]
    reduced = max(1, int(r.ids / o["reduction"]))
    squeezed = torch.stack([e.mean() for e in r.fields])
    importance = torch.relu(torch.relu(squeezed @ r.p("senet.reduce", n, reduced)) @ r.p("senet.restore", reduced, n))
    count = {"all": 1, "each": n - 1, "interaction": n * (n - 1) // 2}[kind]

    def bilinear(v, path):
        w = r.p(path, count, D, D)
        which = lambda k, i: {"all": 0, "each": i, "interaction": k}[kind]
        return [(v[i] @ w[which(k, i)]) * v[j] for k, (i, j) in enumerate(pairs(n))]

    products = bilinear(r.fields, "original") + bilinear([a * e for a, e in zip(importance, r.fields)], "weighed")
    return mlp(r.p, r.beside(torch.cat(products)))


def masknet(r, o):
    gain, bias = r.p("norm.gain", 4, D), r.p("norm.bias", 4, D)
    normalized = [F.layer_norm(e, [D], gain[k], bias[k], eps=1e-5) for k, e in enumerate(r.tables)] + r.fields[4:]
    emb, x = r.deep(), r.beside(torch.cat(normalized))

    def block(k, x):
        path = f"blocks.{k}"
        mask = linear(r.p, f"{path}.projection", torch.relu(linear(r.p, f"{path}.aggregation", emb, o["maskUnits"])), len(x))
        return torch.relu(norm(r.p, f"{path}.norm", (mask * x) @ r.p(f"{path}.weights", len(x), o["blockUnits"])))

    if o["structure"] == "parallel":
        return mlp(r.p, torch.cat([block(k, x) for k in range(o["blocks"])]))
    for k in range(o["blocks"]):
        x = block(k, x)
    return linear(r.p, "output", x, 1)


def finalmlp(r, o):
    flat, heads, outputs = r.deep(), o["fusionHeads"], []
    for k, (hidden, context) in enumerate([(HIDDEN, o.get("context1", [])), (o["hidden2"], o.get("context2", []))]):
        path, x = f"streams.{k}", flat
        if o["gating"]:
            units = o["gateUnits"]
            said = r.p(f"{path}.gate.bias", units)
            for name in context:
                at = NAMES.index(name)
                said = said + r.fields[at] @ r.p(f"{path}.gate.fields.{at}", D, units)
            x = flat * 2 * torch.sigmoid(linear(r.p, f"{path}.gate.output", torch.relu(said), len(flat)))
        outputs.append(hidden_layers(r.p, f"{path}.layers", x, hidden))
    one, two = outputs
    total = r.p("bias", 1)
    for k, out in enumerate(outputs):
        total = total + out @ r.p(f"streams.{k}.output", len(out), 1)
    a, b = len(one) // heads, len(two) // heads
    w = r.p("bilinear", heads, a, b)
    return total + sum(one[h * a:(h + 1) * a] @ w[h] @ two[h * b:(h + 1) * b] for h in range(heads))


def finalnet(r, o):
    results = []
    for k in range({"one": 1, "two": 2}[o["finalBlocks"]]):
        x = r.deep()
        if k == 0 and o["gating"]:
            stacked = torch.stack(r.fields)  # [fields, D]
            gates = torch.stack([linear(r.p, "gate", stacked[:, d], len(r.fields)) for d in range(D)], 1)
            x = torch.cat([x, (stacked * gates).flatten()])
        for layer, width in enumerate(HIDDEN):
            h, g = linear(r.p, f"blocks.{k}.layers.{layer}", x, 2 * width).split(width)
            x = h + h * g
        results.append(linear(r.p, f"blocks.{k}.output", x, 1))
    return sum(results) / len(results)


def gru(p, path, inputs, units, attention=None):
    """Zhou et al. 2019, equations 2 to 5, and the attentional update gate of AUGRU; gates u, r, candidate side by side."""
    h, states = torch.zeros(units), []
    for t, i in enumerate(inputs):
        w, u = p(f"{path}.input", len(i), 3 * units), p(f"{path}.state", units, 3 * units)
        wu, wr, wh = (i @ w + p(f"{path}.bias", 3 * units)).split(units)
        uu, ur, uh = (h @ u).split(units)
        update, reset = torch.sigmoid(wu + uu), torch.sigmoid(wr + ur)
        candidate = torch.tanh(wh + reset * uh)
        if attention is not None:
            update = attention[t] * update
        h = (1 - update) * h + update * candidate
        states.append(h)
    return states


def dien(r, o):
    units, path = o["interestUnits"], "interests.history"
    last = torch.zeros(units)
    if r.past:
        states = gru(r.p, f"{path}.extractor", r.past, units)
        attention = torch.softmax(torch.stack([h @ r.p(f"{path}.attention", units, TARGET) @ r.target for h in states]), 0)
        last = gru(r.p, f"{path}.evolving", states, units, attention)[-1]
    return mlp(r.p, torch.cat([r.deep(), last]))


def heads_of(p, path, name, x, heads, units):
    w = p(f"{path}.{name}", x.shape[-1], heads, units)
    return torch.einsum("li,ihu->hlu", x, w)


def attention(p, path, x, heads, units, causal):
    """softmax(Q K^T / sqrt(d)) V, heads side by side, of the elements x [L, width]."""
    q, k, v = (heads_of(p, path, name, x, heads, units) for name in ("query", "key", "value"))
    out = F.scaled_dot_product_attention(q, k, v, is_causal=causal)  # oldest first: causal is "no later"
    return out.transpose(0, 1).flatten(1)


def bst(r, o):
    heads, units, path = o["heads"], o["headUnits"], "transformers.history"
    width = heads * units
    positions = r.p(f"{path}.positions", MAX + 1, width)
    x = [r.target @ r.p(f"{path}.target", TARGET, width) + positions[0]]
    x += [e @ r.p(f"{path}.event", EVENT, width) + positions[len(r.past) - k] for k, e in enumerate(r.past)]
    x = torch.stack(x)
    for k in range(o["transformerBlocks"]):
        block = f"{path}.blocks.{k}"
        s = norm(r.p, f"{block}.attentionNorm", x + attention(r.p, block, x, heads, units, False))
        x = norm(r.p, f"{block}.forwardNorm", s + linear(r.p, f"{block}.second", F.leaky_relu(linear(r.p, f"{block}.first", s, width)), width))
    past = x[1:].mean(0) if r.past else torch.zeros(width)
    return mlp(r.p, torch.cat([r.deep(), x[0], past]))


def sasrec(r, o):
    heads, units, path = o["heads"], o["headUnits"], "attention.history"
    width = heads * units
    state = torch.zeros(width)
    if r.past:
        positions = r.p(f"{path}.positions", MAX, width)
        x = torch.stack([e @ r.p(f"{path}.event", EVENT, width) + positions[len(r.past) - 1 - k] for k, e in enumerate(r.past)])
        for k in range(o["transformerBlocks"]):
            block = f"{path}.blocks.{k}"
            x = x + attention(r.p, block, norm(r.p, f"{block}.attentionNorm", x), heads, units, True)
            x = x + linear(r.p, f"{block}.second", torch.relu(linear(r.p, f"{block}.first", norm(r.p, f"{block}.forwardNorm", x), width)), width)
        state = norm(r.p, f"{path}.norm", x[-1])
    relevance = state @ r.p(f"{path}.relevance", width, TARGET) @ r.target
    return mlp(r.p, torch.cat([r.deep(), state])) + relevance


def sim(r, o):
    heads, units, path = o["heads"], o["headUnits"], "search.history"
    own = {"item": [IDS["item"][r.row]], "genres": IDS["genres"][r.row]}
    of = lambda e, field: [EVENTS["item"][e]] if field == "item" else EVENTS["genres"][e]
    field = o["searchField"]
    found = [v for e, v in zip(r.events, r.past) if set(of(e, field)) & set(own[field]) - {0}]
    parts = []
    for h in range(heads):
        past, target = r.p(f"{path}.past", EVENT, heads, units)[:, h], r.p(f"{path}.target", TARGET, heads, units)[:, h]
        if not found:
            parts.append(torch.zeros(EVENT))
            continue
        score = torch.softmax(torch.stack([(v @ past) @ (r.target @ target) for v in found]), 0)
        parts.append(sum(a * v for a, v in zip(score, found)))
    return mlp(r.p, torch.cat([r.deep(), *parts]))


CROSS = {"crossLayers": 2}
HISTORIES = ["dien", "bst", "sasrec", "sim"]
CASES = [  # backbone, function, its options, fusion
    ("fwfm", fwfm, {}, "gate"),
    ("wide-and-deep", wide_and_deep, {}, "field"),
    ("deepfm", deepfm, {}, "deep"), ("deepfm", deepfm, {}, "both"), ("deepfm", deepfm, {}, "gate"),
    ("dcnv2", dcnv2, {**CROSS, "structure": "parallel"}, "field"),
    ("dcnv2", dcnv2, {"crossLayers": 1, "structure": "stacked", "firstOrder": False}, "both"),
    ("dcnv2", dcnv2, {**CROSS, "structure": "parallel", "rank": 3}, "deep"),
    ("xdeepfm", xdeepfm, {"featureMaps": [3, 2]}, "field"),
    ("autoint", autoint, {"attentionLayers": 2, "heads": 2, "headUnits": 2}, "field"),
    ("fibinet", fibinet, {"bilinear": "all", "reduction": 2}, "field"),
    ("fibinet", fibinet, {"bilinear": "each", "reduction": 2}, "deep"),
    ("fibinet", fibinet, {"bilinear": "interaction", "reduction": 2}, "field"),
    ("masknet", masknet, {"structure": "parallel", "blocks": 2, "blockUnits": 3, "maskUnits": 4}, "field"),
    ("masknet", masknet, {"structure": "serial", "blocks": 2, "blockUnits": 4, "maskUnits": 4}, "both"),
    ("finalmlp", finalmlp, {"hidden2": [4], "fusionHeads": 2, "gating": True, "gateUnits": 3, "context1": ["user", "z"]}, "field"),
    ("finalmlp", finalmlp, {"hidden2": [3], "fusionHeads": 1, "gating": False, "firstOrder": False}, "field"),
    ("finalnet", finalnet, {"finalBlocks": "two", "gating": True}, "both"),
    ("finalnet", finalnet, {"finalBlocks": "one", "gating": False}, "field"),
    ("gdcn", gdcn, {**CROSS, "structure": "parallel"}, "field"),
    ("gdcn", gdcn, {"crossLayers": 1, "structure": "stacked"}, "field"),
    ("dien", dien, {"interestUnits": 3}, "field"),
    ("bst", bst, {"heads": 2, "headUnits": 2, "transformerBlocks": 2}, "field"),
    ("sasrec", sasrec, {"heads": 2, "headUnits": 2, "transformerBlocks": 2}, "deep"),
    ("sim", sim, {"heads": 2, "headUnits": 2, "searchField": "genres"}, "field"),
    ("sim", sim, {"heads": 1, "headUnits": 2, "searchField": "item"}, "field"),
]


def rounded(tensor):
    return [float(f"{value:.6g}") for value in tensor.detach().flatten().tolist()]


def computed(name, logits, options, fusion):
    p = Parameters()
    rows = [Row(p, row, fusion) for row in range(B)]
    out = torch.stack([logits(r, options) + (r.first_order() if options.get("firstOrder", True) else 0) for r in rows])
    loss = F.binary_cross_entropy_with_logits(out, torch.tensor(LABELS, dtype=torch.float64)[:, None])
    gradients = dict(zip(p, torch.autograd.grad(loss, p.values(), allow_unused=True)))
    gradients = {path: torch.zeros_like(p[path]) if g is None else g for path, g in gradients.items()}
    silent = [path for path, g in gradients.items() if not g.any() and not (path == "embedding.label" and name not in HISTORIES)]
    assert silent == [], f"{name} {options}: nothing is heard of {silent}"
    print(name, fusion, options, f"loss {loss.item():.3f}", f"numbers {sum(g.numel() for g in gradients.values())}")
    return {
        "backbone": name, "fusion": fusion, "options": {**({} if name == "fwfm" else {"hidden": HIDDEN}), **options},
        "logits": rounded(out), "loss": loss.item(),
        "gradients": {path: {"shape": list(g.shape), "data": rounded(g)} for path, g in gradients.items()},
    }


fixture = {
    "torch": torch.__version__, "embeddingDimension": D, "maxLength": MAX, "rows": ROWS, "ids": IDS, "events": EVENTS, "history": HISTORY,
    "labels": LABELS, "cases": [computed(*case) for case in CASES],
}
path = Path(__file__).parents[2] / "packages/ctr-models/test/fixtures/backbones.json"
path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
print(path, path.stat().st_size)
