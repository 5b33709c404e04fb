import type { ModelIdentity } from '../run/served.js';
import { createRegistry } from './registry.js';

/** What is asked of the server when its metrics are. */
export interface LiveFigures {
  readonly model: ModelIdentity;
  readonly waitingRows: number;
  readonly connections: number;
}

/** The figures of a server. */
export interface ServeMetrics {
  /** A request was answered. @param route its path, or `none` where there is no such route */
  request(route: string, status: number, seconds: number): void;
  /** Rows were computed together. */
  batch(rows: number, seconds: number): void;
  /** An explanation was given: looked up, written, or written before. */
  explanation(source: 'stored' | 'generated' | 'cached'): void;
  /** A reload ended. */
  reload(outcome: string): void;
  /** A connection was closed because there were too many. */
  dropped(): void;
  /** Says where the live figures come from. */
  watch(live: () => LiveFigures): void;
  /** All of them in Prometheus's text format. */
  text(): string;
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096];

/** Metrics of a server, all at zero. */
export function createServeMetrics(): ServeMetrics {
  const registry = createRegistry();
  const requests = registry.counter('expctr_serve_requests_total', 'Requests answered, by route and status.');
  const requestSeconds = registry.histogram('expctr_serve_request_seconds', 'Seconds from a request to the end of its answer.', SECONDS);
  const rows = registry.counter('expctr_serve_rows_total', 'Rows predicted.');
  const batchRows = registry.histogram('expctr_serve_batch_rows', 'Rows computed together.', ROWS);
  const batchSeconds = registry.histogram('expctr_serve_batch_seconds', 'Seconds that a batch was computed.', SECONDS);
  const explanations = registry.counter('expctr_serve_explanations_total', 'Explanations given, by where they came from.');
  const reloads = registry.counter('expctr_serve_reloads_total', 'Reloads of the run, by how they ended.');
  const dropped = registry.counter('expctr_serve_dropped_connections_total', 'Connections closed because there were too many.');
  const started = Date.now() / 1000;
  registry.gauge('process_start_time_seconds', 'Start of the process, in seconds since 1970.', () => [[{}, started]]);
  registry.gauge('process_resident_memory_bytes', 'Resident memory.', () => [[{}, process.memoryUsage.rss()]]);
  registry.gauge(
    'process_cpu_seconds_total',
    'Processor time, of user and system.',
    () => {
      const { user, system } = process.cpuUsage();
      return [[{}, (user + system) / 1e6]];
    },
    'counter',
  );
  return {
    request(route, status, seconds) {
      requests.add({ route, status: String(status) });
      requestSeconds.observe(seconds, { route });
    },
    batch(count, seconds) {
      rows.add({}, count);
      batchRows.observe(count);
      batchSeconds.observe(seconds);
    },
    explanation: (source) => explanations.add({ source }),
    reload: (outcome) => reloads.add({ outcome }),
    dropped: () => dropped.add(),
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
