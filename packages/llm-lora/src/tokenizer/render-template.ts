import { Template } from '@huggingface/jinja';
import type { RenderChat } from './chat-template.js';
import { strftime } from './strftime.js';

/** A part of a parsed template: its kind, and parts within it. */
interface Node {
  type: string;
  [field: string]: unknown;
}

/** Names that templates are given for what they do in Python; no template can write them. */
const OURS = { strip: '%strip', lstrip: '%lstrip', rstrip: '%rstrip', strftime_now: '%strftime_now' } as const;

/** The special tokens that a template may name, as transformers has them. */
const NAMED = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/**
 * Renders chats with a template as Python does. @huggingface/jinja, which runs it, takes white space away where a template says
 * which characters to take (`strip('\n')`), and knows few forms of dates, in the language of the machine: both are done here.
 * @param config tokenizer_config.json, whose special tokens are texts
 * @throws Error for a template that cannot be parsed
 */
export function templateRenderer(template: string, config: Readonly<Record<string, unknown>>): RenderChat {
  const compiled = new Template(template);
  asInPython(compiled.parsed);
  const tokens = NAMED.map((name) => [name, config[name]] as const).filter(([, text]) => typeof text === 'string' && text !== '');
  const given = {
    ...Object.fromEntries(tokens),
    ...{ add_generation_prompt: true, tools: null, documents: null },
    [OURS.strip]: (text: string, letters: string) => stripped(text, letters, true, true),
    [OURS.lstrip]: (text: string, letters: string) => stripped(text, letters, true, false),
    [OURS.rstrip]: (text: string, letters: string) => stripped(text, letters, false, true),
    [OURS.strftime_now]: (format: string) => strftime(new Date(), format),
  };
  return (messages) => compiled.render({ messages, ...given });
}

/** Puts calls of functions above in the place of those that behave otherwise. */
function asInPython(part: unknown): void {
  if (Array.isArray(part)) part.forEach(asInPython);
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return;
  const node = part as Node;
  Object.values(node).forEach(asInPython);
  if (node.type === 'Identifier' && node['value'] === 'strftime_now') node['value'] = OURS.strftime_now;
  if (node.type !== 'CallExpression') return;
  const { type, object, property, computed } = node['callee'] as Node;
  const name = (property as Node | undefined)?.['value'];
  const args = node['args'] as unknown[];
  if (type !== 'MemberExpression' || computed === true || args.length !== 1 || !isStrip(name)) return;
  node['callee'] = { type: 'Identifier', value: OURS[name] };
  node['args'] = [object, ...args];
}

const isStrip = (name: unknown): name is 'strip' | 'lstrip' | 'rstrip' => name === 'strip' || name === 'lstrip' || name === 'rstrip';

/** A text without the characters that are among some at its beginning, its end, or both. */
function stripped(text: string, letters: string, left: boolean, right: boolean): string {
  const taken = new Set(letters);
  const all = [...text];
  let [first, last] = [0, all.length];
  while (left && first < last && taken.has(all[first]!)) first += 1;
  while (right && first < last && taken.has(all[last - 1]!)) last -= 1;
  return all.slice(first, last).join('');
}
