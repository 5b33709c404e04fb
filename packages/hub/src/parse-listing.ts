import { parseJson } from '@expctr/core';
import { HubError } from './errors.js';
import { isSafeFileName } from './file-name.js';
import { isCommit, type ModelId } from './model-id.js';

/** What a server's answer says of a model at a revision. */
export interface ParsedListing {
  /** The commit that the revision stands for now. */
  readonly commit: string;
  /** What is said of each file, by name. */
  readonly entries: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** @param url where the answer came from @throws HubError `HUB_BAD_ANSWER`, `HUB_UNSAFE_NAME` */
export function parseListing(answer: string, url: string, { id, revision }: ModelId): ParsedListing {
  const wrong = (what: string): HubError =>
    new HubError('HUB_BAD_ANSWER', what, {
      where: url,
      expected: 'the listing of a model as the hub gives it',
      remedy: 'check the endpoint (HF_ENDPOINT), and that no proxy or login page answers in its place',
    });
  const value = parse(answer, wrong);
  const commit = value['sha'];
  const siblings = value['siblings'];
  if (typeof commit !== 'string' || !isCommit(commit)) throw wrong('the answer names no commit');
  if (isCommit(revision) && commit !== revision) throw wrong(`the answer is for the commit ${commit}`);
  if (!Array.isArray(siblings)) throw wrong('the answer lists no files');
  const entries = new Map<string, Record<string, unknown>>();
  for (const entry of siblings as readonly unknown[]) {
    const name = isObject(entry) ? entry['rfilename'] : undefined;
    if (typeof name !== 'string') throw wrong('the answer lists a file without a name');
    if (!isSafeFileName(name)) {
      throw new HubError(
        'HUB_UNSAFE_NAME',
        `the model has a file named ${JSON.stringify(name)}, which would leave its folder or disturb a terminal`,
        {
          where: id,
          expected: 'relative names without .., backslash, drive or control characters',
          remedy: 'do not use this model; tell its owner and the hub',
        },
      );
    }
    entries.set(name, entry as Record<string, unknown>);
  }
  return { commit, entries };
}

function parse(text: string, wrong: (what: string) => HubError): Record<string, unknown> {
  try {
    const value: unknown = parseJson(text);
    if (isObject(value)) return value;
  } catch {
    // said below
  }
  throw wrong(`the answer is not a JSON object; it begins with ${JSON.stringify(text.slice(0, 40))}`);
}

/** A JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
