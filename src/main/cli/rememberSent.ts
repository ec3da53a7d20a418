import { AppError } from '../../shared/contract/errors.ts';
import type { ToRemember } from '../../shared/contract/history.ts';
import { tensorToWire } from '../../shared/tensor/tensorWire.ts';
import { rememberedAnswer } from '../history/rememberedAnswer.ts';
import { summaryOf } from '../predict/answerOf.ts';
import { typedForm } from '../predict/ask.ts';
import type { Exchange } from '../predict/exchange.ts';
import type { InputTensors } from '../predict/inputTensors.ts';
import type { Which } from './predictTarget.ts';

/** What a command sent, as the history keeps it: text as it was given, tensors whole. */
export function rememberSent(
  {
    sent,
    overGrpc,
    ...asked
  }: Which & {
    readonly signature: string;
    readonly timeoutMs: number;
    readonly insist: boolean;
    readonly sent: InputTensors | string;
    readonly overGrpc: boolean;
  },
  outcome: Exchange | AppError,
): { readonly request: Omit<ToRemember['request'], 'servingId'>; readonly outcome: ToRemember['outcome'] } {
  const input =
    typeof sent === 'string'
      ? { body: sent }
      : {
          inputs: Object.fromEntries(
            Object.entries(sent).map(([name, tensor]) => [name, { source: { kind: 'tensor' as const, tensor: tensorToWire(tensor) } }]),
          ),
        };
  const mode = overGrpc ? 'grpc' : typeof sent === 'string' ? 'auto' : 'columnar';
  const request = { ...asked, ...input, mode } as const;
  if (outcome instanceof AppError) return { request, outcome: { kind: 'problem', code: outcome.code, data: outcome.data } };
  const outputs = Object.entries(outcome.outputs).map(([name, tensor]) => summaryOf(name, tensor));
  const sentAs = overGrpc ? 'grpc' : typeof sent === 'string' ? typedForm(sent) : 'columnar';
  return { request, outcome: { kind: 'answer', answer: rememberedAnswer({ ...outcome, mode: sentAs, outputs }) } };
}
