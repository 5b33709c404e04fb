"""The preparation of data_pandas.py in Polars, on all cores, for tools/bench/data.ts.

  python tools/bench/data_polars.py FOLDER OUT     writes OUT/interactions.arrow, prints one line of JSON: seconds, peak memory
"""

import json
import os
import pathlib
import resource
import sys
import time

import polars as pl

K_CORE, THRESHOLD, HISTORY, BATCH = 5, 4, 20, 65_536

began = time.perf_counter()
before = resource.getrusage(resource.RUSAGE_SELF)  # what the libraries took to load
laps = {}


def lap(name):
    laps[name] = round(time.perf_counter() - began - sum(laps.values()), 3)


folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
rows = pl.read_csv(folder / "ratings.csv", schema_overrides={"userId": pl.Int32, "movieId": pl.Int32, "rating": pl.Float32, "timestamp": pl.Int64})
movies = pl.read_csv(folder / "movies.csv", schema_overrides={"movieId": pl.Int32})
lap("read")

movies = movies.select("movieId", item=pl.int_range(pl.len(), dtype=pl.UInt32))
users = rows.select(pl.col("userId").unique(maintain_order=True)).with_columns(user=pl.int_range(pl.len(), dtype=pl.UInt32))
rows = (
    rows.lazy()
    .with_row_index("place")
    .join(movies.lazy(), on="movieId")
    .join(users.lazy(), on="userId")
    .sort("user", "timestamp", "place")
    .unique(["user", "item"], keep="last", maintain_order=True)
    .collect()
)
lap("order")

while True:
    kept = rows.filter((pl.len().over("user") >= K_CORE) & (pl.len().over("item") >= K_CORE))
    if kept.height == rows.height:
        break
    rows = kept
lap("k-core")

size = pl.len().over("user").cast(pl.Int32)
part = pl.max_horizontal(1, ((size + 5) // 10)).cast(pl.Int32)
frame = (
    rows.lazy()
    .with_columns(row=pl.int_range(pl.len(), dtype=pl.Int32))
    .with_columns(start=pl.col("row").min().over("user"), train=size - 2 * part, part=part, strictly_before=pl.col("row").min().over("user", "timestamp"))
    .with_columns(place=pl.col("row") - pl.col("start"), last=pl.min_horizontal("strictly_before", pl.col("start") + pl.col("train")))
    .select(
        interaction_id=pl.col("row").cast(pl.UInt32),
        user_id=pl.col("userId").cast(pl.Utf8).cast(pl.Categorical),
        item_id=pl.col("movieId").cast(pl.Utf8).cast(pl.Categorical),
        label=(pl.col("rating") >= THRESHOLD).cast(pl.UInt8),
        rating="rating",
        timestamp=(pl.col("timestamp") * 1000).cast(pl.Datetime("ms")),
        split=pl.when(pl.col("place") < pl.col("train")).then(pl.lit("train")).when(pl.col("place") < pl.col("train") + pl.col("part")).then(pl.lit("valid")).otherwise(pl.lit("test")).cast(pl.Categorical),
        slice=pl.when(pl.col("place") < pl.col("train") // 2).then(pl.lit("policy")).when(pl.col("place") < pl.col("train")).then(pl.lit("ctr")).cast(pl.Categorical),
        history=pl.int_ranges(pl.max_horizontal("start", pl.col("last") - HISTORY), "last", dtype=pl.UInt32),
    )
    .collect()
)
lap("columns")

out.mkdir(parents=True, exist_ok=True)
frame.write_ipc(out / "interactions.arrow", record_batch_size=BATCH)
lap("write")
descriptor = os.open(out / "interactions.arrow", os.O_RDONLY)
os.fsync(descriptor)
lap("flush")
seconds = time.perf_counter() - began
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"rows": frame.height, "seconds": round(seconds, 3), "cpu": round(usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime, 2), "loadedMB": before.ru_maxrss // 1024, "peakMB": usage.ru_maxrss // 1024, "laps": laps}))
