import { CtrError } from '../errors.js';
import { fitOptions } from '../fit/options.js';
import type { Backbone } from './backbone.js';
import { autoInt } from './autoint.js';
import { bst } from './bst.js';
import { dcnV2 } from './dcnv2.js';
import { deepFm } from './deepfm.js';
import { dien } from './dien.js';
import { din } from './din.js';
import { fiBiNet } from './fibinet.js';
import { finalMlp } from './finalmlp.js';
import { finalNet } from './finalnet.js';
import { fm } from './fm.js';
import { fwfm } from './fwfm.js';
import { gdcn } from './gdcn.js';
import { logisticRegression } from './logistic-regression.js';
import { maskNet } from './masknet.js';
import { sasRec } from './sasrec.js';
import { sim } from './sim.js';
import { wideAndDeep } from './wide-and-deep.js';
import { xDeepFm } from './xdeepfm.js';

/** The backbones of this package by name. A new one is a file and a line here. */
export const BACKBONES = {
  /** {@link logisticRegression} */
  'logistic-regression': logisticRegression,
  /** {@link fm} */
  fm,
  /** {@link fwfm} */
  fwfm,
  /** {@link wideAndDeep} */
  'wide-and-deep': wideAndDeep,
  /** {@link deepFm} */
  deepfm: deepFm,
  /** {@link dcnV2} */
  dcnv2: dcnV2,
  /** {@link xDeepFm} */
  xdeepfm: xDeepFm,
  /** {@link autoInt} */
  autoint: autoInt,
  /** {@link fiBiNet} */
  fibinet: fiBiNet,
  /** {@link maskNet} */
  masknet: maskNet,
  /** {@link finalMlp} */
  finalmlp: finalMlp,
  /** {@link finalNet} */
  finalnet: finalNet,
  /** {@link gdcn} */
  gdcn,
  /** {@link din} */
  din,
  /** {@link dien} */
  dien,
  /** {@link bst} */
  bst,
  /** {@link sasRec} */
  sasrec: sasRec,
  /** {@link sim} */
  sim,
} as const satisfies Record<string, Backbone>;

/** The name of a backbone of this package. */
export type BackboneName = keyof typeof BACKBONES;

/**
 * The backbone of that name.
 * @param own backbones of one's own that may be meant besides {@link BACKBONES}
 * @throws CtrError `CTR_BACKBONE` where there is none, or where one of `own` is malformed (see {@link checkBackbones})
 */
export function findBackbone(name: string, own: readonly Backbone[] = []): Backbone {
  checkBackbones(own);
  const backbone = own.find((b) => b.name === name) ?? builtIn(name);
  if (backbone === undefined) {
    throw new CtrError('CTR_BACKBONE', `there is no backbone '${name}'`, {
      expected: `one of ${backboneNames(own).join(', ')}`,
      remedy: 'correct the name, or pass a backbone of your own in `backbones`',
    });
  }
  return backbone;
}

/** All names that {@link findBackbone} knows. */
export function backboneNames(own: readonly Backbone[] = []): string[] {
  return [...new Set([...Object.keys(BACKBONES), ...own.map((b) => b.name)])];
}

/**
 * Refuses backbones of one's own that could be taken for others, or whose options cannot stand beside those of a fit.
 * @throws CtrError `CTR_BACKBONE` for a name that another backbone has, an option with the name of one of `fitOptions` or called
 * `backbone`, or options that do not all have defaults.
 */
export function checkBackbones(own: readonly Backbone[]): void {
  for (const backbone of own) {
    const where = `backbone ${backbone.name}`;
    const other = own.find((b) => b.name === backbone.name && b !== backbone) ?? builtIn(backbone.name);
    if (other !== undefined && other !== backbone) {
      throw new CtrError('CTR_BACKBONE', 'another backbone has its name', {
        where,
        expected: `a name other than ${Object.keys(BACKBONES).join(', ')}`,
        remedy: 'choose another name: a saved model is read by it',
      });
    }
    if (backbone.usesSequences === true && !backbone.usesEmbeddings) {
      throw new CtrError('CTR_BACKBONE', 'it reads sequences without embeddings', {
        where,
        expected: 'usesEmbeddings: true beside usesSequences: true',
      });
    }
    const taken = ['backbone', ...Object.keys(fitOptions.shape)];
    const clash = Object.keys(backbone.options.shape).find((name) => taken.includes(name));
    if (clash !== undefined) {
      throw new CtrError('CTR_BACKBONE', `its option '${clash}' has the name of one that every fit has`, {
        where,
        expected: `names other than ${taken.join(', ')}`,
        remedy: 'rename the option, or leave it to the fit',
      });
    }
    const defaults = backbone.options.safeParse({});
    if (!defaults.success) {
      const { path, message } = defaults.error.issues[0]!;
      throw new CtrError('CTR_BACKBONE', `its option '${path.join('.')}' has no valid default: ${message}`, {
        where,
        expected: 'options that parse an empty object',
        remedy: 'give every option a .default(...)',
      });
    }
  }
}

function builtIn(name: string): Backbone | undefined {
  return Object.hasOwn(BACKBONES, name) ? BACKBONES[name as BackboneName] : undefined;
}
