import type { SignatureInfo } from '../../../shared/contract/savedModel.ts';
import { checkRequest, type Misfit } from '../../../shared/tensor/requestCheck.ts';
import { restBarrier } from '../../../shared/tensor/requestMode.ts';
import type { TextMark } from '../../ui/JsonEditor.tsx';

/** Whether a request can be sent as it is typed; where not, what is wrong first and where it stands in the text. */
export type BodyCheck =
  | { readonly kind: 'fits'; readonly form: 'row' | 'columnar' | 'examples' }
  | { readonly kind: 'no-json' | 'misfit'; readonly misfit: Misfit; readonly others: number; readonly marks: readonly TextMark[] };

/** Checks a request against its signature and finds the place to underline: the character where JSON ends, or the input's name. */
export function checkBody(text: string, signature: SignatureInfo, overGrpc: boolean): BodyCheck {
  // What JSON cannot carry goes over gRPC by itself.
  const check = checkRequest(signature, text, overGrpc || restBarrier(signature) !== null ? 'grpc' : 'rest');
  if (check.kind === 'fits') return check;
  const [misfit] = check.misfits;
  if (misfit === undefined) return { kind: 'fits', form: 'row' };
  return { kind: check.kind, misfit, others: check.misfits.length - 1, marks: marksOf(misfit, text) };
}

function marksOf({ at, input }: Misfit, text: string): readonly TextMark[] {
  if (at !== null) return [{ from: at, to: at }];
  if (input === null) return [];
  const quoted = JSON.stringify(input);
  const from = text.indexOf(quoted);
  return from < 0 ? [] : [{ from, to: from + quoted.length }];
}
