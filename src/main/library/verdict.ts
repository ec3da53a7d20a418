import type { Verdict, VerdictCode, VerdictReason } from '../../shared/contract/library.ts';
import {
  callableSignatures,
  metaGraphFor,
  type SignatureInfo,
  type TensorInfo,
  type VersionSummary,
} from '../../shared/contract/savedModel.ts';
import { dtypeLabel } from '../../shared/tensor/dtype.ts';

type Graphs = Pick<VersionSummary, 'meta_graphs'>;

const rank: Readonly<Record<Verdict, number>> = { 'drop-in': 0, compatible: 1, breaking: 2 };

export function worstOf(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce<Verdict>((worst, one) => (rank[one] > rank[worst] ? one : worst), 'drop-in');
}

/** `[?, 8, 8, 1]`; `[…]` where the rank is unknown. */
export function shapeText({ shape }: Pick<TensorInfo, 'shape'>): string {
  return shape === null ? '[…]' : `[${shape.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]`;
}

/** How a shape's set of tensors changed. `other`: some that were in it are not, and others are. */
function shapeChange({ shape: before }: TensorInfo, { shape: after }: TensorInfo): 'same' | 'wider' | 'narrower' | 'other' {
  if (before === null || after === null) return before === after ? 'same' : after === null ? 'wider' : 'narrower';
  if (before.length !== after.length) return 'other';
  let [wider, narrower] = [false, false];
  for (const [index, was] of before.entries()) {
    const is = after[index] ?? -1;
    if (was === is) continue;
    if (was < 0) narrower = true;
    else if (is < 0) wider = true;
    else return 'other';
  }
  if (wider && narrower) return 'other';
  return wider ? 'wider' : narrower ? 'narrower' : 'same';
}

const sentences: Readonly<Record<VerdictCode, string>> = {
  NO_SERVE_GRAPH: 'It has no graph that is tagged serve.',
  SIGNATURE_GONE: 'The signature {signature} is gone.',
  SIGNATURE_NEW: 'The signature {signature} is new.',
  METHOD_CHANGED: '{signature} is now called by {after}, not by {before}.',
  INPUT_GONE: '{signature}: the input {tensor} is gone; who sends it is refused.',
  INPUT_NEW: '{signature}: the input {tensor} is new and has to be sent.',
  INPUT_DTYPE: '{signature}: the input {tensor} is {after}, not {before}.',
  INPUT_NARROWER: '{signature}: the input {tensor} takes only {after} of {before}.',
  INPUT_WIDER: '{signature}: the input {tensor} takes {after}, which holds {before}.',
  INPUT_SHAPE: '{signature}: the input {tensor} takes {after}, not {before}.',
  OUTPUT_GONE: '{signature}: the output {tensor} is gone.',
  OUTPUT_NEW: '{signature}: the output {tensor} is new.',
  OUTPUT_NOW_NAMED: '{signature}: over REST, answers of several outputs are objects by name; {before} came bare.',
  OUTPUT_NOW_BARE: '{signature}: over REST, the one output {after} comes bare; answers were objects by name.',
  OUTPUT_DTYPE: '{signature}: the output {tensor} is {after}, not {before}.',
  OUTPUT_NARROWER: '{signature}: the output {tensor} is always {after}, which {before} allowed.',
  OUTPUT_WIDER: '{signature}: the output {tensor} may be {after}, not only {before}.',
  OUTPUT_SHAPE: '{signature}: the output {tensor} is {after}, not {before}.',
};
const harmless: ReadonlySet<VerdictCode> = new Set(['SIGNATURE_NEW', 'INPUT_WIDER', 'OUTPUT_NEW', 'OUTPUT_NARROWER']);

function reason(code: VerdictCode, data: VerdictReason['data'] = {}): VerdictReason {
  const message = sentences[code].replace(/\{(\w+)\}/g, (_, name: string) => data[name] ?? '');
  return { code, verdict: harmless.has(code) ? 'compatible' : 'breaking', message, data };
}

/** Tensors under one name; a client that sends less than a tensor takes is fine, one that reads more than before is not. */
function tensorReasons(
  signature: string,
  tensor: string,
  side: 'INPUT' | 'OUTPUT',
  before: TensorInfo,
  after: TensorInfo,
): readonly VerdictReason[] {
  const at = { signature, tensor };
  if (before.dtype !== after.dtype)
    return [reason(`${side}_DTYPE`, { ...at, before: dtypeLabel(before.dtype), after: dtypeLabel(after.dtype) })];
  const shapes = { ...at, before: shapeText(before), after: shapeText(after) };
  const change = shapeChange(before, after);
  if (change === 'same') return [];
  return [reason(change === 'other' ? `${side}_SHAPE` : change === 'wider' ? `${side}_WIDER` : `${side}_NARROWER`, shapes)];
}

function sideReasons(
  signature: string,
  side: 'INPUT' | 'OUTPUT',
  before: SignatureInfo['inputs'],
  after: SignatureInfo['inputs'],
): readonly VerdictReason[] {
  const reasons: VerdictReason[] = [];
  for (const [tensor, was] of Object.entries(before)) {
    const is = after[tensor];
    reasons.push(...(is === undefined ? [reason(`${side}_GONE`, { signature, tensor })] : tensorReasons(signature, tensor, side, was, is)));
  }
  for (const tensor of Object.keys(after)) if (!Object.hasOwn(before, tensor)) reasons.push(reason(`${side}_NEW`, { signature, tensor }));
  return reasons;
}

/** TensorFlow Serving's REST answers have no names where there is one output, and are objects where there are several. */
function namingReasons(signature: string, before: SignatureInfo, after: SignatureInfo): readonly VerdictReason[] {
  const [was, is] = [Object.keys(before.outputs), Object.keys(after.outputs)];
  if (was.length === 1 && is.length > 1) return [reason('OUTPUT_NOW_NAMED', { signature, before: was[0] ?? '' })];
  if (was.length > 1 && is.length === 1) return [reason('OUTPUT_NOW_BARE', { signature, after: is[0] ?? '' })];
  return [];
}

/**
 * What a client of one version meets in another. Signatures of the graph tagged `serve` decide: names, dtypes, shapes and methods,
 * and the form of a REST answer; names within the graph, ops and weights do not.
 */
export function verdictOf(before: Graphs, after: Graphs): { readonly verdict: Verdict; readonly reasons: readonly VerdictReason[] } {
  const [from, to] = [metaGraphFor(before), metaGraphFor(after)];
  const was = new Map(from === undefined ? [] : callableSignatures(from));
  const is = new Map(to === undefined ? [] : callableSignatures(to));
  const reasons: VerdictReason[] = [];
  if (from !== undefined && to === undefined) reasons.push(reason('NO_SERVE_GRAPH'));
  for (const [signature, one] of was) {
    const other = is.get(signature);
    if (other === undefined) {
      if (to !== undefined) reasons.push(reason('SIGNATURE_GONE', { signature }));
      continue;
    }
    if (one.method_name !== other.method_name)
      reasons.push(reason('METHOD_CHANGED', { signature, before: one.method_name, after: other.method_name }));
    reasons.push(
      ...sideReasons(signature, 'INPUT', one.inputs, other.inputs),
      ...sideReasons(signature, 'OUTPUT', one.outputs, other.outputs),
      ...namingReasons(signature, one, other),
    );
  }
  for (const signature of is.keys()) if (!was.has(signature)) reasons.push(reason('SIGNATURE_NEW', { signature }));
  return {
    verdict: worstOf(reasons.map(({ verdict }) => verdict)),
    reasons: reasons.toSorted((a, b) => rank[b.verdict] - rank[a.verdict]),
  };
}
