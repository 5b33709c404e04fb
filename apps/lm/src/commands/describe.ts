import { createProgress } from '@expctr/app-kit';
import { print, printableJson } from '@expctr/core';
import { describeModel, loadTokenizer, type ModelSummary } from '@expctr/llm-lora';
import { hubOptions } from '../load.js';

/** `expctr-lm describe`. */
export async function describeCommand(model: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  const hub = await hubOptions(createProgress());
  const summary = await describeModel(model, { hub });
  const tokenizer = await loadTokenizer(summary.path).then(
    ({ vocabularySize, hasChatTemplate, bosTokenId, eosTokenIds }) => ({ vocabularySize, hasChatTemplate, bosTokenId, eosTokenIds }),
    (error: unknown) => ({ error: (error as Error).message }), // a model without one can be described all the same
  );
  const { path: _, ...told } = summary;
  const { layers, keyValueHeads, headDim } = summary.config;
  const cacheBytesPerToken = 2 * layers * keyValueHeads * headDim * 4;
  print(json ? printableJson({ ...told, cacheBytesPerToken, tokenizer }) : text(summary, cacheBytesPerToken, tokenizer));
}

type TokenizerFacts = { readonly vocabularySize: number; readonly hasChatTemplate: boolean } | { readonly error: string };

function text({ family, config, parameters, stored, memory }: ModelSummary, cacheBytesPerToken: number, tokenizer: TokenizerFacts): string {
  const types = Object.entries(stored.types).map(([type, count]) => `${count} ${type}`);
  const kept = Object.entries(memory).map(([format, bytes]) => `${format} ${sizeText(bytes)}`);
  const lines: [string, string][] = [
    ['family', family],
    ['parameters', parameters.toLocaleString('en-US')],
    ['sizes', `${config.layers} blocks, width ${config.hiddenSize}, vocabulary ${config.vocabularySize}`],
    ['heads', `${config.keyValueHeads} of keys and values, each ${config.headDim} wide`],
    ['context', `${config.maxPositions} tokens`],
    ['stored', `${stored.format}, ${sizeText(stored.bytes)}: ${types.join(', ')} tensors`],
    ['weights in memory', kept.join(', ')],
    ['cache', `${sizeText(cacheBytesPerToken)} for each token of each text`],
    [
      'tokenizer',
      'error' in tokenizer
        ? tokenizer.error
        : `${tokenizer.vocabularySize} tokens, ${tokenizer.hasChatTemplate ? 'with' : 'without'} a chat template`,
    ],
  ];
  return lines.map(([name, value]) => `${name.padEnd(18)} ${value}`).join('\n');
}

function sizeText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e3).toFixed(1)} kB`;
}
