import { EncoderError } from '../errors.js';
import { damaged, readJson, readObject, type ReadModelFile } from './model-json.js';
import { isPoolingMode, type PoolingMode } from './pooling.js';

/** What sentence-transformers' files say about a model. */
export interface SentenceTransformersSettings {
  /** Several modes are concatenated in this order. */
  readonly pooling: readonly PoolingMode[];
  /** `include_prompt` of the Pooling module: false leaves the states of the prompt and of what the model puts before it out. */
  readonly includePrompt: boolean;
  readonly normalize: boolean;
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
  let pooling: Pick<SentenceTransformersSettings, 'pooling' | 'includePrompt'> | undefined;
  let normalize = false;
  for (const entry of listing as readonly { type?: unknown; path?: unknown }[]) {
    const path = typeof entry.path === 'string' && entry.path !== '' ? `${entry.path}/` : '';
    const kind = String(entry.type).split('.').at(-1); // the package path before it has changed between versions
    if (kind === 'Transformer') continue;
    if (kind === 'Pooling') pooling = await readPooling(read, `${path}config.json`);
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
  return { ...pooling, normalize };
}

/** The folder of the Transformer module, with its slash where it is not the model's own; an unusable listing counts as none. */
export async function transformerFolder(read: ReadModelFile): Promise<string> {
  const listing = await readJson(read, 'modules.json').catch(() => undefined);
  const entries = (Array.isArray(listing) ? listing : []) as readonly ({ type?: unknown; path?: unknown } | null)[];
  const path = entries.find((entry) => String(entry?.type).endsWith('.Transformer'))?.path;
  return typeof path === 'string' && path !== '' ? `${path}/` : '';
}

async function readPooling(read: ReadModelFile, file: string): Promise<Pick<SentenceTransformersSettings, 'pooling' | 'includePrompt'>> {
  const settings = await readObject(read, file);
  if (settings === undefined) throw damaged(file, "the Pooling module's settings");
  const stated = settings['pooling_mode'];
  const listed: readonly unknown[] = stated === undefined ? [] : Array.isArray(stated) ? stated : [stated];
  const legacy = LEGACY_FLAGS.filter(([flag]) => settings[flag] === true).map(([, mode]) => mode);
  const modes: readonly unknown[] = listed.length > 0 ? listed : legacy.length > 0 ? legacy : ['mean']; // its own default
  const unknown = modes.find((mode) => !isPoolingMode(mode));
  if (unknown !== undefined) throw damaged(file, `pooling modes among ${LEGACY_FLAGS.map(([, mode]) => mode).join(', ')}`);
  const includePrompt = settings['include_prompt'] ?? true;
  if (typeof includePrompt !== 'boolean') throw damaged(file, 'true or false as include_prompt');
  return { pooling: modes as readonly PoolingMode[], includePrompt };
}
