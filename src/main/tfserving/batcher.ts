import { availableParallelism } from 'node:os';
import type { Tensor, TensorData } from '../../shared/tensor/tensor.ts';
import type { TextSchema } from '../protobuf/textFormat.ts';
import type { ServerMetrics } from './metrics.ts';
import { configMessage } from './modelServerConfig.ts';
import { StatusError, invalid } from './status.ts';
import type { ProtoReader } from '../protobuf/wire.ts';

/** BatchingParameters with the defaults of TensorFlow's batch scheduler. */
export interface BatchingParameters {
  /** Rows of the largest request. */
  readonly maxBatchSize: number;
  /** Rows of the largest run: less than a request may have where large ones are split. */
  readonly maxRunSize: number;
  readonly isSplitting: boolean;
  readonly batchTimeoutMicros: number;
  readonly maxEnqueuedBatches: number;
  readonly numBatchThreads: number;
  readonly threadPoolName: string;
  /** Sizes that are run, ascending; the last is `maxRunSize`. Empty: any. */
  readonly allowedBatchSizes: readonly number[];
  readonly padVariableLengthInputs: boolean;
  /** What the file says that changes nothing here. */
  readonly withoutEffect: readonly string[];
}

const wrapped = (kind: 'int' | 'string' | 'bool'): TextSchema => ({ value: [1, kind] });
const schema: TextSchema = {
  max_batch_size: [1, wrapped('int')],
  batch_timeout_micros: [2, wrapped('int')],
  max_enqueued_batches: [3, wrapped('int')],
  num_batch_threads: [4, wrapped('int')],
  thread_pool_name: [5, wrapped('string')],
  allowed_batch_sizes: [6, 'int'],
  pad_variable_length_inputs: [7, 'bool'],
  enable_large_batch_splitting: [8, wrapped('bool')],
  max_execution_batch_size: [9, wrapped('int')],
  mixed_priority_batching_policy: [10, wrapped('int')],
};

function readNumber(reader: ProtoReader): number {
  let value = 0;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) value = reader.int();
    else reader.skip();
  }
  return value;
}

/** Reads `--batching_parameters_file`; no text: the defaults. Throws StatusError. */
export function batchingParametersFromText(text: string, file: string): BatchingParameters {
  const numbers = new Map<number, number>();
  const allowedBatchSizes: number[] = [];
  let [padVariableLengthInputs, threadPoolName] = [false, 'batch_threads'];
  const reader = configMessage(text, schema, { name: 'BatchingParameters', file });
  while (reader.next()) {
    if (reader.field === 6) reader.ints(allowedBatchSizes);
    else if (reader.field === 7 && reader.wireType === 0) padVariableLengthInputs = reader.varint() !== 0;
    else if (reader.field === 5 && reader.wireType === 2) threadPoolName = reader.mapEntry()[0];
    else if (reader.wireType === 2) numbers.set(reader.field, readNumber(reader.message()));
    else reader.skip();
  }
  const maxBatchSize = numbers.get(1) ?? 1000;
  const isSplitting = numbers.get(8) === 1;
  const maxRunSize = isSplitting ? numbers.get(9) || maxBatchSize : maxBatchSize;
  if (maxRunSize > maxBatchSize)
    throw invalid(
      `max_execution_batch_size must be less than or equal to max_batch_size; was ${maxRunSize}; max_batch_size is ${maxBatchSize}`,
    );
  return {
    maxBatchSize,
    maxRunSize,
    isSplitting,
    batchTimeoutMicros: numbers.get(2) ?? 0,
    maxEnqueuedBatches: numbers.get(3) ?? 10,
    numBatchThreads: numbers.get(4) ?? availableParallelism(),
    threadPoolName,
    allowedBatchSizes,
    padVariableLengthInputs,
    withoutEffect: [
      ...(numbers.has(9) && !isSplitting ? ['max_execution_batch_size without enable_large_batch_splitting'] : []),
      ...(numbers.has(10) ? ['mixed_priority_batching_policy'] : []),
    ],
  };
}

type Tensors = Readonly<Record<string, Tensor>>;
type Run = (inputs: Tensors) => Promise<Tensors>;

interface Task {
  readonly inputs: Tensors;
  readonly size: number;
  readonly since: number;
  readonly resolve: (outputs: Tensors) => void;
  readonly reject: (reason: unknown) => void;
}

interface Batch {
  readonly tasks: Task[];
  size: number;
  isReady: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Room of the same kind for `length` elements. */
function roomLike(data: TensorData, length: number): TensorData {
  return Array.isArray(data) ? [] : new (data.constructor as new (length: number) => Float32Array)(length);
}

function copyInto(target: TensorData, offset: number, source: TensorData): void {
  if (Array.isArray(target)) (target as Uint8Array[]).splice(offset, source.length, ...(source as readonly Uint8Array[]));
  else (target as Float32Array).set(source as Float32Array, offset);
}

const elements = (shape: readonly number[]): number => shape.reduce((all, size) => all * size, 1);

/** A tensor in a larger shape of the same rank; what is new is its first element, as with TensorFlow Serving. */
function padTo(tensor: Tensor, shape: readonly number[]): Tensor {
  if (String(tensor.shape) === String(shape)) return tensor;
  const length = elements(shape);
  const data = roomLike(tensor.data, length);
  const first = tensor.data[0];
  for (let index = 0; index < length; index += 1) {
    let [rest, from, stride, inside] = [index, 0, 1, true];
    for (let dim = shape.length - 1; dim >= 0; dim -= 1) {
      const size = shape[dim] ?? 1;
      const at = rest % size;
      rest = Math.floor(rest / size);
      inside &&= at < (tensor.shape[dim] ?? 0);
      from += at * stride;
      stride *= tensor.shape[dim] ?? 0;
    }
    (data as unknown[])[index] = inside ? tensor.data[from] : first;
  }
  return { dtype: tensor.dtype, shape, data };
}

/** Tensors one after the other along the first dimension, and `repeat` times the first row of the first at the end. */
function join(tensors: readonly Tensor[], repeat: number): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new StatusError('INTERNAL', 'An empty batch');
  const row = elements(first.shape.slice(1));
  const rows = tensors.reduce((all, { shape }) => all + (shape[0] ?? 0), repeat);
  const data = roomLike(first.data, rows * row);
  let at = 0;
  for (const tensor of tensors) {
    copyInto(data, at, tensor.data);
    at += tensor.data.length;
  }
  for (let count = 0; count < repeat; count += 1, at += row) copyInto(data, at, first.data.slice(0, row));
  return { dtype: first.dtype, shape: [rows, ...first.shape.slice(1)], data };
}

/** Rows of each tensor, without copying numbers. */
function rowsOf(tensors: Tensors, from: number, to: number): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
      const width = elements(shape.slice(1));
      const part = Array.isArray(data) ? data.slice(from * width, to * width) : (data as Float32Array).subarray(from * width, to * width);
      return [name, { dtype, shape: [to - from, ...shape.slice(1)], data: part as TensorData }];
    }),
  );
}

/** What the parts of one request were answered, as one. */
function together(answers: readonly Tensors[]): Tensors {
  return Object.fromEntries(
    Object.keys(answers[0] ?? {}).map((name) => {
      const parts = answers.map((answer) => answer[name]).filter((part) => part !== undefined);
      if (new Set(parts.map(({ shape }) => String(shape.slice(1)))).size > 1)
        throw invalid(`The parts of a large batch were answered in different shapes: ${name}`);
      return [name, join(parts, 0)];
    }),
  );
}

/**
 * Joins requests that come together into one run, as TensorFlow Serving's batching session does. Requests whose shapes cannot be
 * joined get runs of their own instead of failing each other.
 */
export class Batcher {
  readonly #parameters: BatchingParameters;
  readonly #metrics: ServerMetrics;
  readonly #queues = new Map<string, Batch[]>();
  /** Batches that have not begun, in the order they were opened. */
  #waiting: { readonly batch: Batch; readonly key: string; readonly run: Run }[] = [];
  #running = 0;

  /** Throws StatusError for parameters that contradict each other. */
  constructor(parameters: BatchingParameters, metrics: ServerMetrics) {
    const last = parameters.allowedBatchSizes.at(-1);
    const { maxBatchSize, maxRunSize } = parameters;
    if (last !== undefined && last !== maxRunSize)
      throw invalid(
        `Last entry in allowed_batch_sizes must match ${maxRunSize < maxBatchSize ? 'max_execution_batch_size' : 'max_batch_size'}; last entry was ${last}; expected ${maxRunSize}`,
      );
    this.#parameters = parameters;
    this.#metrics = metrics;
  }

  /** Runs a request together with others of the same `key`: the same signature and outputs. Throws StatusError. */
  async run(key: string, inputs: Tensors, run: Run): Promise<Tensors> {
    const { maxBatchSize } = this.#parameters;
    const tensors = Object.values(inputs);
    const sizes = tensors.map(({ shape }) => shape[0]);
    const [size] = sizes;
    if (size === undefined || sizes.includes(undefined)) throw invalid('Batching Run() input tensors must have at least one dimension');
    if (sizes.some((one) => one !== size)) throw invalid('Batching Run() input tensors must have equal 0th-dimension size');
    // Nothing to join, and nothing that a batch would ever be full of.
    if (size === 0) return run(inputs);
    if (size > maxBatchSize) throw invalid(`Task size ${size} is larger than maximum input batch size ${maxBatchSize}`);
    const queueKey = this.#queueKey(key, inputs);
    const sizesOfParts = this.#parts(queueKey, size);
    let from = 0;
    const answers = sizesOfParts.map((part) => {
      const { promise, resolve, reject } = Promise.withResolvers<Tensors>();
      const own = sizesOfParts.length === 1 ? inputs : rowsOf(inputs, from, from + part);
      from += part;
      this.#enqueue(queueKey, { inputs: own, size: part, since: performance.now(), resolve, reject }, run);
      return promise;
    });
    const [only, ...more] = await Promise.all(answers);
    return only === undefined || more.length === 0 ? (only ?? {}) : together([only, ...more]);
  }

  /** How a request is spread over runs: the first part fills the batch that is open. Refuses all of it where the queue has no room. */
  #parts(key: string, size: number): readonly number[] {
    const { isSplitting, maxRunSize, maxEnqueuedBatches } = this.#parameters;
    // Without splitting a request that does not fit goes whole into the next batch.
    if (!isSplitting) return [size];
    const queue = this.#queues.get(key) ?? [];
    const open = queue.at(-1);
    const room = open === undefined || open.isReady ? 0 : maxRunSize - open.size;
    const first = Math.min(size, room);
    const rest = Math.ceil((size - first) / maxRunSize);
    if (queue.length + rest > maxEnqueuedBatches) throw this.#isFull(queue.length);
    const parts = Array.from({ length: rest }, (_, index) => Math.min(maxRunSize, size - first - index * maxRunSize));
    return first > 0 ? [first, ...parts] : parts;
  }

  #isFull(count: number): StatusError {
    return new StatusError(
      'UNAVAILABLE',
      `The batch scheduling queue to which this task was submitted is full; currently ${count} batches enqueued and max_enqueued_batches is ${this.#parameters.maxEnqueuedBatches}`,
    );
  }

  /** Only what can be joined shares a queue: the same rank, and the same shape after the first dimension unless it is padded. */
  #queueKey(key: string, inputs: Tensors): string {
    const shapes = Object.entries(inputs).map(
      ([name, { shape }]) => `${name}:${this.#parameters.padVariableLengthInputs ? shape.length : shape.slice(1).join('x')}`,
    );
    return `${key}|${shapes.toSorted().join('|')}`;
  }

  #enqueue(key: string, task: Task, run: Run): void {
    const { maxRunSize, maxEnqueuedBatches, batchTimeoutMicros } = this.#parameters;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = [];
      this.#queues.set(key, queue);
    }
    let batch = queue.at(-1);
    if (batch === undefined || batch.isReady || batch.size + task.size > maxRunSize) {
      if (queue.length >= maxEnqueuedBatches) {
        task.reject(this.#isFull(queue.length));
        return;
      }
      if (batch !== undefined) this.#ready(batch);
      batch = { tasks: [], size: 0, isReady: false, timer: undefined };
      queue.push(batch);
      this.#waiting.push({ batch, key, run });
    }
    batch.tasks.push(task);
    batch.size += task.size;
    if (batch.size >= maxRunSize) this.#ready(batch);
    else if (batch.timer === undefined) {
      const opened = batch;
      // Without a timeout, what came in this turn of the event loop goes together.
      batch.timer = setTimeout(() => {
        this.#ready(opened);
        this.#next();
      }, batchTimeoutMicros / 1000);
    }
    this.#next();
  }

  #ready(batch: Batch): void {
    clearTimeout(batch.timer);
    batch.isReady = true;
  }

  /** Starts what is ready, as many at a time as there are batch threads. */
  #next(): void {
    while (this.#running < this.#parameters.numBatchThreads) {
      const ready = this.#waiting.find(({ batch }) => batch.isReady);
      if (ready === undefined) return;
      this.#waiting = this.#waiting.filter((one) => one !== ready);
      const queue = this.#queues.get(ready.key) ?? [];
      queue.splice(queue.indexOf(ready.batch), 1);
      if (queue.length === 0) this.#queues.delete(ready.key);
      void this.#process(ready.batch, ready.run);
    }
  }

  async #process(batch: Batch, run: Run): Promise<void> {
    this.#running += 1;
    try {
      const now = performance.now();
      for (const { since } of batch.tasks) this.#metrics.queuing.observe((now - since) * 1000, this.#parameters.threadPoolName);
      this.#metrics.wrappedRuns.add(1, '');
      this.#split(batch, await run(this.#merge(batch)));
    } catch (error) {
      for (const { reject } of batch.tasks) reject(error);
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }

  #merge({ tasks, size }: Batch): Tensors {
    const allowed = this.#parameters.allowedBatchSizes.find((one) => one >= size) ?? size;
    const names = Object.keys(tasks[0]?.inputs ?? {});
    return Object.fromEntries(
      names.map((name) => {
        let tensors = tasks.map(({ inputs }) => inputs[name]).filter((tensor) => tensor !== undefined);
        if (this.#parameters.padVariableLengthInputs) {
          const rank = tensors[0]?.shape.length ?? 0;
          const widest = Array.from({ length: rank }, (_, dim) => Math.max(...tensors.map(({ shape }) => shape[dim] ?? 0)));
          tensors = tensors.map((tensor) => padTo(tensor, [tensor.shape[0] ?? 0, ...widest.slice(1)]));
        }
        return [name, tensors.length === 1 && allowed === size && tensors[0] !== undefined ? tensors[0] : join(tensors, allowed - size)];
      }),
    );
  }

  #split({ tasks, size }: Batch, outputs: Tensors): void {
    const allowed = this.#parameters.allowedBatchSizes.find((one) => one >= size) ?? size;
    for (const { shape } of Object.values(outputs)) {
      if (shape.length === 0) throw invalid('Batched output tensor has 0 dimensions');
      if (shape[0] !== allowed)
        throw invalid("Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input tensors");
    }
    let row = 0;
    for (const task of tasks) {
      const from = row;
      row += task.size;
      task.resolve(rowsOf(outputs, from, row));
    }
  }
}
