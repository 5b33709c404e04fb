/** Values of labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** Counts up. */
export interface Counter {
  add(labels?: Labels, by?: number): void;
}

/** Counts how often values were at most as large as each of some bounds. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** Figures that Prometheus can read. */
export interface MetricRegistry {
  counter(name: string, help: string): Counter;
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** A figure that is asked for when the metrics are: samples with their labels. */
  gauge(name: string, help: string, read: () => readonly (readonly [Labels, number])[], type?: 'gauge' | 'counter'): void;
  /** All of them in Prometheus's text format, version 0.0.4. */
  text(): string;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly lines: () => string[];
}

/** An empty registry. */
export function createRegistry(): MetricRegistry {
  const families: Family[] = [];
  return {
    counter(name, help) {
      const totals = new Map<string, number>();
      families.push({ name, help, type: 'counter', lines: () => [...totals].map(([labels, total]) => `${name}${labels} ${total}`) });
      return {
        add(labels = {}, by = 1) {
          const key = labelText(labels);
          totals.set(key, (totals.get(key) ?? 0) + by);
        },
      };
    },
    histogram(name, help, bounds) {
      const series = new Map<string, { readonly labels: Labels; readonly buckets: number[]; sum: number; count: number }>();
      families.push({
        name,
        help,
        type: 'histogram',
        lines: () =>
          [...series.values()].flatMap(({ labels, buckets, sum, count }) => [
            ...bounds.map((bound, k) => `${name}_bucket${labelText({ ...labels, le: String(bound) })} ${buckets[k]}`),
            `${name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}`,
            `${name}_sum${labelText(labels)} ${sum}`,
            `${name}_count${labelText(labels)} ${count}`,
          ]),
      });
      return {
        observe(value, labels = {}) {
          const key = labelText(labels);
          const known = series.get(key) ?? { labels, buckets: bounds.map(() => 0), sum: 0, count: 0 };
          series.set(key, known);
          bounds.forEach((bound, k) => {
            if (value <= bound) known.buckets[k]! += 1;
          });
          known.sum += value;
          known.count += 1;
        },
      };
    },
    gauge(name, help, read, type = 'gauge') {
      families.push({ name, help, type, lines: () => read().map(([labels, value]) => `${name}${labelText(labels)} ${value}`) });
    },
    text: () =>
      families
        .map(({ name, help, type, lines }) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines(), ''].join('\n'))
        .join(''),
  };
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return '';
  return `{${entries.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/gu, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
