import { dirname, stat } from '@expctr/core/platform';
import type { GgufConventions } from '../families/family.js';
import { FormatError } from '../formats/errors.js';
import { fieldsOf } from '../formats/fields.js';
import type { GgufValue } from '../formats/gguf/metadata.js';
import { openGguf } from '../formats/gguf/open.js';
import { Q8_0_BLOCK, type WrittenType } from '../formats/gguf/quantize.js';
import { rawGgufMetadata } from '../formats/gguf/raw-metadata.js';
import { permuteHeads } from '../formats/gguf/save-adapter.js';
import { writeLazyGguf, type LazyGgufTensor, type WrittenGgufMetadata, type WrittenGgufValue } from '../formats/gguf/write.js';
import type { FloatTensor } from '../formats/host-tensor.js';
import { ggufFileOf } from '../formats/open-model.js';
import { rotaryFrequencies, type RotaryConfig } from '../model/rotary.js';
import { checkDestination } from './destination.js';
import { ggufTokenizer } from './gguf-tokenizer.js';
import type { MergedTensor } from './merge-adapter.js';
import { checkHalf, withProgress, type MergedModel, type WriteModelOptions } from './merged-model.js';

/** What {@link saveGgufModel} takes. */
export interface GgufModelOptions extends WriteModelOptions {
  readonly dtype: 'float32' | 'float16' | 'q8_0';
  readonly tokenizer: boolean;
}

/** `general.file_type` of llama.h, and how matrices are stored. */
const TYPES = {
  float32: { fileType: 0, matrices: 'F32' },
  float16: { fileType: 1, matrices: 'F16' },
  q8_0: { fileType: 7, matrices: 'Q8_0' },
} as const;

/**
 * Writes a model as a GGUF file: of one that was read from such a file with the metadata of that file, else with those that llama.cpp's
 * converter writes.
 * @throws FormatError `MERGE_DESTINATION`, `MERGE_OVERFLOW`, `GGUF_FAMILY`, `GGUF_CONFIG`, `GGUF_TOKENIZER`
 */
export async function saveGgufModel(destination: string, options: GgufModelOptions): Promise<void> {
  const { model, dtype } = options;
  if (!destination.endsWith('.gguf')) {
    throw new FormatError('MERGE_DESTINATION', 'the name of a GGUF file is another', {
      where: destination,
      expected: 'a path that ends in .gguf',
      wrongUse: true,
    });
  }
  await checkDestination(destination, 'file');
  const conventions = conventionsOf(model, destination);
  const { fileType, matrices } = TYPES[dtype];
  const tensors = new Map<string, LazyGgufTensor>();
  for (const merged of withProgress(options)) tensors.set(merged.tensor.gguf, ggufTensor(merged, matrices, destination));
  const from = await ggufFileOf(model.source);
  const { metadata, further } =
    from === null ? await madeMetadata(conventions, options, new Set(tensors.keys())) : await copiedMetadata(from, options, tensors);
  const general = {
    'general.architecture': conventions.architecture,
    'general.type': 'model',
    ...metadata,
    'general.file_type': { uint32: fileType },
    'general.quantization_version': { uint32: 2 },
  };
  await writeLazyGguf(destination, general, new Map([...further, ...tensors]));
}

function conventionsOf({ family, source }: MergedModel, where: string): GgufConventions {
  if (family.gguf !== null) return family.gguf;
  throw new FormatError('GGUF_FAMILY', `models of the family ${family.name} have no GGUF form here`, {
    where,
    expected: 'a family with gguf conventions',
    remedy: `save ${source} as a folder, and convert that with llama.cpp's convert_hf_to_gguf.py`,
  });
}

/** A tensor in llama.cpp's order of rows and with what its converter adds; vectors and learned positions stay float32, as it has them. */
function ggufTensor({ tensor, make }: MergedTensor, matrices: WrittenType, where: string): LazyGgufTensor {
  const { gguf, shape, ggufPermutedHeads: heads, ggufAdded = 0 } = tensor;
  const plain = shape.length < 2 || gguf === 'position_embd.weight';
  const whole = (shape.at(-1) ?? 1) % Q8_0_BLOCK === 0;
  const type = plain ? 'F32' : matrices === 'Q8_0' && !whole ? 'F16' : matrices;
  return {
    shape,
    type,
    make() {
      const made = make();
      const ordered = heads === undefined ? made : permuteHeads(made, heads);
      const shifted: FloatTensor = ggufAdded === 0 ? ordered : { ...ordered, data: ordered.data.map((value) => value + ggufAdded) };
      return type === 'F32' ? shifted : checkHalf(tensor.name, shifted, where, type === 'Q8_0' ? 127 : 1);
    },
  };
}

interface Metadata {
  readonly metadata: WrittenGgufMetadata;
  /** Tensors that are no weights: factors of frequencies. */
  readonly further: readonly (readonly [string, LazyGgufTensor])[];
}

/** What is said of the file itself, which is another one now. */
const OF_THE_FILE = new Set(['general.file_type', 'general.quantization_version', 'general.alignment']);

async function copiedMetadata(
  path: string,
  { model, tokenizer }: GgufModelOptions,
  known: ReadonlyMap<string, unknown>,
): Promise<Metadata> {
  const raw = await rawGgufMetadata(path);
  const kept = [...raw].filter(([key]) => !OF_THE_FILE.has(key) && (tokenizer || !key.startsWith('tokenizer.')));
  const file = await openGguf(path);
  try {
    const names = [...file.tensors.keys()].filter(
      (name) => /^rope_(?:freqs|factors_(?:long|short))\.weight$/.test(name) && !known.has(name),
    );
    const further: (readonly [string, LazyGgufTensor])[] = [];
    for (const name of names) {
      const tensor = await file.read(name);
      further.push([name, { shape: tensor.shape, type: 'F32', make: () => tensor }]);
    }
    const rows = `${String(file.metadata['general.architecture'])}.vocab_size`;
    return {
      metadata: {
        [rows]: { uint32: model.config.vocabularySize },
        ...Object.fromEntries(kept.map(([key, value]) => [key, { raw: value }])),
      },
      further,
    };
  } finally {
    await file.close();
  }
}

async function madeMetadata(conventions: GgufConventions, options: GgufModelOptions, names: ReadonlySet<string>): Promise<Metadata> {
  const { model, files, tokenizer } = options;
  const { config } = model;
  if (conventions.metadata === undefined) {
    throw new FormatError('GGUF_FAMILY', `models of the family ${model.family.name} are read from GGUF files and not written`, {
      where: model.source,
      expected: 'a family with gguf.metadata',
      remedy: "save a folder, and convert that with llama.cpp's convert_hf_to_gguf.py",
    });
  }
  const factors = ropeFactors(config as unknown as RotaryConfig);
  const factorName = conventions.ropeFactors ?? 'rope_freqs.weight';
  const metadata = conventions.metadata(config);
  checkMeaning(conventions, model, metadata, { names, factors });
  const found = await stat(files).catch(() => null);
  const folder = found?.isDirectory() === true ? files : dirname(files);
  const words = tokenizer ? await ggufTokenizer(folder, config) : {};
  const further: Metadata['further'] =
    factors === null ? [] : [[factorName, { shape: [factors.data.length], type: 'F32', make: () => factors }]];
  return { metadata: { ...metadata, ...words }, further };
}

/** What llama.cpp divides frequencies by, where config.json has a scaling that its metadata have no fields for. */
function ropeFactors(config: RotaryConfig): FloatTensor | null {
  const { ropeScaling = null } = config;
  if (ropeScaling === null || (ropeScaling.type !== 'llama3' && ropeScaling.type !== 'factors')) return null;
  const plain = rotaryFrequencies({ ...config, ropeScaling: null });
  const scaled = rotaryFrequencies(config);
  const data = Float32Array.from(plain, (frequency, i) => frequency / scaled[i]!);
  return { data, shape: [data.length], dtype: 'float32' };
}

/** Metadata are read again, as whoever loads the file will: what comes out otherwise would be another model. */
function checkMeaning(
  conventions: GgufConventions,
  { config, source }: MergedModel,
  metadata: WrittenGgufMetadata,
  { names, factors }: { readonly names: ReadonlySet<string>; readonly factors: FloatTensor | null },
): void {
  const fields = fieldsOf(Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, plainValue(value)])), source);
  const view = { hasTensor: (name: string) => names.has(name), ropeFactors: factors === null ? null : Array.from(factors.data) };
  const read: Readonly<Record<string, unknown>> = { ...conventions.parseConfig(fields, view) };
  const own: Readonly<Record<string, unknown>> = { ...config, ...(factors === null ? {} : { ropeScaling: read['ropeScaling'] }) };
  const rounded = (value: unknown): string =>
    JSON.stringify(value ?? null, (_, each: unknown) => (typeof each === 'number' ? Math.fround(each) : each));
  const differ = [...new Set([...Object.keys(own), ...Object.keys(read)])].filter(
    (field) => field !== 'bosTokenId' && field !== 'eosTokenIds' && rounded(own[field]) !== rounded(read[field]),
  );
  if (differ.length === 0) return;
  throw new FormatError('GGUF_CONFIG', `llama.cpp's metadata cannot say its ${differ.join(', ')}`, {
    where: source,
    expected: differ.map((field) => `${field} ${rounded(read[field])}, where it is ${rounded(own[field])}`).join('; '),
    remedy: 'save it as a folder: { format: "safetensors" }',
  });
}

function plainValue(value: WrittenGgufValue): GgufValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if ('float32' in value) return Math.fround(value.float32);
  if ('uint32' in value) return value.uint32;
  if ('strings' in value) return value.strings;
  return 'int32s' in value ? value.int32s : 'float32s' in value ? value.float32s : Array.from(value.raw);
}
