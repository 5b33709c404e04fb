"""The preparation of a MovieLens folder in vectorized pandas and NumPy, for tools/bench/data.ts: no Python by row or by user.

  python tools/bench/data_pandas.py FOLDER OUT     writes OUT/interactions.arrow, prints one line of JSON: seconds, peak memory

The rows are those of `expctr-data prepare` with its defaults: rows of known items, the last of a repeated pair, 5-core, labels,
per-user chronological 80/10/10 split, policy and CTR slices, the last 20 strictly earlier train rows as history.
"""

import json
import os
import pathlib
import resource
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa

K_CORE, THRESHOLD, HISTORY, BATCH = 5, 4, 20, 65_536

began = time.perf_counter()
before = resource.getrusage(resource.RUSAGE_SELF)  # what the libraries took to load
laps = {}


def lap(name):
    laps[name] = round(time.perf_counter() - began - sum(laps.values()), 3)


folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
rows = pd.read_csv(folder / "ratings.csv", dtype={"userId": np.int32, "movieId": np.int32, "rating": np.float32, "timestamp": np.int64})
movies = pd.read_csv(folder / "movies.csv")
lap("read")

rows = rows[rows.movieId.isin(movies.movieId)]
user, user_ids = pd.factorize(rows.userId)  # in the order of first appearance
item = pd.Index(movies.movieId).get_indexer(rows.movieId).astype(np.int32)  # in the order of the metadata
rows = pd.DataFrame({"user": user.astype(np.int32), "item": item, "rating": rows.rating.to_numpy(), "timestamp": rows.timestamp.to_numpy()})
rows = rows.take(np.lexsort((rows.timestamp.to_numpy(), rows.user.to_numpy())))  # stable: ties stay in file order
rows = rows.drop_duplicates(["user", "item"], keep="last")
lap("order")

while True:
    enough_users = np.bincount(rows.user, minlength=len(user_ids)) >= K_CORE
    enough_items = np.bincount(rows.item, minlength=len(movies)) >= K_CORE
    keep = enough_users[rows.user.to_numpy()] & enough_items[rows.item.to_numpy()]
    if keep.all():
        break
    rows = rows[keep]
user, item, timestamp = rows.user.to_numpy(), rows.item.to_numpy(), rows.timestamp.to_numpy()
lap("k-core")

n = len(rows)
size = np.bincount(user, minlength=len(user_ids))
start = np.concatenate([[0], np.cumsum(size)[:-1]]).astype(np.int32)
part = np.maximum(1, np.floor(size / 10 + 0.5)).astype(np.int32)
part[size < 3] = 0  # with k >= 3 there is none
train = (size - 2 * part).astype(np.int32)
row = np.arange(n, dtype=np.int32)
place = row - start[user]
own_train = train[user]
split = np.where(place < own_train, 0, np.where(place < own_train + part[user], 1, 2)).astype(np.int32)
slice_ = np.where(place < own_train // 2, 0, 1).astype(np.int32)
label = (rows.rating.to_numpy() >= THRESHOLD).astype(np.uint8)
lap("splits")

fresh = np.concatenate([[True], (user[1:] != user[:-1]) | (timestamp[1:] != timestamp[:-1])])
strictly_before = np.maximum.accumulate(np.where(fresh, row, 0).astype(np.int32))
last = np.minimum(strictly_before, start[user] + own_train)
length = np.minimum(last - start[user], HISTORY).astype(np.int32)
matrix = last[:, None] - np.arange(HISTORY, 0, -1, dtype=np.int32)[None, :]  # [rows, 20] int32, oldest first
valid = matrix >= (last - length)[:, None]
offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int32)
values = matrix[valid].astype(np.uint32)
lap("histories")


def dictionary(codes, texts, mask=None):
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), pa.array(texts, pa.utf8()))


present_users = size > 0
present_items = np.bincount(item, minlength=len(movies)) > 0
user = (np.cumsum(present_users) - 1).astype(np.int32)[user]
item = (np.cumsum(present_items) - 1).astype(np.int32)[item]
table = pa.table(
    {
        "interaction_id": row.view(np.uint32),
        "user_id": dictionary(user, user_ids[present_users].astype(str)),
        "item_id": dictionary(item, movies.movieId[present_items].astype(str)),
        "label": label,
        "rating": rows.rating.to_numpy(),
        "timestamp": pa.array(timestamp * 1000).view(pa.timestamp("ms")),
        "split": dictionary(split, ["train", "valid", "test"]),
        "slice": dictionary(slice_, ["policy", "ctr"], split > 0),
        "history": pa.ListArray.from_arrays(pa.array(offsets), pa.array(values)),
    }
).replace_schema_metadata({"expctr.schema": "interactions/1"})
out.mkdir(parents=True, exist_ok=True)
with pa.OSFile(str(out / "interactions.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
    writer.write_table(table, max_chunksize=BATCH)
lap("write")
descriptor = os.open(out / "interactions.arrow", os.O_RDONLY)
os.fsync(descriptor)
lap("flush")
seconds = time.perf_counter() - began
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"rows": n, "seconds": round(seconds, 3), "cpu": round(usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime, 2), "loadedMB": before.ru_maxrss // 1024, "peakMB": usage.ru_maxrss // 1024, "laps": laps}))
