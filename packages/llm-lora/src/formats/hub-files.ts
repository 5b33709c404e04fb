import { basename } from '@expctr/core/platform';
import { lacksFile, type ChooseFiles, type ModelFiles } from '@expctr/hub';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** Small files that say what a model is and how its texts are made; each is read where it is there. */
const BESIDE =
  /^(?:(?:config|generation_config|tokenizer_config|special_tokens_map|added_tokens)\.json|(?:additional_chat_templates\/[^/]+|[^/]*chat_template[^/]*)\.(?:jinja|json))$/;

/** Whether a file is one of them. */
export function isBesideFile(name: string): boolean {
  return BESIDE.test(name);
}

/** What {@link loadTokenizer} reads. @throws HubError `HUB_FILE_MISSING` */
export const tokenizerFiles: ChooseFiles = ({ model, names }) => {
  if (names.includes('tokenizer.json')) return Promise.resolve([...names.filter((name) => BESIDE.test(name)), 'tokenizer.json']);
  throw lacksFile('the model has no tokenizer.json', {
    where: model,
    expected: 'the tokenizer.json of a fast tokenizer',
    remedy: `choose another model, or save it with transformers: AutoTokenizer.from_pretrained('${model}').save_pretrained(folder)`,
  });
};

/** What {@link loadCausalLM} reads: as {@link tokenizerFiles}, then the weights. @throws HubError `HUB_FILE_MISSING` */
export const causalLMFiles: ChooseFiles = async (files) => {
  const beside = await tokenizerFiles(files);
  return [...beside, ...(await weightFiles(files))];
};

/** What {@link loadCheckpoint} reads. @throws HubError `HUB_FILE_MISSING` */
export const checkpointFiles: ChooseFiles = async (files) => {
  const beside = files.names.filter((name) => BESIDE.test(name));
  return [...beside, ...(await weightFiles(files))];
};

/** In the order in which a folder's weights are chosen: one file, the files of an index, the only GGUF file. */
async function weightFiles(files: ModelFiles): Promise<readonly string[]> {
  const { model, names } = files;
  const gguf = names.filter((name) => /^[^/]+\.gguf$/.test(name));
  const safetensors = names.includes(SINGLE) ? [SINGLE] : names.includes(INDEX) ? [INDEX, ...(await shards(files))] : null;
  if (safetensors !== null && names.includes('config.json')) return safetensors;
  if (safetensors === null && gguf.length === 1) return gguf;
  const other = names.find((name) => /^[^/]+\.(?:bin|pth?|h5|msgpack|onnx|safetensors)$/.test(name));
  const has = gguf.length > 1 ? gguf.join(', ') : (other ?? 'nothing of the kind');
  throw lacksFile(safetensors === null ? `the model has no weights that can be chosen; it has ${has}` : 'the model has no config.json', {
    where: model,
    expected: `config.json with ${SINGLE} or ${INDEX}, or one GGUF file`,
    remedy:
      gguf.length > 1
        ? 'download one of its GGUF files with its tokenizer.json into a folder, and name that file'
        : `choose another model, or save it with transformers: AutoModelForCausalLM.from_pretrained('${model}').save_pretrained(folder)`,
  });
}

/** The files that the index names, once it is here. A file that it names and the model does not have is missing. */
async function shards({ model, names, read }: ModelFiles): Promise<readonly string[]> {
  const text = await read(INDEX);
  if (text === undefined) return [];
  const named = shardsIn(text);
  const missing = named?.find((name) => basename(name) !== name || !names.includes(name));
  if (named !== null && missing === undefined) return named;
  throw lacksFile(named === null ? `${INDEX} is not an index` : `the model has no ${JSON.stringify(missing)}, which ${INDEX} names`, {
    where: model,
    remedy: 'choose another model or revision; this one is damaged',
  });
}

function shardsIn(text: string): readonly string[] | null {
  try {
    const map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map;
    const values = typeof map === 'object' && map !== null ? Object.values(map as Record<string, unknown>) : [];
    const strings = values.filter((name) => typeof name === 'string');
    return strings.length > 0 && strings.length === values.length ? [...new Set(strings)].sort() : null;
  } catch {
    return null;
  }
}
