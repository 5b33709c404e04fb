import { Tensor } from 'onnxruntime-node';
import type { EventsColumn, Features, IdColumn, IdListColumn } from '../src/index.js';

/** What an exported graph takes as the data has it, which encoded features no longer say. */
export interface RawValues {
  /** By numeric feature and row. */
  readonly numbers?: Readonly<Record<string, (row: number) => number>>;
  /** By dense feature and row. */
  readonly vectors?: Readonly<Record<string, (row: number) => ArrayLike<number>>>;
  /** Places of the histories. Default: as many as the longest has. */
  readonly events?: number;
}

/** The inputs of an exported graph for encoded features, made by the README's words: ids, -1 behind the last of a list. */
export function rawInputs(
  { schema, columns, length: batch }: Features,
  sequences: boolean,
  values: RawValues = {},
): Record<string, Tensor> {
  const rows = Array.from({ length: batch }, (_, row) => row);
  const ints = (data: readonly number[], ...shape: number[]): Tensor => new Tensor('int32', Int32Array.from(data), [batch, ...shape]);
  const floats = (data: ArrayLike<number>[], ...shape: number[]): Tensor =>
    new Tensor('float32', Float32Array.from(data.flatMap((row) => Array.from(row))), [batch, ...shape]);
  const inputs: Record<string, Tensor> = {};
  for (const feature of schema.features) {
    const { name, kind } = feature;
    const column = columns[name]!;
    const position = (row: number): number => column.index?.[row] ?? row;
    if (kind === 'categorical') {
      inputs[name] = ints(rows.map((row) => idAt(column as IdColumn, row)));
    } else if (kind === 'multi-valued' || kind === 'sequence') {
      const lists = rows.map((row) => {
        const list = listAt(column as IdListColumn, row);
        return kind === 'sequence' ? list.slice(-feature.maxLength) : list.slice(0, feature.maxLength);
      });
      const length = Math.max(1, ...lists.map((list) => list.length));
      inputs[name] = ints(
        lists.flatMap((list) => padded(list, length)),
        length,
      );
    } else if (kind === 'numeric') {
      inputs[name] = floats(rows.map((row) => [values.numbers![name]!(row)]).map(([x]) => [x!]));
    } else if (kind === 'dense') {
      inputs[name] = floats(rows.map(values.vectors![name]!), feature.dimension);
    } else if (kind === 'events' && sequences) {
      const { offsets, events, fields } = column as EventsColumn;
      const lists = rows.map((row) => [...events.subarray(offsets[position(row)], offsets[position(row) + 1])].slice(-feature.maxLength));
      const length = values.events ?? Math.max(...lists.map((list) => list.length));
      for (const field of feature.fields) {
        const of = fields[field.name]!;
        const sets = lists.map((list) =>
          list.map((event) => (of.kind === 'ids' ? [idAt(of, event)] : listAt(of, event).slice(0, limit(field)))),
        );
        const most = of.kind === 'ids' ? 1 : Math.max(1, ...sets.flat().map((set) => set.length));
        const data = sets.flatMap((list) =>
          padded(
            list.flatMap((set) => padded(set, most)),
            length * most,
          ),
        );
        inputs[`${name}.${field.name}`] = of.kind === 'ids' ? ints(data, length) : ints(data, length, most);
      }
    }
  }
  return inputs;
}

function limit(field: object): number {
  return (field as { maxLength: number }).maxLength;
}

function padded(list: readonly number[], to: number): number[] {
  return [...list, ...new Array<number>(to - list.length).fill(-1)];
}

function idAt({ ids, index }: IdColumn, at: number): number {
  return ids[index?.[at] ?? at]!;
}

function listAt({ ids, offsets, index }: IdListColumn, at: number): number[] {
  const position = index?.[at] ?? at;
  return position < 0 ? [] : [...ids.subarray(offsets[position], offsets[position + 1])];
}
