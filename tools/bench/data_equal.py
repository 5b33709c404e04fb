"""Whether two files hold the same interactions, row by row: python tools/bench/data_equal.py A.arrow B.arrow (for tools/bench/data.ts).

Columns are compared by value, a batch at a time, so that types may differ (Polars writes large lists and its own dictionaries) and
20 million rows need no memory to speak of.
"""

import sys

import pyarrow as pa

COLUMNS = ["interaction_id", "user_id", "item_id", "label", "rating", "timestamp", "split", "slice", "history"]


def plain(column):
    """The column as the other library would write it: no dictionary, no large or view types."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        return pa.DictionaryArray.from_arrays(column.indices, column.dictionary.cast(pa.utf8())).dictionary_decode()
    if pa.types.is_large_list(column.type) or pa.types.is_list(column.type):
        return column.cast(pa.list_(pa.field("item", pa.uint32())))
    return column.cast(pa.utf8()) if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type) else column


def batches(path):
    file = pa.ipc.open_file(pa.memory_map(path))
    for i in range(file.num_record_batches):
        yield file.get_batch(i)


rows = 0
left, right = batches(sys.argv[1]), batches(sys.argv[2])
for a, b in zip(left, right, strict=True):
    assert a.num_rows == b.num_rows, f"a batch of {a.num_rows} rows beside one of {b.num_rows}"
    for name in COLUMNS:
        if not plain(a[name]).equals(plain(b[name])):
            row = next(i for i in range(a.num_rows) if a[name][i].as_py() != b[name][i].as_py())
            sys.exit(f"{name} differs in row {rows + row}: {a[name][row]} and {b[name][row]}")
    rows += a.num_rows
print(f"{rows} rows equal in {len(COLUMNS)} columns")
