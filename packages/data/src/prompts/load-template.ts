import { readFile } from 'node:fs/promises';
import { parseJson } from '@expctr/core';
import type { z } from 'zod';
import { TemplateError } from '../errors.js';
import { explanationTemplateSchema, type ExplanationTemplate } from './explanation-template.js';
import { lcTemplateSchema, type LcTemplate } from './lc-template.js';

const SCHEMAS = { explanation: explanationTemplateSchema, lc: lcTemplateSchema } as const;

/** The kinds of template, by the name that a template file gives in `kind`. */
export interface Templates {
  /** How an explanation is asked for. */
  readonly explanation: ExplanationTemplate;
  /** How the reader is asked. */
  readonly lc: LcTemplate;
}

/**
 * Reads a template from a JSON file.
 * @throws TemplateError `TEMPLATE_FILE`, `TEMPLATE_JSON`, or `TEMPLATE_INVALID` with the path of every wrong value.
 */
export async function loadTemplate<K extends keyof Templates>(path: string, kind: K): Promise<Templates[K]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new TemplateError('TEMPLATE_FILE', code === 'ENOENT' ? 'there is no such file' : `the template cannot be read (${code})`, {
      where: path,
      expected: 'a JSON file',
      cause,
      wrongUse: true,
    });
  }
  let value: unknown;
  try {
    value = parseJson(text.replace(/^\uFEFF/u, ''));
  } catch (cause) {
    throw new TemplateError('TEMPLATE_JSON', (cause as Error).message, { where: path, expected: 'JSON', cause, wrongUse: true });
  }
  return parseTemplate(value, kind, path);
}

/** Checks a template that was read already; `where` names it in errors. @throws TemplateError `TEMPLATE_INVALID`. */
export function parseTemplate<K extends keyof Templates>(value: unknown, kind: K, where = 'the template'): Templates[K] {
  const result = SCHEMAS[kind].safeParse(value);
  if (result.success) return result.data as Templates[K];
  const issues = result.error.issues.flatMap((issue) => flatten(issue, []));
  throw new TemplateError('TEMPLATE_INVALID', issues.join('; '), { where, expected: `a template of kind '${kind}'`, wrongUse: true });
}

function flatten(issue: z.core.$ZodIssue, parents: readonly PropertyKey[]): string[] {
  const path = [...parents, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return issue.errors.flatMap((branch) => branch.flatMap((inner) => flatten(inner, path)));
  }
  return [`${path.map(String).join('.') || 'the whole'}: ${missingInWords(issue.message)}`];
}

/** What zod says of a value that is not there, without the word of JavaScript for it. */
function missingInWords(message: string): string {
  return message.replace(/^Invalid input: expected (.+), received undefined$/u, 'it is missing, and should be: $1');
}
