import { lacksFile, type ChooseFiles } from '@expctr/hub';

/** What every ONNX folder has beside its graph. */
export const NEEDED_FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];

/** Small files that change what a text becomes; each is read where it is there. Modules of sentence-transformers have folders with numbers. */
const BESIDE =
  /^(?:(?:special_tokens_map|added_tokens|modules|config_sentence_transformers|sentence_[\w-]+_config)\.json|\d+_\w+\/(?:config|sentence_[\w-]+_config)\.json)$/;

/**
 * What an encoder reads of a model on the hub: settings, tokenizer, and the graph of one precision with its data files.
 * @param onnxFile such as `model_quantized.onnx`; it is looked for in `onnx`, then beside config.json
 */
export function encoderFiles(onnxFile: string): ChooseFiles {
  return ({ model, names }) => {
    const graph = [`onnx/${onnxFile}`, onnxFile].find((name) => names.includes(name));
    const missing = NEEDED_FILES.find((name) => !names.includes(name)) ?? (graph === undefined ? `onnx/${onnxFile}` : undefined);
    if (graph !== undefined && missing === undefined) {
      const data = names.filter((name) => name.startsWith(`${graph}_data`));
      return Promise.resolve([...names.filter((name) => BESIDE.test(name)), ...NEEDED_FILES, ...data, graph]);
    }
    const others = names.filter((name) => name.endsWith('.onnx'));
    throw lacksFile(`the model has no ${missing}`, {
      where: model,
      expected: `an ONNX export as transformers.js reads it: ${[...NEEDED_FILES, `onnx/${onnxFile}`].join(', ')}`,
      remedy:
        graph === undefined && others.length > 0
          ? `set encoder.dtype to match one of: ${others.join(', ')}`
          : 'choose a model with an ONNX export, such as Xenova/bge-small-en-v1.5, or export it to ONNX into a folder',
    });
  };
}
