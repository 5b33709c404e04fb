import { ExpctrError, fileError } from '@expctr/core';
import { fingerprintOf } from './fingerprint.js';
import { placeAt, type Place } from './place.js';
import type { ModelIdentity, Served } from './served.js';

/** A run that is not freed before it is given back. */
export interface Lease {
  readonly served: Served;
  readonly release: () => void;
}

/** How a reload went. */
export type Reloaded =
  | { readonly outcome: 'served'; readonly model: ModelIdentity }
  | { readonly outcome: 'same'; readonly model: ModelIdentity }
  | { readonly outcome: 'refused'; readonly code: string; readonly message: string };

/** Keeps the run that answers, and puts a newer one in its place. */
export interface Keeper {
  /** Takes the run that answers now; whoever does gives it back. */
  lease(): Lease;
  /** Which model answers. */
  readonly model: ModelIdentity;
  /** Loads what lies in the place now. Until it is loaded, and where it cannot be, the run before answers. */
  reload(): Promise<Reloaded>;
  /** Reloads when something else was put in the place, and lies still. */
  look(): Promise<void>;
  /** Frees the run when nobody has it any more. */
  close(): Promise<void>;
}

/** What a keeper works with. */
export interface KeeperOptions {
  readonly path: string;
  readonly predictor: string;
  readonly load: () => Promise<Served>;
  /** Told of every reload. */
  readonly onReload: (reloaded: Reloaded) => void;
}

interface Holding {
  readonly served: Served;
  users: number;
  retired: (() => void) | null;
}

/** Loads the first run. @throws what keeps it from being served */
export async function createKeeper({ path, predictor, load, onReload }: KeeperOptions): Promise<Keeper> {
  let tried = fingerprintOf(placeNow());
  let seen = tried;
  let current: Holding = { served: await load(), users: 0, retired: null };
  let reloading: Promise<Reloaded> | null = null;

  function placeNow(): Place | null {
    try {
      return placeAt(path, predictor);
    } catch {
      return null; // a run is being put in place, or was taken away: the one in memory answers
    }
  }

  /** Frees a run once nobody has it. */
  async function retire(holding: Holding): Promise<void> {
    if (holding.users > 0) await new Promise<void>((resolve) => (holding.retired = resolve));
    await holding.served.dispose();
  }

  async function replace(): Promise<Reloaded> {
    tried = fingerprintOf(placeNow());
    try {
      const served = await load();
      if (served.model.version === current.served.model.version) {
        await served.dispose();
        return { outcome: 'same', model: served.model };
      }
      const before = current;
      current = { served, users: 0, retired: null };
      void retire(before);
      return { outcome: 'served', model: served.model };
    } catch (thrown) {
      const error = fileError(thrown);
      const { message } = error as Error;
      return { outcome: 'refused', code: error instanceof ExpctrError ? error.code : 'SERVE_INTERNAL', message };
    }
  }

  const keeper: Keeper = {
    get model() {
      return current.served.model;
    },
    lease() {
      const holding = current;
      holding.users += 1;
      let held = true;
      return {
        served: holding.served,
        release() {
          if (!held) return;
          held = false;
          holding.users -= 1;
          if (holding.users === 0) holding.retired?.();
        },
      };
    },
    reload() {
      reloading ??= replace()
        .then((reloaded) => {
          onReload(reloaded);
          return reloaded;
        })
        .finally(() => (reloading = null));
      return reloading;
    },
    async look() {
      const now = fingerprintOf(placeNow());
      const isStill = now === seen;
      seen = now;
      if (now !== null && isStill && now !== tried) await keeper.reload();
    },
    close: () => retire(current),
  };
  return keeper;
}
