import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { Remedy, RequestProblem } from '../../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../../shared/contract/savedModel.ts';
import { parseJson } from '../../../shared/tensor/json.ts';
import { convertBody } from '../../../shared/tensor/jsonInputs.ts';
import { checkRequest } from '../../../shared/tensor/requestCheck.ts';
import { fixBody } from '../../../shared/tensor/tensorFix.ts';
import type { Wished } from './choices.ts';
import { isSameDraft, type Draft } from './draft.ts';
import { applyFix } from './form/applyFix.ts';
import { formatJson } from './formatJson.ts';
import type { SendOptions } from './sendOptions.ts';
import type { AskedSignature, Asking, Finished } from './usePlayground.ts';

/** What a remedy can change. */
export interface Changeable {
  readonly asked: AskedSignature | null;
  readonly draft: Draft;
  readonly setDraft: (draft: Draft) => void;
  readonly options: SendOptions;
  readonly setOptions: (options: SendOptions) => void;
  readonly wish: (part: Partial<Wished>) => void;
  readonly asking: Asking;
}

/** Does what a refusal's button says; undefined for what cannot be done here. */
export function remedyAct(remedy: Remedy, on: Changeable): (() => void) | undefined {
  const { asked, draft, setDraft, options, setOptions, wish, asking } = on;
  switch (remedy.kind) {
    case 'again':
      return () => asking.ask(false);
    case 'version':
      return () => {
        setOptions({ ...options, label: null });
        wish({ version: remedy.version });
      };
    case 'signature':
      return () => wish({ signature: remedy.signature });
    case 'timeout':
      return () => setOptions({ ...options, timeoutMs: remedy.timeoutMs });
    case 'mode': {
      const { mode } = remedy;
      if (mode === 'grpc' || draft.kind === 'form') return () => setOptions({ ...options, mode });
      const changed = asked === null ? null : converted(asked.info, draft.body, mode);
      return changed === null ? undefined : () => setDraft({ kind: 'json', body: changed });
    }
    case 'fix': {
      const info = asked?.info.inputs[remedy.input];
      if (asked === null || info === undefined) return undefined;
      if (draft.kind === 'json') {
        const { body } = draft;
        if (checkRequest(asked.info, body).kind === 'no-json') return undefined;
        return () => setDraft({ kind: 'json', body: formatJson(fixBody(asked.info, parseJson(body), remedy.input, remedy.fix)) });
      }
      const input = draft.inputs[remedy.input];
      if (input === undefined) return undefined;
      const fixed = applyFix(remedy.input, input, info, remedy.fix);
      return () => setDraft({ kind: 'form', inputs: { ...draft.inputs, [remedy.input]: fixed } });
    }
    case 'split':
    case 'flag':
    case 'log':
      return undefined;
  }
}

/** A request in the other form; null where it is in that form, is no JSON or has no rows. */
function converted(info: SignatureInfo, body: string, to: 'row' | 'columnar'): string | null {
  const check = checkRequest(info, body);
  if (check.kind !== 'fits' || check.form === to || check.form === 'examples') return null;
  const text = convertBody(info, parseJson(body), to);
  return text === null ? null : formatJson(text);
}

/** Why the request as it stands was refused, by the server or before it was sent, and which input that is about. */
export interface Refusal {
  readonly input: string | null;
  readonly problem: RequestProblem | null;
  /** The server's own words. */
  readonly text: string | null;
  readonly report: ErrorReport | null;
}

/** null while nothing was refused, and once the request was edited. */
export function refusalOf(finished: Finished | null, draft: Draft): Refusal | null {
  if (finished === null || !isSameDraft(finished.draft, draft)) return null;
  const { outcome } = finished;
  if (outcome.kind === 'problem') {
    const { input } = outcome.problem.data;
    return { input: typeof input === 'string' ? input : null, problem: null, text: null, report: outcome.problem };
  }
  if (outcome.kind !== 'answer' || outcome.answer.ok) return null;
  const { problem, error } = outcome.answer;
  return { input: problem?.input ?? null, problem, text: error, report: null };
}
