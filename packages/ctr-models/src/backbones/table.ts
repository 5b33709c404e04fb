import { CtrError } from '../errors.js';
import type { Backbone } from './backbone.js';
import { deepFm } from './deepfm.js';
import { fm } from './fm.js';
import { logisticRegression } from './logistic-regression.js';

/** The backbones of this package by name. A new one is a file and a line here. */
export const BACKBONES = {
  /** {@link logisticRegression} */
  'logistic-regression': logisticRegression,
  /** {@link fm} */
  fm,
  /** {@link deepFm} */
  deepfm: deepFm,
} as const satisfies Record<string, Backbone>;

/** The name of a backbone of this package. */
export type BackboneName = keyof typeof BACKBONES;

const registered = new Map<string, Backbone>();

/**
 * Makes a backbone of one's own known by its name, to configurations and to `loadCtrModel`.
 * Without registration a backbone can be passed as an object.
 * @throws CtrError `CTR_BACKBONE` where the name is taken by another backbone.
 */
export function registerBackbone<P extends object, O extends object>(backbone: Backbone<P, O>): void {
  const known = lookUp(backbone.name);
  if (known !== undefined && known !== (backbone as unknown as Backbone)) {
    throw new CtrError('CTR_BACKBONE', `there is a backbone '${backbone.name}' already`, {
      where: 'registerBackbone',
      remedy: 'choose another name',
    });
  }
  registered.set(backbone.name, backbone as unknown as Backbone);
}

/** The backbone of that name. @throws CtrError `CTR_BACKBONE` where there is none. */
export function findBackbone(name: string): Backbone {
  const backbone = lookUp(name);
  if (backbone === undefined) {
    throw new CtrError('CTR_BACKBONE', `there is no backbone '${name}'`, {
      expected: `one of ${backboneNames().join(', ')}`,
      remedy: 'registerBackbone makes one of your own known',
    });
  }
  return backbone;
}

/** All names that {@link findBackbone} knows. */
export function backboneNames(): string[] {
  return [...Object.keys(BACKBONES), ...registered.keys()];
}

function lookUp(name: string): Backbone | undefined {
  return (Object.hasOwn(BACKBONES, name) ? BACKBONES[name as BackboneName] : undefined) ?? registered.get(name);
}
