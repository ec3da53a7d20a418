import type {
  ComparedMetric,
  ComparedRow,
  ComparedTensor,
  ComparedVersion,
  Comparison,
  Metric,
  VersionDetails,
  VersionRecord,
} from '../../shared/contract/library.ts';
import { callableSignatures, metaGraphFor, type TensorInfo, type VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Model } from '../../shared/contract/state.ts';
import { verdictOf, worstOf } from './verdict.ts';

/** One of the versions that are compared, with all that is known of it. */
export interface Side extends Pick<VersionDetails, 'courses' | 'details'> {
  readonly model: Model;
  readonly summary: VersionSummary;
  readonly record: VersionRecord;
}

/** Which way a metric is better, by what its name is made of; null where convention says nothing. */
export function betterWay(name: string): 'higher' | 'lower' | null {
  const parts = name.toLowerCase().split(/[^a-z0-9]+/);
  const has = (words: readonly string[]): boolean => parts.some((part) => words.includes(part));
  if (
    has([
      'loss',
      'error',
      'err',
      'mse',
      'rmse',
      'mae',
      'mape',
      'msle',
      'perplexity',
      'latency',
      'wer',
      'cer',
      'crossentropy',
      'divergence',
      'fid',
    ])
  )
    return 'lower';
  if (
    has([
      'accuracy',
      'acc',
      'auc',
      'prc',
      'precision',
      'recall',
      'f1',
      'r2',
      'map',
      'iou',
      'bleu',
      'rouge',
      'score',
      'dice',
      'ndcg',
      'mrr',
      'psnr',
      'ssim',
      'specificity',
      'sensitivity',
    ])
  )
    return 'higher';
  return null;
}

/** Rows of all names that any side has, in the order in which they are met. */
function rowsOf<T>(
  sides: readonly ReadonlyMap<string, T>[],
  equal: (a: T, b: T) => boolean = (a, b) => a === b,
): readonly ComparedRow<T>[] {
  const names = new Set(sides.flatMap((side) => [...side.keys()]));
  return [...names].map((name) => {
    const values = sides.map((side) => side.get(name) ?? null);
    const [first = null] = values;
    return { name, values, same: values.every((value) => (value === null || first === null ? value === first : equal(value, first))) };
  });
}

const sameTensor = (a: TensorInfo, b: TensorInfo): boolean => a.dtype === b.dtype && JSON.stringify(a.shape) === JSON.stringify(b.shape);

function tensorRows(sides: readonly Side[]): readonly ComparedTensor[] {
  const signatures = sides.map(({ summary }) => new Map(callableSignatures(metaGraphFor(summary) ?? emptyGraph)));
  const names = new Set(signatures.flatMap((one) => [...one.keys()]));
  return [...names].flatMap((signature) =>
    (['input', 'output'] as const).flatMap((side) =>
      rowsOf(
        signatures.map((one) => new Map(Object.entries(one.get(signature)?.[side === 'input' ? 'inputs' : 'outputs'] ?? {}))),
        sameTensor,
      ).map((row) => ({ ...row, signature, side })),
    ),
  );
}
const emptyGraph = { tags: [], signatures: {}, tensorflow_version: '', producer: 0, assets: [], ops: {} };

/** What a metric was in every version of a model, rising by number; what is told for all versions alike is no trend. */
function trendOf({ id, name: model, record }: Model, metric: string): ComparedMetric['trends'][number] {
  const points = record.versions
    .flatMap(({ version, metrics }) => {
      const found = metrics.find(({ name }) => name === metric);
      return found === undefined || (found.source.kind !== 'typed' && found.source.scope === 'model')
        ? []
        : [{ version, value: found.value }];
    })
    .toSorted((a, b) => (BigInt(a.version) < BigInt(b.version) ? -1 : 1));
  return { modelId: id, model, points };
}

function changeOf(value: number | null, first: number | null, better: ComparedMetric['better']): ComparedMetric['changes'][number] {
  if (value === null || first === null) return null;
  const difference = value - first;
  if (difference === 0) return { difference, is: 'same' };
  if (better === null) return { difference, is: 'different' };
  return { difference, is: difference > 0 === (better === 'higher') ? 'better' : 'worse' };
}

function metricRows(sides: readonly Side[]): readonly ComparedMetric[] {
  const models = [...new Map(sides.map(({ model }) => [model.id, model])).values()];
  const byName = sides.map(({ record }) => new Map(record.metrics.map((metric) => [metric.name, metric])));
  return rowsOf<Metric>(byName, (a, b) => a.value === b.value).map(({ name, values, same }) => {
    const better = betterWay(name);
    const numbers = values.map((metric) => metric?.value ?? null);
    return {
      name,
      values: numbers,
      same,
      better,
      changes: numbers.map((value) => changeOf(value, numbers[0] ?? null, better)),
      sources: values.map((metric) => metric?.source ?? null),
      courses: sides.map(({ courses }) => courses.find((course) => course.name === name)?.points ?? []),
      trends: models.map((model) => trendOf(model, name)),
    };
  });
}

function headOf({ model, summary, record }: Side, first: Side, isFirst: boolean): ComparedVersion {
  const { verdict, reasons } = verdictOf(first.summary, summary);
  return {
    modelId: model.id,
    version: record.version,
    model: model.name,
    sizeBytes: summary.size_bytes,
    totalParams: summary.total_params,
    variableCount: summary.variable_count,
    tensorflowVersion: summary.tensorflow_version,
    fingerprint: record.fingerprint?.value ?? null,
    addedAt: record.addedAt,
    note: record.note,
    verdict: isFirst ? null : verdict,
    reasons: isFirst ? [] : reasons,
  };
}

/** Compares versions with the first of them. Of two and more; they may be of different models. */
export function compareVersions(sides: readonly [Side, ...Side[]]): Comparison {
  const [first] = sides;
  const versions = sides.map((side, index) => headOf(side, first, index === 0));
  return {
    versions,
    verdict: worstOf(versions.flatMap(({ verdict }) => verdict ?? [])),
    tensors: tensorRows(sides),
    metrics: metricRows(sides),
    tags: rowsOf(sides.map(({ record }) => new Map(record.tags.map(({ key, value }) => [key, value])))),
    details: rowsOf(sides.map(({ details }) => new Map(details.map(({ name, text }) => [name, text])))),
    ops: rowsOf(sides.map(({ summary }) => new Map(Object.entries(summary.ops)))),
    assets: rowsOf(sides.map(({ summary }) => new Map(summary.assets.map((name) => [name, true as const])))),
    files: rowsOf(sides.map(({ summary }) => new Map(summary.files.map(({ path, bytes }) => [path, bytes])))),
  };
}
