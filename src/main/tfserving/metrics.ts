/**
 * Prometheus metrics with the names and labels of TensorFlow Serving: slashes are colons, histograms have exponential bounds, a
 * metric without a sample is its TYPE line alone.
 */

/** C's %g, as bounds are written. */
function bound(value: number): string {
  if (!Number.isFinite(value)) return '+Inf';
  const rounded = Number(value.toPrecision(6));
  if (rounded < 1e6) return String(rounded);
  const [mantissa = '', exponent = '0'] = rounded.toExponential().split('e');
  return `${mantissa}e+${exponent.slice(1).padStart(2, '0')}`;
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** A label's values are joined by what no name holds. */
const separator = '\u0000';

class Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly #labels: readonly string[];

  constructor(name: string, type: Metric['type'], labels: readonly string[]) {
    this.name = name;
    this.type = type;
    this.#labels = labels;
  }

  protected labelText(key: string, more = ''): string {
    const values = key.split(separator);
    const pairs = this.#labels.map((label, index) => `${label}="${escaped(values[index] ?? '')}"`);
    if (more !== '') pairs.push(more);
    return `{${pairs.join(',')}}`;
  }
}

class Counter extends Metric {
  readonly #values = new Map<string, number>();

  /** Adds to the sample with these values of the labels. */
  add(count: number, ...labels: readonly string[]): void {
    const key = labels.length === 1 ? (labels[0] ?? '') : labels.join(separator);
    this.#values.set(key, (this.#values.get(key) ?? 0) + count);
  }

  *lines(): Generator<string> {
    for (const key of [...this.#values.keys()].toSorted()) yield `${this.name}${this.labelText(key)} ${this.#values.get(key) ?? 0}`;
  }
}

interface Sample {
  readonly counts: Float64Array;
  sum: number;
  total: number;
}

class Histogram extends Metric {
  readonly #bounds: Float64Array;
  readonly #samples = new Map<string, Sample>();

  constructor(name: string, labels: readonly string[], [first, factor, count]: readonly [number, number, number]) {
    super(name, 'histogram', labels);
    this.#bounds = Float64Array.from({ length: count }, (_, index) => first * factor ** index);
  }

  observe(value: number, ...labels: readonly string[]): void {
    const key = labels.length === 1 ? (labels[0] ?? '') : labels.join(separator);
    let sample = this.#samples.get(key);
    if (sample === undefined) {
      sample = { counts: new Float64Array(this.#bounds.length + 1), sum: 0, total: 0 };
      this.#samples.set(key, sample);
    }
    let index = 0;
    while (index < this.#bounds.length && value >= (this.#bounds[index] as number)) index += 1;
    sample.counts[index] = (sample.counts[index] as number) + 1;
    sample.sum += value;
    sample.total += 1;
  }

  *lines(): Generator<string> {
    for (const key of [...this.#samples.keys()].toSorted()) {
      const sample = this.#samples.get(key);
      if (sample === undefined) continue;
      let below = 0;
      for (let index = 0; index <= this.#bounds.length; index += 1) {
        below += sample.counts[index] ?? 0;
        yield `${this.name}_bucket${this.labelText(key, `le="${bound(this.#bounds[index] ?? Number.POSITIVE_INFINITY)}"`)} ${below}`;
      }
      yield `${this.name}_sum${this.labelText(key)} ${Math.round(sample.sum)}`;
      yield `${this.name}_count${this.labelText(key)} ${sample.total}`;
    }
  }
}

const latency = [10, 1.8, 33] as const;
const bytes = [1, 4, 14] as const;

/** What the server counts; times are in microseconds. */
export class ServerMetrics {
  readonly loadAttempts = new Counter(':tensorflow:cc:saved_model:load_attempt_count', 'counter', ['model_path', 'status']);
  readonly loadLatency = new Counter(':tensorflow:cc:saved_model:load_latency', 'counter', ['model_path']);
  readonly runInputBytes = new Histogram(':tensorflow:core:graph_run_input_tensor_bytes', [], bytes);
  readonly runOutputBytes = new Histogram(':tensorflow:core:graph_run_output_tensor_bytes', [], bytes);
  readonly runTime = new Counter(':tensorflow:core:graph_run_time_usecs', 'counter', []);
  readonly runTimes = new Histogram(':tensorflow:core:graph_run_time_usecs_histogram', [], [1000, 2, 20]);
  readonly runs = new Counter(':tensorflow:core:graph_runs', 'counter', []);
  readonly queuing = new Histogram(':tensorflow:serving:batching_session:queuing_latency', ['thread_pool_name'], latency);
  readonly wrappedRuns = new Counter(':tensorflow:serving:batching_session:wrapped_run_count', 'counter', []);
  readonly mlmdMap = new Counter(':tensorflow:serving:mlmd_map', 'gauge', ['model_name', 'version']);
  readonly warmupLatency = new Histogram(':tensorflow:serving:model_warmup_latency', ['model_path', 'status'], latency);
  readonly warmupRecords = new Counter(':tensorflow:serving:model_warmup_records_read', 'counter', ['model_path', 'status']);
  readonly requests = new Counter(':tensorflow:serving:request_count', 'counter', ['model_name', 'status']);
  readonly exampleTotal = new Counter(':tensorflow:serving:request_example_count_total', 'counter', ['model']);
  readonly exampleCounts = new Histogram(':tensorflow:serving:request_example_counts', ['model'], [1, 2, 20]);
  readonly requestLatency = new Histogram(':tensorflow:serving:request_latency', ['model_name', 'API', 'entrypoint'], latency);
  readonly requestLogs = new Counter(':tensorflow:serving:request_log_count', 'counter', ['model_name', 'status_code']);
  readonly runtimeLatency = new Histogram(':tensorflow:serving:runtime_latency', ['model_name', 'API', 'runtime'], latency);

  /** The exposition in text. */
  text(): string {
    const lines: string[] = [];
    for (const metric of Object.values(this) as readonly (Counter | Histogram)[]) {
      lines.push(`# TYPE ${metric.name} ${metric.type}`);
      for (const line of metric.lines()) lines.push(line);
    }
    return `${lines.join('\n')}\n`;
  }
}
