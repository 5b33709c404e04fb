import { createRegistry, httpMetrics, SECONDS, type HttpMetrics } from '@expctr/app-kit/http';
import type { ModelIdentity } from '../run/served.js';

/** What is asked of the server when its metrics are. */
export interface LiveFigures {
  readonly model: ModelIdentity;
  readonly waitingRows: number;
  readonly connections: number;
}

/** The figures of a server. */
export interface ServeMetrics extends HttpMetrics {
  /** Rows were computed together. */
  batch(rows: number, seconds: number): void;
  /** An explanation was given: looked up, written, or written before. */
  explanation(source: 'stored' | 'generated' | 'cached'): void;
  /** A reload ended. */
  reload(outcome: string): void;
  /** Says where the live figures come from. */
  watch(live: () => LiveFigures): void;
  /** All of them in Prometheus's text format. */
  text(): string;
}

const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096];

/** Metrics of a server, all at zero. */
export function createServeMetrics(): ServeMetrics {
  const registry = createRegistry();
  const http = httpMetrics(registry, 'expctr_serve');
  const rows = registry.counter('expctr_serve_rows_total', 'Rows predicted.');
  const batchRows = registry.histogram('expctr_serve_batch_rows', 'Rows computed together.', ROWS);
  const batchSeconds = registry.histogram('expctr_serve_batch_seconds', 'Seconds that a batch was computed.', SECONDS);
  const explanations = registry.counter('expctr_serve_explanations_total', 'Explanations given, by where they came from.');
  const reloads = registry.counter('expctr_serve_reloads_total', 'Reloads of the run, by how they ended.');
  return {
    ...http,
    batch(count, seconds) {
      rows.add({}, count);
      batchRows.observe(count);
      batchSeconds.observe(seconds);
    },
    explanation: (source) => explanations.add({ source }),
    reload: (outcome) => reloads.add({ outcome }),
    watch(live) {
      registry.gauge('expctr_serve_model_info', 'Which model answers.', () => {
        const { predictor, version } = live().model;
        return [[{ predictor: predictor ?? '', version }, 1]];
      });
      registry.gauge('expctr_serve_waiting_rows', 'Rows that wait or are being computed.', () => [[{}, live().waitingRows]]);
      registry.gauge('expctr_serve_connections', 'Open connections.', () => [[{}, live().connections]]);
    },
    text: () => registry.text(),
  };
}
