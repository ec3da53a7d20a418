import { useEffect, useRef, useState } from 'react';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import type { PreparedTensor } from '../../../../shared/contract/playground.ts';
import type { PreparedInputs } from '../../../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../../../shared/contract/savedModel.ts';
import { checkRequest, type Misfit } from '../../../../shared/tensor/requestCheck.ts';
import { reportOf, useClient } from '../../../app/store.ts';
import type { AskedSignature } from '../usePlayground.ts';
import type { FieldInput } from './fieldInput.ts';

/** What main said of one input: the tensor that it would be sent as, or why it is none. */
export interface FieldCheck {
  /** What it is about; another object than the form's means that the next check is under way. */
  readonly input: FieldInput;
  readonly prepared: PreparedTensor | null;
  readonly misfits: readonly Misfit[];
  readonly problem: ErrorReport | null;
}

export type FieldChecks = Readonly<Record<string, FieldCheck>>;

/** Typing rests for so long before it is looked at. */
const restMs = 150;
/** Text that the window itself may read once more to say what is wrong with it. */
const explainedChars = 200_000;

/** Checks each input as it changes, in main; of an input that changes meanwhile only the last state counts. */
export function useChecks(asked: AskedSignature, inputs: PreparedInputs): FieldChecks {
  const client = useClient();
  const [checks, setChecks] = useState<FieldChecks>({});
  const running = useRef(new Map<string, { readonly input: FieldInput; readonly end: AbortController }>());
  const { key, info, modelId, version, signature } = asked;

  useEffect(() => {
    const all = running.current;
    return () => {
      for (const { end } of all.values()) end.abort();
      all.clear();
      setChecks({});
    };
    // Another signature's checks are not about these fields.
  }, [key, client]);

  useEffect(() => {
    const all = running.current;
    for (const [name, { end }] of all) {
      if (inputs[name] !== undefined) continue;
      end.abort();
      all.delete(name);
    }
    for (const [name, input] of Object.entries(inputs)) {
      const before = all.get(name);
      if (before?.input === input) continue;
      before?.end.abort();
      const end = new AbortController();
      all.set(name, { input, end });
      const look = async (): Promise<void> => {
        const check = await checkField(name, input, info, (one) =>
          client.playground.prepare({ modelId, version, signature, inputs: one }, { signal: end.signal }),
        );
        if (!end.signal.aborted) setChecks((known) => ({ ...known, [name]: check }));
      };
      const timer = setTimeout(() => void look(), before === undefined ? 0 : restMs);
      end.signal.addEventListener('abort', () => clearTimeout(timer));
    }
  }, [client, key, info, modelId, version, signature, inputs]);

  return checks;
}

type Prepare = (inputs: PreparedInputs) => Promise<{ readonly inputs: Readonly<Record<string, PreparedTensor>> }>;

async function checkField(name: string, input: FieldInput, info: SignatureInfo, prepare: Prepare): Promise<FieldCheck> {
  try {
    const prepared = (await prepare({ [name]: input })).inputs[name] ?? null;
    return { input, prepared, misfits: prepared?.misfits ?? [], problem: null };
  } catch (error) {
    const misfits = explained(name, input, info);
    return { input, prepared: null, misfits, problem: misfits.length > 0 ? null : reportOf(error) };
  }
}

/** What is wrong with typed text, by dimension and with its fix; nothing for what is too long or no text. */
function explained(name: string, { source, steps }: FieldInput, { method_name, inputs }: SignatureInfo): readonly Misfit[] {
  const info = inputs[name];
  if (source.kind !== 'json' || source.text.length > explainedChars || info === undefined) return [];
  const shape = (steps ?? []).length === 0 ? info.shape : null;
  const check = checkRequest({ method_name, inputs: { [name]: { ...info, shape } }, outputs: {} }, `{"inputs": ${source.text}}`, 'grpc');
  return check.kind === 'fits' ? [] : check.misfits.map((misfit) => ({ ...misfit, input: name }));
}
