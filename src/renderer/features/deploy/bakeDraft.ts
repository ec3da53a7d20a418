import type { BakeDraft } from '../../../shared/contract/deploy.ts';
import type { Model } from '../../../shared/contract/state.ts';

/** The dialog's fields as they stand; kept while the dialog is closed. */
export interface BakeFields {
  /** Empty: the suggested one. */
  readonly reference: string;
  /** Numbers, newest first. */
  readonly versions: readonly string[];
  readonly base: string;
  readonly pinBase: boolean;
  readonly form: BakeDraft['form'];
  readonly monitoring: boolean;
  /** Null: off. */
  readonly batching: string | null;
  /** The person's own text; null where the choices make it. */
  readonly dockerfile: string | null;
}

/** Parameters that suit a small model on a processor; source: TensorFlow Serving's batching guide. */
export const usualBatching =
  'max_batch_size { value: 32 }\nbatch_timeout_micros { value: 2000 }\nmax_enqueued_batches { value: 100 }\nnum_batch_threads { value: 2 }\n';

/** The numbers of a model's versions, newest first. */
export const versionNumbers = ({ versions, mountAs }: Model): readonly string[] =>
  versions.map(({ version }) => version ?? mountAs?.version ?? '1');

export const untouchedFields = (model: Model): BakeFields => ({
  reference: '',
  versions: versionNumbers(model).slice(0, 1),
  base: '',
  pinBase: false,
  form: 'hardened',
  monitoring: false,
  batching: null,
  dockerfile: null,
});

/** `[REGISTRY/]NAME[:TAG]` as a builder takes it for a name: lower case but for the tag. */
export const isReference = (text: string): boolean =>
  /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?$/.test(
    text,
  );

/** The fields as main takes them. */
export function draftOf(model: Model, { versions, base, pinBase, form, monitoring, batching }: BakeFields): BakeDraft {
  const hardened = form === 'hardened';
  return {
    modelId: model.id,
    versions: model.mountAs === null ? { kind: 'specific', versions: [...versions] } : { kind: 'latest' },
    ...(base.trim() === '' ? {} : { base: base.trim() }),
    pinBase,
    form,
    monitoring: hardened && monitoring,
    ...(hardened && batching !== null ? { batching } : {}),
  };
}

/** Where a line of a text lies, from 1. */
export function lineRange(text: string, line: number): { readonly from: number; readonly to: number } {
  const lines = text.split('\n');
  const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return { from, to: from + (lines[line - 1]?.length ?? 0) };
}
