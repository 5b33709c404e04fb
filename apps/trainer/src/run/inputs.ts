import { createHash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, withFileErrors } from '@expctr/core';
import { cardJson, type PreparedDataset } from '@expctr/data';
import { RunFolderError } from '@expctr/run';
import type { Models } from '../pipeline/models.js';

/** Files of a language model that decide what it says; others, such as a README, may come and go. */
const MODEL_FILE = /\.(json|safetensors|gguf|model|txt|jinja)$/u;

/** A file up to this size is hashed whole, a larger one in {@link PIECES} pieces that are spread over it. */
const WHOLE_BYTES = 64 * 2 ** 20;
const PIECES = 256;
const PIECE_BYTES = 64 * 2 ** 10;

/** Checksums of what a run reads each time that it is started, by the option that says where it is. */
export async function modelInputs({ policyPath, templates, encoder }: Models): Promise<Record<string, string>> {
  return {
    'llm.model': await modelDigest(policyPath),
    'prompt.explanation': sha256(JSON.stringify(templates.explanation)),
    'prompt.lc': sha256(JSON.stringify(templates.lc)),
    'encoder.model': sha256(encoder.identity ?? encoder.name),
  };
}

/** Checksum of a dataset: of its card, which has the checksums of its source files, and of the rows that were made of them. */
export function dataInput({ card, interactions, items }: PreparedDataset): string {
  const hash = createHash('sha256').update(cardJson(card));
  for (const column of [interactions.user, interactions.item, interactions.label, interactions.split]) {
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.update(JSON.stringify([items.title, items.attributes])).digest('hex');
}

/** @throws RunFolderError `RUN_INPUT_CHANGED` that names the option whose files are not those that the run was begun with */
export function requireSameInputs(before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): void {
  const changed = Object.keys(now).find((name) => name in before && before[name] !== now[name]);
  if (changed === undefined) return;
  throw new RunFolderError('RUN_INPUT_CHANGED', 'what it names is not what the run was begun with', {
    where: changed,
    expected: 'the same content, wherever it lies',
    remedy: `put the files back or say where they are now (--set ${changed}=…), or start a new run`,
    wrongUse: true,
  });
}

/** Checksum of a model file, or of the model files in a folder with their names; an id with its commit says it all. */
export async function modelDigest(path: string): Promise<string> {
  return withFileErrors(path, async () => {
    const found = await stat(path).catch(() => null);
    if (found === null) return sha256(path);
    if (!found.isDirectory()) return fileDigest(path);
    const hash = createHash('sha256');
    const names = (await readdir(path)).filter((name) => MODEL_FILE.test(name)).sort();
    for (const name of names) hash.update(`${name} ${await fileDigest(join(path, name))}\n`);
    return hash.digest('hex');
  });
}

/** Gigabytes are not read whole at every start: a file of another model differs in size, in its header, or nearly everywhere. */
async function fileDigest(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const hash = createHash('sha256').update(`${size}\n`);
    const whole = size <= WHOLE_BYTES;
    const pieces = whole ? Math.ceil(size / PIECE_BYTES) : PIECES;
    const buffer = Buffer.alloc(PIECE_BYTES);
    for (let piece = 0; piece < pieces; piece += 1) {
      const at = whole ? piece * PIECE_BYTES : Math.floor((piece * (size - PIECE_BYTES)) / (PIECES - 1));
      const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, at);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}
