"""Torch's side of tools/bench/engine.ts: for each line of JSON on stdin, runs that work once and answers with milliseconds."""

import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)


def product(size, transpose_a, transpose_b):
    a, b = torch.rand(size, size) - 0.5, torch.rand(size, size) - 0.5
    x, y = (a.T if transpose_a else a), (b.T if transpose_b else b)
    return lambda: (x @ y).sum()


def deepfm(batch=4096, fields=6, width=16):
    embeddings = (torch.randn(batch, fields, width) * 0.1).requires_grad_()
    linear = (torch.randn(batch, fields) * 0.1).requires_grad_()
    labels = (torch.rand(batch, 1) < 0.5).float()
    sizes = [fields * width, 400, 400, 400, 1]
    layers = [torch.nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])]
    trained = [embeddings, linear, *(p for layer in layers for p in layer.parameters())]

    def step():
        for p in trained:
            p.grad = None
        total = embeddings.sum(1)
        second = 0.5 * (total * total - (embeddings * embeddings).sum(1)).sum(1, keepdim=True)
        state = embeddings.reshape(batch, -1)
        for i, layer in enumerate(layers):
            state = layer(state) if i == len(layers) - 1 else F.relu(layer(state))
        loss = F.binary_cross_entropy_with_logits(linear.sum(1, keepdim=True) + second + state, labels)
        loss.backward()
        return loss

    return step


def llama(depth, batch=4, time_=256, rank=16):
    width, heads, groups, head, inner, vocabulary = 576, 9, 3, 64, 1536, 49152
    w = lambda *shape: torch.randn(*shape) * 0.02
    embedding = w(vocabulary, width)
    base = [
        (torch.ones(width), w(width, width), w(width, groups * head), w(width, groups * head), w(width, width),
         torch.ones(width), w(width, inner), w(width, inner), w(inner, width))
        for _ in range(depth)
    ]
    lora = [[p.requires_grad_() for p in (w(width, rank), w(rank, width), w(width, rank), w(rank, groups * head))] for _ in range(depth)]
    angles = torch.arange(time_).float()[:, None] * (10000 ** (-2 * torch.arange(head // 2).float() / head))[None]
    cos, sin = angles.cos()[None, :, None], angles.sin()[None, :, None]
    mask = torch.full((time_, time_), -1e9).triu(1)
    rms = lambda x, g: x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5) * g
    ids, targets = torch.randint(0, vocabulary, (batch, time_)), torch.randint(0, vocabulary, (batch * time_,))

    def rotate(x):
        a, b = x[..., : head // 2], x[..., head // 2 :]
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def step():
        for layer in lora:
            for p in layer:
                p.grad = None
        x = embedding[ids].reshape(batch * time_, width)
        for (n1, q, k, v, o, n2, gate, up, down), (qa, qb, va, vb) in zip(base, lora):
            h = rms(x, n1)
            query = rotate((h @ q + 2 * (h @ qa @ qb)).view(batch, time_, heads, head)).transpose(1, 2)
            key = rotate((h @ k).view(batch, time_, groups, head)).transpose(1, 2).repeat_interleave(heads // groups, 1)
            value = (h @ v + 2 * (h @ va @ vb)).view(batch, time_, groups, head).transpose(1, 2).repeat_interleave(heads // groups, 1)
            weights = ((query @ key.transpose(-1, -2)) / math.sqrt(head) + mask).softmax(-1)
            x = x + (weights @ value).transpose(1, 2).reshape(batch * time_, width) @ o
            h = rms(x, n2)
            x = x + (F.silu(h @ gate) * (h @ up)) @ down
        loss = F.cross_entropy(x @ embedding.T, targets)
        loss.backward()
        return loss

    return step


makers = {"product": product, "deepfm": deepfm, "llama": llama}
prepared = {}
print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    name, *arguments = json.loads(line)
    key = json.dumps([name, arguments])
    if key not in prepared:
        prepared.clear()
        prepared[key] = makers[name](*arguments)
        prepared[key]()
    started = time.perf_counter()
    prepared[key]()
    milliseconds = (time.perf_counter() - started) * 1e3
    print(json.dumps({"milliseconds": milliseconds, "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}), flush=True)
