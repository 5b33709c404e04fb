import { ExpctrError } from '@expctr/core';
import fc from 'fast-check';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { failure } from './failure.js';
import { ggufBytes, llamaEntries, text, u32, u64, type Entry, type Info } from './gguf-bytes.js';
import { fixture, temporaryFolder } from './temporary-folder.js';

const path = temporaryFolder();
const info = (change: Partial<Info> = {}): Info => ({ name: 'token_embd.weight', sizes: [32, 4], type: 0, offset: 0, ...change });
const number = (key: string, value: number): Entry => ({ key, type: 'u32', value });
const word = (key: string, value: string): Entry => ({ key, type: 'string', value });
const raw = (key: string, type: number, ...value: Buffer[]): Entry => ({ key, type: 'raw', number: type, value: Buffer.concat(value) });
const start = (...rest: Buffer[]): Buffer => Buffer.concat([Buffer.from('GGUF'), u32(3), ...rest]);

test.each<[string, Buffer, string, ...string[]]>([
  ['an empty file', Buffer.alloc(0), 'GGUF_TRUNCATED', 'ends at byte 0'],
  [
    'another format',
    Buffer.from('PK\u0003\u0004 not a model, but long enough'),
    'GGUF_BAD_MAGIC',
    '50 4b 03 04',
    'GGUF',
    'check that this is a GGUF file',
  ],
  ['version 1', ggufBytes(llamaEntries(), [], 0, 1), 'GGUF_UNSUPPORTED_VERSION', 'version is 1', 'version 2 or 3'],
  ['big-endian', ggufBytes(llamaEntries(), [], 0, 0x03000000), 'GGUF_UNSUPPORTED_VERSION', 'little-endian'],
  ['more metadata than bytes', start(u64(0), u64(1e12)), 'GGUF_TRUNCATED', 'the metadata'],
  ['more tensors than bytes', start(u64(1e12), u64(0)), 'GGUF_TRUNCATED', 'the list of tensors'],
  ['counts beyond all numbers', start(u64(0xffffffffffffffffn), u64(0)), 'GGUF_BAD_HEADER', 'length of 18446744073709551615'],
  ['a text longer than the file', start(u64(0), u64(1), u64(1e9), Buffer.alloc(16)), 'GGUF_TRUNCATED', 'metadata entry 0'],
  ['an unknown type of metadata', ggufBytes([raw('k', 99)], []), 'GGUF_BAD_HEADER', 'value of k', 'type 99'],
  ['a list longer than the file', ggufBytes([raw('k', 9, u32(4), u64(1e15))], []), 'GGUF_TRUNCATED', 'the value of k'],
  [
    'lists nested without end',
    ggufBytes([raw('k', 9, u32(9), u64(1), u32(9), u64(1), u32(9), u64(1), u32(9), u64(1))], []),
    'GGUF_BAD_HEADER',
    'nested',
  ],
  ['a key twice', ggufBytes([number('k', 1), number('k', 2)], []), 'GGUF_BAD_HEADER', 'k occurs twice'],
  ['a tensor twice', ggufBytes(llamaEntries(), [info(), info({ offset: 512 })], 1024), 'GGUF_BAD_HEADER', 'token_embd.weight occurs twice'],
  ['an alignment that is no power of two', ggufBytes([number('general.alignment', 24)], []), 'GGUF_BAD_HEADER', 'general.alignment is 24'],
  ['an alignment of zero', ggufBytes([number('general.alignment', 0)], []), 'GGUF_BAD_HEADER', 'general.alignment is 0'],
  ['a tensor off the alignment', ggufBytes(llamaEntries(), [info({ offset: 4 })], 1024), 'GGUF_BAD_HEADER', 'offset 4', 'multiple of 32'],
  ['a tensor with nine axes', ggufBytes(llamaEntries(), [info({ sizes: Array<number>(9).fill(1) })], 1024), 'GGUF_BAD_HEADER', '9 axes'],
  [
    'rows that are no whole blocks',
    ggufBytes(llamaEntries(), [info({ sizes: [33, 4], type: 2 })], 1024),
    'GGUF_BAD_HEADER',
    'rows of 33',
    '32 for Q4_0',
  ],
  [
    'a tensor beyond the file',
    ggufBytes(llamaEntries(), [info()], 511),
    'GGUF_TRUNCATED',
    'the tensor token_embd.weight',
    'fetch the file again',
  ],
  [
    'a shape beyond all numbers',
    ggufBytes(llamaEntries(), [info({ sizes: [2 ** 52, 2 ** 52] })], 512),
    'GGUF_TRUNCATED',
    'token_embd.weight',
  ],
  [
    'tensors that overlap',
    ggufBytes(llamaEntries(), [info(), info({ name: 'x', offset: 256 })], 1024),
    'GGUF_BAD_HEADER',
    'token_embd.weight and x overlap',
  ],
  [
    'another architecture',
    ggufBytes([word('general.architecture', 'mamba')], []),
    'GGUF_UNSUPPORTED_ARCHITECTURE',
    '"mamba"',
    'one of llama',
  ],
  ['no architecture', ggufBytes([], []), 'GGUF_UNSUPPORTED_ARCHITECTURE', 'null'],
  [
    'a part of a split model',
    ggufBytes(llamaEntries(raw('split.count', 2, Buffer.from([3, 0]))), []),
    'GGUF_SPLIT',
    '3 files',
    'llama-gguf-split',
  ],
  [
    'an unsupported type of weights',
    ggufBytes(llamaEntries(), [info({ type: 16 })], 1024),
    'GGUF_UNSUPPORTED_TYPE',
    'tensor token_embd.weight',
    'IQ2_XXS',
    'Q4_0',
    'Q8_0',
  ],
  ['a type of weights without a name', ggufBytes(llamaEntries(), [info({ type: 999 })], 1024), 'GGUF_UNSUPPORTED_TYPE', 'number 999'],
  ['a mixture of experts', ggufBytes(llamaEntries(number('llama.expert_count', 8)), []), 'CONFIG_BAD_FIELD', 'llama.expert_count is 8'],
  [
    'partly rotated heads',
    ggufBytes(llamaEntries(number('llama.rope.dimension_count', 8)), []),
    'CONFIG_BAD_FIELD',
    'llama.rope.dimension_count is 8',
    '16',
  ],
  ['another scaling', ggufBytes(llamaEntries(word('llama.rope.scaling.type', 'ntk')), []), 'CONFIG_BAD_FIELD', '"ntk"', 'linear'],
  [
    'layers without end',
    ggufBytes(llamaEntries(number('llama.block_count', 2 ** 31)), []),
    'CONFIG_BAD_FIELD',
    'llama.block_count is 2147483648',
    'at most 2048',
  ],
  ['a vocabulary without end', ggufBytes(llamaEntries(number('llama.vocab_size', 2 ** 30)), []), 'CONFIG_BAD_FIELD', 'llama.vocab_size'],
  ['heads without end', ggufBytes(llamaEntries(number('llama.attention.head_count', 2 ** 30)), []), 'CONFIG_BAD_FIELD', 'head_count is'],
  ['a missing number', ggufBytes(llamaEntries(word('llama.block_count', '1')), []), 'CONFIG_BAD_FIELD', 'llama.block_count is "1"'],
  [
    'factors of frequencies that are zero',
    ggufBytes(llamaEntries(), [info({ name: 'rope_freqs.weight', sizes: [8] })], 32),
    'CONFIG_BAD_FIELD',
    'rope_freqs.weight',
    '8 positive numbers',
  ],
  [
    'a missing tensor',
    ggufBytes(llamaEntries(), [info()], 512),
    'CHECKPOINT_MISSING_TENSOR',
    'model.layers.0.input_layernorm.weight',
    '[32]',
  ],
  [
    'a tensor of another shape',
    ggufBytes(llamaEntries(), [info({ sizes: [32, 5] })], 640),
    'CHECKPOINT_WRONG_SHAPE',
    'model.embed_tokens.weight',
    '[5, 32]',
    '[4, 32]',
  ],
])('%s is a typed error', async (_, bytes, code, ...parts) => {
  await writeFile(path('w.gguf'), bytes);
  await expect(loadCheckpoint(path('w.gguf'))).rejects.toThrow(failure(code, 'w.gguf', ...parts));
});

test('a tensor that has no place in the architecture is refused, not left out', async () => {
  const bytes = await readFile(fixture('tiny-llama.gguf'));
  bytes.write('outpux.weight', bytes.indexOf(text('output.weight')) + 8);
  await writeFile(path('w.gguf'), bytes);
  await expect(loadCheckpoint(path('w.gguf'))).rejects.toThrow(failure('CHECKPOINT_UNKNOWN_TENSOR', 'outpux.weight'));
});

test('a file cut anywhere is a typed error that names it', async () => {
  const bytes = await readFile(fixture('tiny-llama.gguf'));
  for (let length = 0; length < bytes.length; length += 997) {
    await writeFile(path('cut.gguf'), bytes.subarray(0, length));
    await expect(loadCheckpoint(path('cut.gguf'))).rejects.toThrow(failure('GGUF_TRUNCATED', 'cut.gguf', `ends at byte ${length}`));
  }
});

test('whatever happens to the bytes of a file, it is a typed error or a whole model', async () => {
  const original = await readFile(fixture('tiny-llama.gguf'));
  const header = 4096;
  const change = fc.tuple(fc.nat(header), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)));
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = Buffer.from(original);
      for (const [at, value] of changes) bytes[at] = value;
      await writeFile(path('m.gguf'), bytes);
      try {
        const { tensors } = await loadCheckpoint(path('m.gguf'));
        for (const { data, shape } of tensors.values()) expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      } catch (error) {
        if (!(error instanceof ExpctrError)) throw error;
        expect(error.message).toContain('m.gguf');
        refused += 1;
      }
    }),
    { numRuns: 250, seed: 6 },
  );
  expect(refused).toBeGreaterThan(60);
});

const CONFIG = {
  model_type: 'llama', architectures: ['LlamaForCausalLM'], hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4,
  num_key_value_heads: 2, vocab_size: 40, rms_norm_eps: 1e-5, rope_theta: 10000, tie_word_embeddings: false, max_position_embeddings: 256, eos_token_id: [2, 3],
}; // prettier-ignore

test('config.json beside the file comes first where both agree', async () => {
  await cp(fixture('tiny-llama.gguf'), path('m.gguf'));
  await writeFile(path('config.json'), JSON.stringify(CONFIG));
  const { config } = await loadCheckpoint(path());
  expect(config).toMatchObject({ maxPositions: 256, eosTokenIds: [2, 3], normEpsilon: 1e-5 });
});

test.each([
  ['hidden_size', 64, 'hiddenSize 32 against 64'],
  ['num_key_value_heads', 4, 'keyValueHeads 2 against 4'],
  ['rms_norm_eps', 1e-6, 'normEpsilon'],
  ['rope_theta', 500000, 'ropeTheta 10000 against 500000'],
  ['tie_word_embeddings', true, 'tiedEmbeddings false against true'],
  ['vocab_size', 41, 'vocabularySize 40 against 41'],
])('config.json with another %s is refused, naming both files', async (field, value, what) => {
  await cp(fixture('tiny-llama.gguf'), path('m.gguf'));
  await writeFile(path('config.json'), JSON.stringify({ ...CONFIG, [field]: value }));
  await expect(loadCheckpoint(path())).rejects.toThrow(failure('CHECKPOINT_CONFIG_MISMATCH', 'm.gguf', 'config.json', what));
});
