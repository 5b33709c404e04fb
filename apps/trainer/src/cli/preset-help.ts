import { isObject } from '@expctr/run';
import { assignmentText } from '../config/json-tree.js';
import type { Preset } from '../config/presets.js';

/** What a preset sets, as `--set` would: one `path=value` for each option that it names. */
export function presetSettings({ config }: Preset): string[] {
  return settingsIn(config, '');
}

/** A preset in the help text: its name, what it is for, and what it changes, in lines of at most `columns` characters. */
export function presetHelp(name: string, preset: Preset, width: number, columns = 140): string {
  const indent = ' '.repeat(width + 4);
  const lines: string[] = [];
  for (const setting of presetSettings(preset)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + setting.length <= columns) lines[lines.length - 1] = `${last} ${setting}`;
    else lines.push(`${indent}${setting}`);
  }
  return [`  ${name.padEnd(width)}  ${preset.description}; it sets`, ...lines].join('\n');
}

function settingsIn(tree: Readonly<Record<string, unknown>>, path: string): string[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const here = path === '' ? key : `${path}.${key}`;
    return isObject(value) ? settingsIn(value, here) : [assignmentText(here, value)];
  });
}
