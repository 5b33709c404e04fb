"""The Python side of tools/interop/data.ts: reads every table of FOLDER with pyarrow, Polars and DuckDB, compares what they see, and
has each write it again into FOLDER/<library>.

  python tools/interop/data_round_trip.py FOLDER

Polars and DuckDB keep no schema metadata (DuckDB is read and written through pyarrow); it is put back from the original.
FOLDER/pandas gets the tables as a pandas user would write them: 64-bit numbers, nanoseconds, plain strings, no metadata of ours.
"""

import pathlib
import sys

import duckdb
import polars as pl
import pyarrow as pa

folder = pathlib.Path(sys.argv[1])


def write(library, name, table, metadata):
    (folder / library).mkdir(exist_ok=True)
    table = table.cast(pa.schema([f.with_type(pa.timestamp("ms")) if pa.types.is_timestamp(f.type) else f for f in table.schema]))
    table = table.unify_dictionaries().replace_schema_metadata(metadata)  # the file format takes one dictionary a column
    with pa.OSFile(str(folder / library / f"{name}.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=10_000)


def wide(type):
    if pa.types.is_integer(type):
        return pa.int64()
    if pa.types.is_floating(type):
        return pa.float64()
    if pa.types.is_dictionary(type):
        return pa.string()
    return pa.list_(wide(type.value_type)) if pa.types.is_list(type) or pa.types.is_fixed_size_list(type) else type


def write_wide(name, table):
    (folder / "pandas").mkdir(exist_ok=True)
    table = pa.Table.from_pandas(table.cast(pa.schema([f.with_type(wide(f.type)) for f in table.schema])).to_pandas()).unify_dictionaries()
    table = table.cast(pa.schema([f.with_type(pa.timestamp("ns")) if pa.types.is_timestamp(f.type) else f for f in table.schema]))
    with pa.OSFile(str(folder / "pandas" / f"{name}.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=10_000)


for path in sorted(folder.glob("*.arrow")):
    source = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    source.validate(full=True)
    frame = pl.read_ipc(path)
    relation = duckdb.sql("select * from source").to_arrow_table()
    assert source.num_rows == frame.height == relation.num_rows
    for name in source.schema.names:
        column = source[name].slice(0, 3_000).to_pylist()
        assert column == relation[name].slice(0, 3_000).to_pylist(), f"DuckDB reads {path.name}, column {name} otherwise"
        polars = frame[name].cast(pl.Utf8) if frame[name].dtype in (pl.Categorical, pl.Enum) else frame[name]
        assert column == polars.head(3_000).to_list(), f"Polars reads {path.name}, column {name} otherwise"
    write("pyarrow", path.stem, source, source.schema.metadata)
    write("polars", path.stem, frame.to_arrow(compat_level=pl.CompatLevel.oldest()), source.schema.metadata)
    write("duckdb", path.stem, relation, source.schema.metadata)
    write_wide(path.stem, source)
    print(f"{path.name}: {source.num_rows} rows, {', '.join(f'{f.name} {f.type}' for f in source.schema)}")
