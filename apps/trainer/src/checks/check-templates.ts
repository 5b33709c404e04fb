import { nearestName } from '@expctr/core';
import { ConfigError } from '../config/errors.js';
import type { Config } from '../config/schema.js';
import type { Templates } from '../pipeline/speech.js';

/** The forms in which explanations are asked for and read are forms of the templates. @throws ConfigError `CONFIG_INVALID` */
export function checkForms({ prompt, reader }: Config, { explanation, lc }: Templates): void {
  requireForm('prompt.form', prompt.form, 'explanation', Object.keys(explanation.forms));
  requireForm('reader.form', reader.form, 'LC', Object.keys(lc.forms));
}

/** @throws ConfigError `CONFIG_INVALID` for a form that is neither `auto` nor one of `names` */
export function requireForm(where: string, form: string, template: string, names: readonly string[]): void {
  if (form === 'auto' || names.includes(form)) return;
  const near = nearestName(form, names);
  throw new ConfigError('CONFIG_INVALID', `the ${template} template has no form "${form}"`, {
    where,
    expected: `auto or one of ${names.join(', ')}`,
    remedy: near === undefined ? 'choose one of these' : `write ${where}=${near}`,
  });
}
