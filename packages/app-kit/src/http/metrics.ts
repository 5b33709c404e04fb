import type { MetricRegistry } from './registry.js';

/** What a server counts of its requests. */
export interface HttpMetrics {
  /** A request was answered. @param route its path, or `none` where there is no such route */
  request(route: string, status: number, seconds: number): void;
  /** A connection was closed because there were too many. */
  dropped(): void;
}

/** Bounds of seconds that histograms count by. */
export const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Figures of requests and of the process. @param prefix begins the names of those of requests, such as `expctr_serve` */
export function httpMetrics(registry: MetricRegistry, prefix: string): HttpMetrics {
  const requests = registry.counter(`${prefix}_requests_total`, 'Requests answered, by route and status.');
  const requestSeconds = registry.histogram(`${prefix}_request_seconds`, 'Seconds from a request to the end of its answer.', SECONDS);
  const dropped = registry.counter(`${prefix}_dropped_connections_total`, 'Connections closed because there were too many.');
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
    dropped: () => dropped.add(),
  };
}
