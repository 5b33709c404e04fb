"""Interchange of the Arrow tables of @expctr/data with pyarrow, Polars and DuckDB, both ways.

  python tools/oracles/data_interop.py fixtures          writes packages/data/test/fixtures (read by schemas.test.ts)
  python tools/oracles/data_interop.py check FOLDER RAW  reads a folder that `expctr-data prepare` wrote from the MovieLens folder
                                                         RAW with its defaults, with all three libraries, and compares it row for
                                                         row with the same preparation in pandas

Needs pyarrow, polars, duckdb, pandas, numpy.
"""

import json
import pathlib
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "packages/data/test/fixtures"

INTERACTIONS = {
    "user_id": ["u1", "u1", "u1", "u1", "é2"],
    "item_id": ["b", "a", "c", "d", "a"],
    "label": [1, 0, 1, 0, 1],
    "rating": [4.5, None, 5.0, 1.0, 4.0],
    "timestamp": [1_000_000_000_000, 1_000_000_000_000, 1_000_000_001_000, 1_500_000_000_000, 900_000_000_000],
    "split": ["train", "train", "valid", "test", "train"],
    "slice": ["policy", "ctr", None, None, "ctr"],
    "history": [[], [], [0, 1], [0, 1], []],
}
ITEMS = {
    "item_id": ["d", "c", "a", "b"],
    "title": ['11\'09"01 (2002)', "Amélie, Le fabuleux destin (2001)", "日本 (1999)", ""],
    "genres": [[], ["Drama", "War"], ["Comedy"], ["Sci-Fi"]],
}


def schema_metadata(table, name):
    return table.replace_schema_metadata({"expctr.schema": name})


def write(path, table, batch=3):
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch)


def through_duckdb(source):
    table = duckdb.sql("select * from source").to_arrow_table()
    # DuckDB calls every time by its own unit; the schema wants milliseconds.
    return table.cast(pa.schema([pa.field(f.name, pa.timestamp("ms") if pa.types.is_timestamp(f.type) else f.type) for f in table.schema]))


def fixtures():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    n = len(INTERACTIONS["label"])
    text = pa.dictionary(pa.int32(), pa.utf8())
    types = {
        "interaction_id": pa.uint32(),
        "user_id": text,
        "item_id": text,
        "label": pa.uint8(),
        "rating": pa.float32(),
        "timestamp": pa.timestamp("ms"),
        "split": pa.dictionary(pa.int8(), pa.utf8()),
        "slice": text,
        "history": pa.list_(pa.uint32()),
    }
    columns = {"interaction_id": list(range(n)), **INTERACTIONS}
    # pyarrow cannot convert to a small dictionary index at once; encode, then cast
    arrays = {
        name: pa.array(values, pa.utf8()).dictionary_encode().cast(types[name]) if pa.types.is_dictionary(types[name]) else pa.array(values, types[name])
        for name, values in columns.items()
    }
    write(FIXTURES / "pyarrow-interactions.arrow", schema_metadata(pa.table(arrays), "interactions/1"))
    items = pa.table({"item_id": ITEMS["item_id"], "title": ITEMS["title"], "year": pa.array([2002, 2001, 1999, None], pa.float32()), "genres": pa.array(ITEMS["genres"], pa.list_(pa.utf8()))})
    write(FIXTURES / "pyarrow-items.arrow", schema_metadata(items, "items/1"), batch=2)

    # Polars writes large_utf8, large_list and uint32 dictionary indices; it has no place for schema metadata, which is added here.
    frame = pl.DataFrame(
        {"interaction_id": pl.Series(range(n), dtype=pl.UInt32)}
        | {
            name: pl.Series(values, dtype=dtype)
            for (name, values), dtype in zip(
                INTERACTIONS.items(),
                [pl.Categorical, pl.Categorical, pl.UInt8, pl.Float32, pl.Datetime("ms"), pl.Categorical, pl.Categorical, pl.List(pl.UInt32)],
            )
        }
    )
    write(FIXTURES / "polars-interactions.arrow", schema_metadata(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), "interactions/1"))
    frame = pl.DataFrame({"item_id": ITEMS["item_id"], "title": ITEMS["title"], "year": pl.Series([2002, 2001, 1999, None], dtype=pl.Float32), "genres": ITEMS["genres"]})
    write(FIXTURES / "polars-items.arrow", schema_metadata(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), "items/1"))

    # DuckDB, through pyarrow: it drops metadata and makes dictionaries plain text.
    for name, source in (("interactions", pa.table(arrays)), ("items", items)):
        write(FIXTURES / f"duckdb-{name}.arrow", schema_metadata(through_duckdb(source), f"{name}/1"))

    values = np.arange(15, dtype=np.float32) / 4
    vectors = pa.table({"interaction_id": pa.array(range(5), pa.uint32()), "embedding": pa.FixedSizeListArray.from_arrays(pa.array(values), 3)})
    polars_vectors = pl.DataFrame({"interaction_id": pl.Series(range(5), dtype=pl.UInt32), "embedding": pl.Series(values.reshape(5, 3), dtype=pl.Array(pl.Float32, 3))})
    written = {"pyarrow": vectors, "polars": polars_vectors.to_arrow(compat_level=pl.CompatLevel.oldest()), "duckdb": through_duckdb(vectors)}
    for writer, table in written.items():
        metadata = {"expctr.schema": "embeddings/1", "expctr.encoder": "by hand", "expctr.dimension": "3", "expctr.normalized": "false"}
        write(FIXTURES / f"{writer}-embeddings.arrow", table.replace_schema_metadata(metadata))

    order = {item: row for row, item in enumerate(ITEMS["item_id"])}
    codes = list(dict.fromkeys(INTERACTIONS["item_id"]))
    expected = {"title": [ITEMS["title"][order[c]] for c in codes], "genres": [ITEMS["genres"][order[c]] for c in codes]}
    (FIXTURES / "interop.json").write_text(json.dumps({"interactions": INTERACTIONS, "items": expected}, indent=1, ensure_ascii=False) + "\n")
    print("wrote", *sorted(path.name for path in FIXTURES.iterdir()))


def prepared_by_pandas(raw):
    """ml-latest-small with the defaults: 5-core, per-user 80/10/10 by time and file order, strictly earlier train rows as history."""
    rows = pd.read_csv(next(pathlib.Path(raw).glob("ratings.csv*")))
    while True:
        kept = rows[(rows.groupby("userId").userId.transform("size") >= 5)]
        kept = kept[kept.groupby("movieId").movieId.transform("size") >= 5]
        if len(kept) == len(rows):
            break
        rows = kept
    rows = rows.reset_index().sort_values(["userId", "timestamp", "index"]).reset_index(drop=True)
    size = rows.groupby("userId").userId.transform("size")
    place = rows.groupby("userId").cumcount()
    part = np.maximum(1, np.floor(size / 10 + 0.5)).astype(int)
    train = size - 2 * part
    rows["split"] = np.select([place < train, place < train + part], ["train", "valid"], "test")
    rows["slice"] = np.select([place < train // 2, place < train], ["policy", "ctr"], "")
    histories = []
    for _, group in rows.groupby("userId", sort=False):
        times, first = group.timestamp.to_numpy(), group.index[0]
        last_train = int((group.split == "train").sum())
        ends = np.minimum(np.searchsorted(times, times, side="left"), last_train)
        histories += [list(range(first + max(0, end - 20), first + end)) for end in ends]
    rows["history"] = histories
    return rows


def check(folder, raw):
    folder = pathlib.Path(folder)
    path = folder / "interactions.arrow"
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    table.validate(full=True)
    items = pa.ipc.open_file(str(folder / "items.arrow")).read_all()
    items.validate(full=True)
    print(table.schema)

    want = prepared_by_pandas(raw)
    got = table.to_pandas()
    compare = {
        "user_id": got.user_id.astype(str).to_numpy() == want.userId.astype(str).to_numpy(),
        "item_id": got.item_id.astype(str).to_numpy() == want.movieId.astype(str).to_numpy(),
        "label": got.label.to_numpy() == (want.rating >= 4).to_numpy(),
        "rating": got.rating.to_numpy() == want.rating.to_numpy().astype(np.float32),
        "timestamp": got.timestamp.astype("int64").to_numpy() == want.timestamp.to_numpy() * 1000,
        "split": got.split.astype(str).to_numpy() == want.split.to_numpy(),
        "slice": got["slice"].astype(object).where(got["slice"].notna(), "").to_numpy() == want["slice"].to_numpy(),
        "history": np.array([list(a) == b for a, b in zip(got.history, want.history)]),
    }
    for name, equal in compare.items():
        print(f"{name}: {equal.sum()} of {len(equal)} rows equal to pandas")
        assert equal.all(), name

    frame = pl.read_ipc(path)
    assert frame["history"].to_list() == table["history"].to_pylist()
    assert frame["user_id"].cast(pl.Utf8).to_list() == table["user_id"].to_pylist()
    assert frame["slice"].cast(pl.Utf8).to_list() == table["slice"].to_pylist()
    print("Polars:", frame.shape, frame.schema["history"], frame.schema["user_id"])

    counts = duckdb.sql("select split, count(*), sum(label), max(len(history)) from \"table\" group by split order by split").fetchall()
    named = duckdb.sql("select i.title, count(*) n from \"table\" t join items i on i.item_id = t.item_id::varchar where list_contains(i.genres, 'Film-Noir') group by all order by n desc limit 1").fetchall()
    card = json.loads((folder / "card.json").read_text())
    assert [(name, card["splits"][name]["rows"], card["splits"][name]["positives"]) for name in ("test", "train", "valid")] == [row[:3] for row in counts]
    print("DuckDB (through pyarrow):", counts, named)


if __name__ == "__main__":
    {"fixtures": fixtures, "check": check}[sys.argv[1]](*sys.argv[2:])
