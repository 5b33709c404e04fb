import { EncoderError } from '../errors.js';
import { isPoolingMode, type PoolingMode } from './pooling.js';

/** Reads a small text file of a model; undefined when the model has none of that name. */
export type ReadModelFile = (name: string) => Promise<string | undefined>;

/** What sentence-transformers' files say about a model. */
export interface SentenceTransformersSettings {
  /** Several modes are concatenated in this order. */
  readonly pooling: readonly PoolingMode[];
  readonly normalize: boolean;
  /** `max_seq_length` of sentence_bert_config.json. */
  readonly maxTokens: number | undefined;
}

/** The Pooling module's older flags, in the order in which it concatenates. Source: sentence-transformers, `pooling.py`. */
const LEGACY_FLAGS: readonly (readonly [flag: string, mode: PoolingMode])[] = [
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_mean_sqrt_len_tokens', 'mean_sqrt_len_tokens'],
  ['pooling_mode_weightedmean_tokens', 'weightedmean'],
  ['pooling_mode_lasttoken', 'lasttoken'],
];

/**
 * Reads modules.json and the files it names. Undefined where there is no modules.json.
 *
 * @throws EncoderError `ENCODER_DAMAGED_FILE` for a file that is not what it should be, `ENCODER_UNSUPPORTED_MODULE` for a
 *   module other than Transformer, Pooling and Normalize.
 */
export async function readSentenceTransformersFiles(read: ReadModelFile): Promise<SentenceTransformersSettings | undefined> {
  const listing = await readJson(read, 'modules.json');
  if (listing === undefined) return undefined;
  if (!Array.isArray(listing)) throw damaged('modules.json', 'a list of modules');
  let pooling: readonly PoolingMode[] | undefined;
  let normalize = false;
  let maxTokens: number | undefined;
  for (const entry of listing as readonly { type?: unknown; path?: unknown }[]) {
    const path = typeof entry.path === 'string' && entry.path !== '' ? `${entry.path}/` : '';
    const kind = String(entry.type).split('.').at(-1); // the package path before it has changed between versions
    if (kind === 'Transformer') maxTokens = await readMaxTokens(read, path);
    else if (kind === 'Pooling') pooling = await readPooling(read, `${path}config.json`);
    else if (kind === 'Normalize') normalize = true;
    else {
      throw new EncoderError('ENCODER_UNSUPPORTED_MODULE', `the module '${String(entry.type)}' is not supported`, {
        where: 'modules.json',
        expected: 'Transformer, Pooling and Normalize modules only',
        remedy: 'choose another model, or set encoder.pooling to use the transformer alone',
      });
    }
  }
  if (pooling === undefined) throw damaged('modules.json', 'a Pooling module');
  return { pooling, normalize, maxTokens };
}

async function readPooling(read: ReadModelFile, file: string): Promise<readonly PoolingMode[]> {
  const config = await readJson(read, file);
  if (typeof config !== 'object' || config === null) throw damaged(file, "the Pooling module's settings");
  const settings = config as Readonly<Record<string, unknown>>;
  const stated = settings['pooling_mode'];
  const listed: readonly unknown[] = stated === undefined ? [] : Array.isArray(stated) ? stated : [stated];
  const legacy = LEGACY_FLAGS.filter(([flag]) => settings[flag] === true).map(([, mode]) => mode);
  const modes: readonly unknown[] = listed.length > 0 ? listed : legacy.length > 0 ? legacy : ['mean']; // its own default
  const unknown = modes.find((mode) => !isPoolingMode(mode));
  if (unknown !== undefined) throw damaged(file, `pooling modes among ${LEGACY_FLAGS.map(([, mode]) => mode).join(', ')}`);
  return modes as readonly PoolingMode[];
}

async function readMaxTokens(read: ReadModelFile, path: string): Promise<number | undefined> {
  const config = await readJson(read, `${path}sentence_bert_config.json`);
  const length = (config as { max_seq_length?: unknown } | undefined)?.max_seq_length;
  return typeof length === 'number' && Number.isInteger(length) && length > 0 ? length : undefined;
}

async function readJson(read: ReadModelFile, file: string): Promise<unknown> {
  const text = await read(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw damaged(file, 'JSON', cause);
  }
}

function damaged(file: string, expected: string, cause?: unknown): EncoderError {
  return new EncoderError('ENCODER_DAMAGED_FILE', 'the file cannot be used', {
    where: file,
    expected,
    remedy: 'get the model again, or set encoder.pooling to do without this file',
    cause,
  });
}
