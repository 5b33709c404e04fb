import { HubError } from './errors.js';

/** A model on the hub at a revision. */
export interface ModelId {
  /** `owner/name`, or a `name` alone, as some old models have it. */
  readonly id: string;
  /** Branch, tag, `refs/pr/N` or commit. */
  readonly revision: string;
}

/** What stands on the hub where nothing else is said. */
export const DEFAULT_REVISION = 'main';

// Source: huggingface_hub, `validate_repo_id`.
const ID = /^(?:[\w-][\w.-]*\/)?[a-z0-9](?:[\w.-]*[a-z0-9_])?$/i;
const LONGEST_ID = 96;
const FILE = /\.(?:git|gguf|safetensors|onnx|bin|pth?|json|arrow)$/i;
const REVISION = /^\w[\w.+-]*(?:\/\w[\w.+-]*)*$/;
const COMMIT = /^[0-9a-f]{40}$/;

/**
 * Reads `owner/name` or `owner/name@revision`.
 * @returns null for what is no id: paths, names of files
 * @throws HubError `HUB_BAD_REVISION` for an id with a revision that cannot be one
 */
export function parseModelId(text: string): ModelId | null {
  const [, id = '', revision] = /^([^@]*)(?:@(.*))?$/s.exec(text) ?? [];
  if (!ID.test(id) || id.length > LONGEST_ID || /--|\.\./.test(id) || FILE.test(id)) return null;
  if (revision === undefined) return { id, revision: DEFAULT_REVISION };
  if (REVISION.test(revision) && !/\.\.|\.lock(?:\/|$)/.test(revision) && revision.length <= 200) return { id, revision };
  throw new HubError('HUB_BAD_REVISION', `${JSON.stringify(revision)} cannot be a revision`, {
    where: id,
    expected: 'a branch, a tag or a commit after the @, such as @main',
    remedy: 'leave it out, or copy the commit from the history of the model on the hub',
    wrongUse: true,
  });
}

/** Whether a revision is a complete commit hash, which means the same files for ever. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}
