"""The loop of PyTorch CTR libraries: DeepFM with embedding tables under dense Adam, on random ids. Prints a JSON object: samples a second of
the second epoch with each of torch's fast implementations of Adam, and rows a second that a model predicts.

usage: python ctr_torch.py ROWS IDS_PER_FIELD
"""
import json
import sys
import time

import torch
from torch import nn

torch.set_num_threads(2)
ROWS, IDS, FIELDS, DIMENSION, BATCH, HIDDEN = int(sys.argv[1]), int(sys.argv[2]), 6, 16, 4096, 400


class DeepFM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.ModuleList([nn.Embedding(IDS, DIMENSION) for _ in range(FIELDS)])
        self.weights = nn.ModuleList([nn.Embedding(IDS, 1) for _ in range(FIELDS)])
        for table in self.embeddings:
            nn.init.normal_(table.weight, std=0.01)
        sizes = [FIELDS * DIMENSION, HIDDEN, HIDDEN, HIDDEN]
        layers = [layer for i, o in zip(sizes, sizes[1:]) for layer in (nn.Linear(i, o), nn.ReLU())]
        self.mlp = nn.Sequential(*layers, nn.Linear(HIDDEN, 1))

    def forward(self, x):
        e = torch.stack([table(x[:, i]) for i, table in enumerate(self.embeddings)], 1)
        first = sum(table(x[:, i]) for i, table in enumerate(self.weights))
        s = e.sum(1)
        return first + 0.5 * (s * s - (e * e).sum(1)).sum(1, keepdim=True) + self.mlp(e.flatten(1))


x, y = torch.randint(0, IDS, (ROWS, FIELDS)), (torch.rand(ROWS, 1) < 0.5).float()


def rate(**kind):
    torch.manual_seed(0)
    model = DeepFM()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, **kind)

    def epoch():
        for i in range(0, ROWS, BATCH):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(model(x[i : i + BATCH]), y[i : i + BATCH]).backward()
            optimizer.step()

    epoch()
    start = time.perf_counter()
    epoch()
    return ROWS / (time.perf_counter() - start)


@torch.inference_mode()
def predicted():
    torch.manual_seed(0)
    model = DeepFM().eval()

    def all_rows():
        return torch.cat([torch.sigmoid(model(x[i : i + BATCH])) for i in range(0, ROWS, BATCH)])

    all_rows()
    start = time.perf_counter()
    all_rows()
    return ROWS / (time.perf_counter() - start)


print(json.dumps({"fused": rate(fused=True), "foreach": rate(foreach=True), "prediction": predicted()}))
