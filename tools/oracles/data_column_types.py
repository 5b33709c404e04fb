"""Tables with the column types that pyarrow, Polars, DuckDB and pandas write, by pyarrow: interactions whose ids are decimals beyond
2^53 and whose ratings are decimals, items with a column of each type.
Writes packages/data/test/fixtures/types/{interactions,items}.{arrow,parquet}, spans.arrow with a
duration, and items-{lz4,zstd}.arrow with compressed bodies.

usage: python tools/oracles/data_column_types.py   (pyarrow)
"""
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

OUT = Path(__file__).parents[2] / "packages/data/test/fixtures/types"
OUT.mkdir(parents=True, exist_ok=True)
IDS = [Decimal(8_100_000_000_000_000_000 + k) for k in (1, 2, 3)]
ID = pa.decimal128(20, 0)

interactions = pa.table({
    "u": pa.array(["u1", "u1", "u2"]),
    "i": pa.array(IDS, ID),
    "r": pa.array([Decimal("4.5"), Decimal("-1.5"), Decimal("0.1")], pa.decimal128(3, 1)),
})
columns = {
    "i": pa.array(IDS, ID),
    "title": pa.array(["A", None, "C"], pa.large_string()),
    "price": pa.array([Decimal("1299.95"), Decimal("-0.07"), None], pa.decimal128(10, 2)),
    "wide": pa.array([Decimal("12345678901234567890.125"), None, Decimal("-0.001")], pa.decimal256(40, 3)),
    "thousands": pa.array([Decimal("12E3"), Decimal("-7E3"), None], pa.decimal128(5, -3)),
    "half": pa.array([1.5, None, -0.25], pa.float16()),
    "list": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
    "large": pa.array([["a", "b"], None, ["c"]], pa.large_list(pa.string())),
    "fixed": pa.array([["a", "b"], None, ["c", "d"]], pa.list_(pa.string(), 2)),
    "nested": pa.array([[["a"], ["b", None]], None, []], pa.large_list(pa.list_(pa.string()))),
    "coded": pa.array(["a", None, "b"]).dictionary_encode(),
    "decimals": pa.array([[Decimal("1.10")], None, [Decimal("2.25"), Decimal("3.00")]], pa.list_(pa.decimal128(5, 2))),
    "bytes": pa.array([b"a", None, b"\xc3\xa9"], pa.binary()),
    "bytes2": pa.array([b"ab", None, b"cd"], pa.binary(2)),
    "noise": pa.array([b"a", None, b"\xff\xfe"], pa.binary()),
    "day": pa.array([date(2020, 2, 29), None, date(1999, 12, 31)], pa.date32()),
    "moment": pa.array([datetime(2020, 2, 29, 12, 30, 1, tzinfo=timezone.utc), None, datetime(1999, 12, 31, tzinfo=timezone.utc)], pa.timestamp("us", "UTC")),
    "struct": pa.array([{"a": 1}, None, {"a": 2}], pa.struct({"a": pa.int32()})),
    "map": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int32())),
    "clock": pa.array([time(1, 2), None, time(3, 4)], pa.time32("ms")),
}
items = pa.table(columns)
spans = pa.table({"i": columns["i"], "title": columns["title"], "span": pa.array([timedelta(1), None, timedelta(2)], pa.duration("s"))})


def write(name: str, table: pa.Table, compression: str | None = None) -> None:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(OUT / name, table.schema, options=options) as writer:
        writer.write_table(table)


write("interactions.arrow", interactions)
write("items.arrow", items)
write("spans.arrow", spans)
for codec in ("lz4", "zstd"):
    # Long enough that every buffer is worth compressing, in two batches; one with a dictionary, which is read before the batches.
    long = pa.concat_tables([items.select(["i", "title", "price", "large"] + ["coded"] * (codec == "lz4"))] * 400).combine_chunks().unify_dictionaries()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_file(OUT / f"items-{codec}.arrow", long.schema, options=options) as writer:
        writer.write_table(long, max_chunksize=700)
pq.write_table(interactions, OUT / "interactions.parquet")
pq.write_table(items.drop_columns(["thousands"]), OUT / "items.parquet")  # Parquet has no negative scale
