import { callableSignatures, metaGraphFor } from '../../../shared/contract/savedModel.ts';
import type { Serving } from '../../../shared/contract/serving.ts';
import type { Model } from '../../../shared/contract/state.ts';

/** What can be asked: a serving, one of its versions or the latest, one of that version's signatures. */
export interface Choices {
  /** Those that answer now come first. */
  readonly servings: readonly Serving[];
  readonly serving: Serving | null;
  readonly versions: readonly string[];
  /** null: the latest that is served, or the label's. */
  readonly version: string | null;
  /** The serving's labels and what they stand for, of versions that are served. */
  readonly labels: readonly { readonly label: string; readonly version: string }[];
  /** Excludes a version. */
  readonly label: string | null;
  /** The version that will answer; null where none is served. */
  readonly answering: string | null;
  readonly signatures: readonly string[];
  readonly signature: string | null;
}

export interface Wished {
  readonly servingId: string | null;
  readonly version: string | null;
  readonly label: string | null;
  readonly signature: string | null;
}

/** What is wished as far as it is there; else the sensible thing: a serving that answers, the latest, `serving_default`. */
export function choose(wished: Wished, servings: readonly Serving[], models: readonly Model[]): Choices {
  const running = servings.filter(({ state }) => state.kind === 'serving');
  const ordered = [...running, ...servings.filter(({ state }) => state.kind !== 'serving')];
  const serving = servings.find(({ id }) => id === wished.servingId) ?? ordered[0] ?? null;
  if (serving === null) return { servings: ordered, ...nothing };
  const versions = serving.state.kind === 'serving' ? serving.state.versions.toSorted(newestFirst) : [];
  const version = wished.version !== null && versions.includes(wished.version) ? wished.version : null;
  const labels = Object.entries(serving.plan.served?.labels ?? {})
    .map(([label, one]) => ({ label, version: one }))
    .filter((one) => versions.includes(one.version));
  const labelled = version === null ? labels.find(({ label }) => label === wished.label) : undefined;
  const answering = version ?? labelled?.version ?? versions[0] ?? null;
  const model = models.find(({ id }) => id === serving.modelId);
  const signatures = model === undefined ? [] : signaturesOf(model, answering, serving.plan.tags);
  const signature = signatures.find((name) => name === wished.signature) ?? signatures.find(isDefault) ?? signatures[0] ?? null;
  return { servings: ordered, serving, versions, version, labels, label: labelled?.label ?? null, answering, signatures, signature };
}

const nothing = {
  serving: null,
  versions: [],
  version: null,
  labels: [],
  label: null,
  answering: null,
  signatures: [],
  signature: null,
} as const;

/** The part of a request that names whom it is for. */
export function whichOf({ version, label }: Pick<Choices, 'version' | 'label'>): { readonly version?: string; readonly label?: string } {
  return version !== null ? { version } : label !== null ? { label } : {};
}

/** The signatures of the version that answers; of the newest one where the served version is not in the folder any more. */
function signaturesOf(model: Model, version: string | null, tags: readonly string[]): readonly string[] {
  const summary = model.versions.find((one) => one.version === version) ?? model.versions[0];
  if (summary === undefined) return [];
  const graph = metaGraphFor(summary, tags.length === 0 ? ['serve'] : tags);
  return graph === undefined ? [] : callableSignatures(graph).map(([name]) => name);
}

function isDefault(name: string): boolean {
  return name === 'serving_default';
}

function newestFirst(a: string, b: string): number {
  const difference = BigInt(b) - BigInt(a);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
