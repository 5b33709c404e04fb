import type { Rng } from '@expctr/core';

/** A change of some bytes; what it does follows from the stream alone. */
type Mutation = (bytes: Buffer, rng: Rng, other: Buffer) => Buffer;

/** Values at which counts, lengths and offsets go wrong. */
const EDGES = [
  0n,
  1n,
  2n,
  127n,
  128n,
  255n,
  256n,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 31n,
  1n << 40n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
];

/** Characters that a node is repeated to: repeated three times over, copies of copies would take longer to write than to read. */
const LARGEST = 2 ** 20;

const WEIRD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1,
  0.5,
  1e9,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  'x',
  '\u0000',
  '\ud800',
  '[UNK]',
  [],
  [[]],
  {},
  [null],
  { type: 'Sequence' },
  '9'.repeat(400),
  '\\p{L}+',
  '{% for x in y %}',
];

const pick = <T>(rng: Rng, from: readonly T[]): T => from[rng.int(from.length)]!;
/** A place in the bytes; small ones often, for headers stand at the beginning. */
const place = (rng: Rng, length: number): number => (length === 0 ? 0 : rng.int(rng.int(3) === 0 ? Math.min(length, 256) : length));

function edited(bytes: Buffer, at: number, cut: number, put: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
}

function integer(bytes: Buffer, rng: Rng): Buffer {
  const width = pick(rng, [1, 2, 4, 4, 8, 8] as const);
  if (bytes.length < width) return bytes;
  const copy = Buffer.from(bytes);
  const at = Math.min(place(rng, bytes.length), bytes.length - width);
  const aligned = rng.int(2) === 0 ? at : at - (at % width);
  const mask = (1n << BigInt(8 * width)) - 1n;
  let old = 0n;
  for (let i = width - 1; i >= 0; i -= 1) old = (old << 8n) | BigInt(copy[aligned + i]!);
  let value =
    (rng.int(3) === 0 ? old + BigInt(rng.int(17) - 8) : rng.int(4) === 0 ? old * BigInt(1 + rng.int(1000)) : pick(rng, EDGES)) & mask;
  const little = rng.int(5) > 0;
  for (let i = 0; i < width; i += 1, value >>= 8n) copy[aligned + (little ? i : width - 1 - i)] = Number(value & 0xffn);
  return copy;
}

/** Another number, name or text in place of one in a text. */
function token(bytes: Buffer, rng: Rng): Buffer {
  const text = bytes.toString('latin1');
  const found = [...text.matchAll(/-?\d+(?:\.\d+)?|"[^"\n]{0,40}"|[A-Za-z_]{2,}/gu)];
  if (found.length === 0) return integer(bytes, rng);
  const { index, 0: old } = pick(rng, found);
  const put =
    rng.int(3) === 0
      ? pick(rng, found)[0]
      : pick(rng, [
          '',
          '0',
          '-1',
          '1e999',
          'NaN',
          'null',
          '4294967296',
          '9007199254740993',
          '1'.repeat(300),
          '""',
          '{{',
          '\u0000',
          '\u001b[2J',
        ]);
  return edited(bytes, index, old.length, Buffer.from(put, 'latin1'));
}

/** A node of a JSON text replaced, taken out, repeated or nested. */
export function changeJson(bytes: Buffer, rng: Rng): Buffer {
  let root: unknown;
  try {
    root = JSON.parse(bytes.toString('utf8'));
  } catch {
    return token(bytes, rng);
  }
  const holder = { root };
  const nodes: [owner: Record<string, unknown>, key: string][] = [];
  const collect = (owner: Record<string, unknown>): void => {
    for (const key of Object.keys(owner)) {
      nodes.push([owner, key]);
      const child = owner[key];
      if (typeof child === 'object' && child !== null) collect(child as Record<string, unknown>);
    }
  };
  collect(holder);
  // A node near the root as often as one of thousands of leaves.
  const [owner, key] = pick(rng, rng.int(2) === 0 ? nodes : nodes.slice(0, 40));
  const kinds = [
    () => (owner[key] = pick(rng, WEIRD)),
    () => void (Array.isArray(owner) ? owner.splice(Number(key), 1) : delete owner[key]),
    () => (owner[key] = typeof owner[key] === 'number' ? Number(pick(rng, EDGES)) * (rng.int(2) === 0 ? 1 : -1) : [owner[key]]),
    () => {
      const copies = Math.min(1 + rng.int(200), Math.ceil(LARGEST / (JSON.stringify(owner[key]).length + 1)));
      owner[key] = Array.from({ length: copies }, () => owner[key]);
    },
    () => {
      const [other, name] = pick(rng, nodes);
      owner[key] = other[name] === owner || other[name] === holder.root ? null : structuredClone(other[name]);
    },
    () => {
      for (let depth = 0; depth < 2000; depth += 1) owner[key] = rng.int(2) === 0 ? [owner[key]] : { a: owner[key] };
    },
  ];
  try {
    kinds[rng.int(20) === 0 ? 5 : rng.int(5)]!();
    return Buffer.from(JSON.stringify(holder.root) ?? 'null');
  } catch (error) {
    if (error instanceof RangeError) return bytes; // nested, and then repeated, deeper than can be copied or written
    throw error;
  }
}

const MUTATIONS: readonly Mutation[] = [
  (bytes, rng) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[place(rng, copy.length)]! ^= 1 << rng.int(8);
    return copy;
  },
  (bytes, rng) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[place(rng, copy.length)] = pick(rng, [0, 1, 0x7f, 0x80, 0xff, rng.int(256)]);
    return copy;
  },
  (bytes, rng) => bytes.subarray(0, rng.int(bytes.length + 1)),
  (bytes, rng) => edited(bytes, place(rng, bytes.length), 1 + rng.int(32), Buffer.alloc(0)),
  (bytes, rng) => edited(bytes, place(rng, bytes.length), rng.int(8), Buffer.from(Array.from({ length: rng.int(9) }, () => rng.int(256)))),
  (bytes, rng) => {
    const from = place(rng, bytes.length);
    return edited(bytes, place(rng, bytes.length), 0, bytes.subarray(from, from + 1 + rng.int(64)));
  },
  (bytes, rng, other) => {
    const from = place(rng, other.length);
    const part = other.subarray(from, from + 1 + rng.int(128));
    return edited(bytes, place(rng, bytes.length), rng.int(2) * part.length, part);
  },
  integer,
  integer,
  integer,
  token,
];

/** Changes an input in one to three ways. @param isJson whether its structure is changed, too @param other for splices */
export function mutate(input: Buffer, rng: Rng, isJson: boolean, other: Buffer): Buffer {
  let bytes = input;
  for (let times = 1 + rng.int(3); times > 0; times -= 1) {
    bytes = isJson && rng.int(4) > 0 ? changeJson(bytes, rng) : pick(rng, MUTATIONS)(bytes, rng, other);
  }
  return bytes;
}
