import type { Comparator, FoundVersion, LibraryAnswer, LibraryQuery, QueryFilter, VersionRecord } from '../../shared/contract/library.ts';
import { callableSignatures, metaGraphFor, type SignatureInfo, type VersionSummary } from '../../shared/contract/savedModel.ts';
import type { Model } from '../../shared/contract/state.ts';
import { readQuery } from './readQuery.ts';

/** One version with what a filter may ask of it. */
interface Candidate {
  readonly model: Model;
  readonly summary: VersionSummary;
  readonly record: VersionRecord;
  /** What words are looked for in; made when it is first asked for. */
  words: string | null;
}

const maxKnown = 200;
const holds: Readonly<Record<Comparator, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/** `acc` is the metric of that name; where a version has none, any in which a word begins so: `test_accuracy`, `val/acc`. */
function fitting({ metrics }: VersionRecord, name: string): readonly number[] {
  const wanted = name.toLowerCase();
  const exact = metrics.filter((metric) => metric.name.toLowerCase() === wanted);
  const chosen = exact.length > 0 ? exact : metrics.filter((metric) => beginsWord(metric.name.toLowerCase(), wanted));
  return chosen.map(({ value }) => value);
}

function beginsWord(name: string, wanted: string): boolean {
  for (let at = name.indexOf(wanted); at >= 0; at = name.indexOf(wanted, at + 1))
    if (at === 0 || !/[a-z0-9]/.test(name[at - 1] ?? '')) return true;
  return false;
}

function signaturesOf(summary: VersionSummary): readonly (readonly [string, SignatureInfo])[] {
  const graph = metaGraphFor(summary) ?? summary.meta_graphs[0];
  return graph === undefined ? [] : callableSignatures(graph);
}

function takesShape(summary: VersionSummary, wanted: readonly (number | null)[]): boolean {
  return signaturesOf(summary).some(([, { inputs }]) =>
    Object.values(inputs).some(
      ({ shape }) =>
        shape?.length === wanted.length && shape.every((dim, index) => dim < 0 || wanted[index] === null || wanted[index] === dim),
    ),
  );
}

function wordsOf(candidate: Candidate): string {
  const { model, record } = candidate;
  if (candidate.words === null) {
    const tags = [...model.record.tags, ...record.tags].map(({ key, value }) => `${key}=${value}`);
    candidate.words =
      `${model.name}@${record.version} v${record.version}\n${tags.join('\n')}\n${model.record.note}\n${record.note}`.toLowerCase();
  }
  return candidate.words;
}

const sameText = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Whether a version is what one filter asks for. */
function passes(filter: QueryFilter): (candidate: Candidate) => boolean {
  switch (filter.kind) {
    case 'word': {
      const word = filter.word.toLowerCase();
      return (candidate) => wordsOf(candidate).includes(word);
    }
    case 'tag': {
      const { key, value } = filter;
      return ({ model, record }) =>
        [...record.tags, ...model.record.tags].some((tag) => sameText(tag.key, key) && (value === null || sameText(tag.value, value)));
    }
    case 'number': {
      const compare = holds[filter.is];
      if (filter.of === 'params') return ({ summary }) => compare(summary.total_params, filter.value);
      if (filter.of === 'size') return ({ summary }) => compare(summary.size_bytes, filter.value);
      return ({ record }) => fitting(record, filter.name).some((value) => compare(value, filter.value));
    }
    case 'shape':
      return ({ summary }) => takesShape(summary, filter.shape);
    case 'date':
      return ({ record }) => (filter.is === 'after' ? record.addedAt >= filter.at : record.addedAt < filter.at);
    case 'is': {
      const { of, value } = filter;
      if (of === 'tf') return ({ summary }) => summary.tensorflow_version.startsWith(value);
      if (of === 'op') return ({ summary }) => Object.hasOwn(summary.ops, value);
      if (of === 'model') return ({ model }) => sameText(model.name, value);
      return ({ record }) => record.version === value.replace(/^v/i, '');
    }
  }
}

type SortKey = string | number | undefined;

function sortKey(sort: string): (candidate: Candidate) => SortKey {
  if (sort.startsWith('metric:')) return ({ record }) => fitting(record, sort.slice('metric:'.length))[0];
  if (sort === 'added') return ({ record }) => record.addedAt;
  if (sort === 'size') return ({ summary }) => summary.size_bytes;
  if (sort === 'params') return ({ summary }) => summary.total_params;
  if (sort === 'version') return ({ record }) => Number(record.version);
  return ({ model }) => model.name.toLowerCase();
}

/** By the column; what lacks it last; equal ones by name, newest version first, as they come from the library. */
function sorted(candidates: readonly Candidate[], sort: string, descending: boolean): readonly Candidate[] {
  const key = sortKey(sort);
  const turn = descending ? -1 : 1;
  return candidates
    .map((candidate) => ({ candidate, by: key(candidate) }))
    .toSorted((a, b) => {
      if (a.by === b.by) return 0;
      if (a.by === undefined) return 1;
      if (b.by === undefined) return -1;
      return (a.by < b.by ? -1 : 1) * turn;
    })
    .map(({ candidate }) => candidate);
}

function foundOf({ model, summary, record }: Candidate): FoundVersion {
  const signatures = signaturesOf(summary);
  const [, signature] = signatures.find(([name]) => name === 'serving_default') ?? signatures[0] ?? [];
  return {
    modelId: model.id,
    version: record.version,
    model: model.name,
    record,
    sizeBytes: summary.size_bytes,
    totalParams: summary.total_params,
    tensorflowVersion: summary.tensorflow_version,
    inputs: signature?.inputs ?? {},
    modelTags: model.record.tags,
  };
}

interface KnownMetric {
  versions: number;
  min: number;
  max: number;
}
interface KnownTag {
  readonly values: Set<string>;
  versions: number;
}
/** A model's versions and what could be asked of them. */
interface Prepared {
  readonly candidates: readonly Candidate[];
  readonly metrics: ReadonlyMap<string, KnownMetric>;
  readonly tags: ReadonlyMap<string, KnownTag>;
}

function addMetric(metrics: Map<string, KnownMetric>, name: string, versions: number, min: number, max: number): void {
  const known = metrics.get(name);
  if (known === undefined) metrics.set(name, { versions, min, max });
  else {
    known.versions += versions;
    if (min < known.min) known.min = min;
    if (max > known.max) known.max = max;
  }
}

function addTag(tags: Map<string, KnownTag>, key: string, value: string, versions = 1): void {
  let known = tags.get(key);
  if (known === undefined) {
    known = { values: new Set(), versions: 0 };
    tags.set(key, known);
  }
  known.versions += versions;
  if (known.values.size < maxKnown) known.values.add(value);
}

/** A model is prepared once: it is never changed in place. */
const preparedModels = new WeakMap<Model, Prepared>();

function prepareModel(model: Model): Prepared {
  const before = preparedModels.get(model);
  if (before !== undefined) return before;
  const metrics = new Map<string, KnownMetric>();
  const tags = new Map<string, KnownTag>();
  const candidates = model.versions.flatMap((summary, index): readonly Candidate[] => {
    const record = model.record.versions[index];
    if (record === undefined) return [];
    for (const { name, value } of record.metrics) addMetric(metrics, name, 1, value, value);
    for (const { key, value } of model.record.tags) addTag(tags, key, value);
    for (const { key, value } of record.tags) addTag(tags, key, value);
    return [{ model, summary, record, words: null }];
  });
  const made = { candidates, metrics, tags };
  preparedModels.set(model, made);
  return made;
}

function knownOf(models: readonly Prepared[]): LibraryAnswer['known'] {
  const metrics = new Map<string, KnownMetric>();
  const tags = new Map<string, KnownTag>();
  for (const model of models) {
    for (const [name, { versions, min, max }] of model.metrics) addMetric(metrics, name, versions, min, max);
    for (const [key, { values, versions }] of model.tags) {
      let first = versions;
      for (const value of values) {
        addTag(tags, key, value, first);
        first = 0;
      }
    }
  }
  const commonest = <T extends { readonly versions: number }>(all: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
    [...all].toSorted(([, a], [, b]) => b.versions - a.versions).slice(0, maxKnown);
  return {
    metrics: commonest(metrics).map(([name, known]) => ({ name, ...known })),
    tags: commonest(tags).map(([key, { values, versions }]) => ({ key, values: [...values].toSorted(), versions })),
  };
}

/** Searches versions in memory: the state's models, none of which is changed in place. */
export function searchLibrary(models: readonly Model[], { query, sort, descending, offset, limit }: LibraryQuery): LibraryAnswer {
  const { understood, notUnderstood } = readQuery(query);
  const prepared = models.map(prepareModel);
  const candidates = prepared.flatMap((one) => one.candidates);
  const tests = understood.map(passes);
  const matches = sorted(
    candidates.filter((candidate) => tests.every((test) => test(candidate))),
    sort,
    descending,
  );
  return {
    versions: matches.slice(offset, offset + limit).map(foundOf),
    total: matches.length,
    models: new Set(matches.map(({ model }) => model.id)).size,
    understood,
    notUnderstood,
    known: knownOf(prepared),
  };
}
