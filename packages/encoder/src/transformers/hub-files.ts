import { lacksFile, type ChooseFiles } from '@expctr/hub';
import type { ModelKind } from './model-kind.js';

/** Small files that change what a text becomes; each is read where it is there. Modules of sentence-transformers have folders with numbers. */
const BESIDE =
  /^(?:(?:special_tokens_map|added_tokens|modules|config_sentence_transformers|sentence_[\w-]+_config)\.json|\d+_\w+\/(?:config|sentence_[\w-]+_config)\.json)$/;

/**
 * What an encoder reads of a model on the hub: settings, and the graph of one precision with its data files.
 * @param suffix what the name of the graph has for its precision, such as `_quantized`; the graph is looked for in `onnx`, then beside
 *   config.json
 */
export function encoderFiles({ needed, graphs }: ModelKind, suffix: string): ChooseFiles {
  return ({ model, names }) => {
    const candidates = graphs.flatMap((graph) => [`onnx/${graph}${suffix}.onnx`, `${graph}${suffix}.onnx`]);
    const graph = candidates.find((name) => names.includes(name));
    const wanted = `onnx/${graphs.at(-1)!}${suffix}.onnx`;
    const missing = needed.find((name) => !names.includes(name)) ?? (graph === undefined ? wanted : undefined);
    if (graph !== undefined && missing === undefined) {
      const data = names.filter((name) => name.startsWith(`${graph}_data`));
      return Promise.resolve([...names.filter((name) => BESIDE.test(name)), ...needed, ...data, graph]);
    }
    const others = names.filter((name) => name.endsWith('.onnx'));
    throw lacksFile(`the model has no ${missing}`, {
      where: model,
      expected: `an ONNX export as transformers.js reads it: ${[...needed, wanted].join(', ')}`,
      remedy:
        graph === undefined && others.length > 0
          ? `set encoder.dtype to match one of: ${others.join(', ')}`
          : 'choose a model with an ONNX export, such as Xenova/bge-small-en-v1.5, or export it to ONNX into a folder',
    });
  };
}
