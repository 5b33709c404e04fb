import type { Fields } from '../../formats/fields.js';

/** Which blocks of a decoder see through a sliding window. */
export interface WindowConfig {
  /** The window of each block in tokens, the token itself among them; null where a block sees to the beginning. Default: all do. */
  readonly windows?: readonly (number | null)[];
}

/** What config.json says of windows, and what stands for it where it is silent. */
export interface WindowRule {
  /** Number of blocks. */
  readonly layers: number;
  /** The context: a window that long is none. */
  readonly maxPositions: number;
  /** The window of blocks that slide; null where there is none. */
  readonly size: number | null;
  /** Whether a block slides where no `layer_types` say so. */
  readonly slides: (index: number) => boolean;
}

/**
 * Windows by `layer_types` of config.json, or else by the family's rule.
 * @throws FormatError `CONFIG_BAD_FIELD` where a block is to slide without a window, or is of another kind
 */
export function parseWindows(fields: Fields, rule: WindowRule): WindowConfig {
  const kinds = fields.raw('layer_types');
  if (kinds === null) return windowsOf(rule, rule.slides);
  const list: readonly unknown[] = Array.isArray(kinds) ? (kinds as unknown[]) : [kinds];
  const other = list.find((kind) => kind !== 'full_attention' && kind !== 'sliding_attention');
  if (other !== undefined || list.length !== rule.layers) {
    const what = other === undefined ? `names ${list.length} blocks` : `names ${JSON.stringify(other)}`;
    throw fields.bad('layer_types', what, `"full_attention" or "sliding_attention" for each of ${rule.layers} blocks`);
  }
  if (rule.size === null && list.includes('sliding_attention')) {
    throw fields.bad('sliding_window', 'is missing', 'the window of the blocks that layer_types lets slide');
  }
  return windowsOf(rule, (index) => list[index] === 'sliding_attention');
}

/** The windows of blocks; none at all where no block has one that is shorter than the context. */
export function windowsOf({ layers, size, maxPositions }: WindowRule, slides: (index: number) => boolean): WindowConfig {
  if (size === null || size >= maxPositions) return {};
  const windows = Array.from({ length: layers }, (_, index) => (slides(index) ? size : null));
  return windows.every((window) => window === null) ? {} : { windows };
}

/** `sliding_window` of config.json: a number of tokens, null for none, the default where it is missing. @throws FormatError `CONFIG_BAD_FIELD` */
export function windowSize(fields: Fields, fallback: number | null): number | null {
  if (!fields.has('sliding_window')) return fallback;
  return fields.raw('sliding_window') === null ? null : fields.count('sliding_window');
}
