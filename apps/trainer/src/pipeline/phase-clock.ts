import type { UpdatePhase } from '@expctr/ppo';
import { writeTiming, type RunFolder } from '@expctr/run';

/** Where the time of a stage's updates goes. */
export interface PhaseClock {
  /** An update begins this phase. */
  readonly begin: (phase: UpdatePhase) => void;
  /** An update has ended; it sampled so many tokens. */
  endUpdate(tokens: number): void;
  /** Appends one line to `timing.jsonl`: seconds an update, by phase, and tokens a second while generating. */
  write(folder: RunFolder, name: string): Promise<void>;
}

/** Starts at zero. */
export function createPhaseClock(): PhaseClock {
  const seconds: Record<UpdatePhase, number> = { generate: 0, score: 0, 'log-probabilities': 0, optimize: 0 };
  let current: { phase: UpdatePhase; since: number } | undefined;
  let updates = 0;
  let tokens = 0;
  const stop = (): void => {
    if (current) seconds[current.phase] += (performance.now() - current.since) / 1000;
    current = undefined;
  };
  return {
    begin(phase) {
      stop();
      current = { phase, since: performance.now() };
    },
    endUpdate(sampled) {
      stop();
      updates += 1;
      tokens += sampled;
    },
    async write(folder, name) {
      if (updates === 0) return;
      const perUpdate = (value: number): number => Number((value / updates).toFixed(3));
      const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
      const line = {
        name: `${name}, one update`,
        seconds: perUpdate(total),
        updates,
        phases: Object.fromEntries(Object.entries(seconds).map(([phase, value]) => [phase, perUpdate(value)])),
        rolloutTokensPerSecond: Number((tokens / seconds.generate).toFixed(1)),
      };
      await writeTiming(folder, line);
    },
  };
}
