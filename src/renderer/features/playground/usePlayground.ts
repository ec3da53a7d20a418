import { useEffect, useMemo, useRef, useState } from 'react';
import { create } from 'zustand';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { ExampleFeature } from '../../../shared/contract/playground.ts';
import type { CompareSide, ComparedAnswers } from '../../../shared/contract/compareAnswers.ts';
import type { PredictAnswer } from '../../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../../shared/contract/savedModel.ts';
import { reportOf, useClient } from '../../app/store.ts';
import { whichOf, type Choices } from './choices.ts';
import { requestOf, type Draft } from './draft.ts';
import { firstInputs } from './form/fieldInput.ts';
import type { SendOptions } from './sendOptions.ts';

/** The signature that is asked and a body that would fit it. */
export interface AskedSignature {
  readonly key: string;
  /** Serving and signature, whatever the version: what was typed stays when another is served. */
  readonly draftKey: string;
  readonly modelId: string;
  /** null: the newest there is. */
  readonly version: string | null;
  readonly signature: string;
  readonly info: SignatureInfo;
  /** What the graph reads from serialized tf.Examples; empty where it takes none. */
  readonly features: readonly ExampleFeature[];
  readonly template: string;
}

/** What was typed, by serving and signature: it outlives the page, so that looking at a log loses nothing. */
const useDrafts = create<Readonly<Record<string, Draft>>>()(() => ({}));

/** Puts a request into the playground of a serving's signature, by their `draftKey`. */
export function keepDraft(draftKey: string, draft: Draft): void {
  useDrafts.setState({ [draftKey]: draft });
}

/** Reads the chosen signature; null until it is there. */
export function useSignature(choices: Choices): { readonly asked: AskedSignature | null; readonly problem: ErrorReport | null } {
  const client = useClient();
  const [asked, setAsked] = useState<AskedSignature | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const { serving, signature } = choices;
  const modelId = serving?.modelId ?? null;
  const servingId = serving?.id ?? null;
  const version = choices.answering;

  useEffect(() => {
    if (modelId === null || servingId === null || signature === null) {
      setAsked(null);
      return;
    }
    const end = new AbortController();
    const read = async (): Promise<void> => {
      try {
        const { info, template } = await client.models.signature({ id: modelId, version, signature }, { signal: end.signal });
        const features = await featuresOf(info, () => client.playground.features({ modelId, version, signature }, { signal: end.signal }));
        if (end.signal.aborted) return;
        const key = `${servingId} ${version ?? ''} ${signature}`;
        setAsked({ key, draftKey: `${servingId} ${signature}`, modelId, version, signature, info, features, template });
        setProblem(null);
      } catch (error) {
        if (end.signal.aborted) return;
        setAsked(null);
        setProblem(reportOf(error));
      }
    };
    void read();
    return () => end.abort();
  }, [client, modelId, servingId, version, signature]);

  return { asked, problem };
}

/** Of a signature with one input of strings; a graph that cannot be read for them is asked by strings. */
async function featuresOf({ inputs }: SignatureInfo, read: () => Promise<readonly ExampleFeature[]>): Promise<readonly ExampleFeature[]> {
  const [only, ...more] = Object.values(inputs);
  if (only?.dtype !== 'DT_STRING' || more.length > 0) return [];
  try {
    return await read();
  } catch {
    return [];
  }
}

const nothing: Draft = { kind: 'json', body: '' };

/** The request as it stands: a form of the signature until something is given. */
export function useDraft(asked: AskedSignature | null): readonly [Draft, (draft: Draft) => void] {
  const kept = useDrafts((all) => (asked === null ? undefined : all[asked.draftKey]));
  const first = useMemo<Draft>(
    () => (asked === null ? nothing : { kind: 'form', inputs: firstInputs(asked.info, asked.features) }),
    [asked],
  );
  // Another version's signature may have other inputs.
  const isOf =
    asked !== null &&
    kept !== undefined &&
    (kept.kind === 'json' || Object.keys(kept.inputs).every((name) => Object.hasOwn(asked.info.inputs, name)));
  const change = (next: Draft): void => {
    if (asked !== null) keepDraft(asked.draftKey, next);
  };
  return [isOf ? kept : first, change];
}

/** Which model, version and signature was asked. */
export interface AskedOf {
  readonly modelId: string;
  readonly version: string | null;
  readonly signature: string;
}

/** One finished question, with what was asked, so that a later edit shows it as of before. */
export interface Finished {
  readonly draft: Draft;
  readonly key: string;
  readonly info: SignatureInfo;
  readonly of: AskedOf;
  readonly outcome:
    | { readonly kind: 'answer'; readonly answer: PredictAnswer }
    | { readonly kind: 'comparison'; readonly compared: ComparedAnswers }
    | { readonly kind: 'problem'; readonly problem: ErrorReport };
  readonly at: string;
}

export interface Asking {
  readonly busy: boolean;
  readonly finished: Finished | null;
  readonly ask: (insist: boolean) => void;
  /** The same to two targets; the other is measured by the first. */
  readonly compare: (sides: readonly [CompareSide, CompareSide]) => void;
  readonly stop: () => void;
}

/** Sends the request. The answer of before stays until the next one is there. */
export function useAsking(
  choices: Choices,
  asked: AskedSignature | null,
  { draft, options }: { readonly draft: Draft; readonly options: SendOptions },
): Asking {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [finished, setFinished] = useState<Finished | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const send = async (how: readonly [CompareSide, CompareSide] | { readonly insist: boolean }): Promise<void> => {
    const { serving, signature, version } = choices;
    if (serving === null || signature === null || asked === null || running.current !== null) return;
    const end = new AbortController();
    running.current = end;
    setBusy(true);
    const of = { modelId: serving.modelId, version: choices.answering, signature };
    const done = (outcome: Finished['outcome'], at: string): void => {
      setFinished({ draft, key: asked.key, info: asked.info, of, outcome, at });
    };
    try {
      const { backend, mode, label, headers, gzip, timeoutMs } = options;
      const request = { signature, timeoutMs, ...requestOf(draft) };
      if (!('insist' in how)) {
        const compared = await client.predict.compare({ ...request, sides: [how[0], how[1]] }, { signal: end.signal });
        done({ kind: 'comparison', compared }, new Date().toISOString());
      } else {
        const { insist } = how;
        const target = { servingId: serving.id, ...whichOf({ version, label }), backend, mode };
        const answer = await client.predict.run({ ...request, ...target, gzip, headers: { ...headers }, insist }, { signal: end.signal });
        done({ kind: 'answer', answer }, answer.at);
      }
    } catch (error) {
      if (!end.signal.aborted) done({ kind: 'problem', problem: reportOf(error) }, new Date().toISOString());
    } finally {
      running.current = null;
      setBusy(false);
    }
  };

  return {
    busy,
    finished,
    ask: (insist) => void send({ insist }),
    compare: (sides) => void send(sides),
    stop: () => running.current?.abort(),
  };
}
