import { useEffect, useRef, useState } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { EngineComparison, PredictAnswer, PredictRequest, RequestMode } from '../../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../../shared/contract/savedModel.ts';
import { reportOf, useClient } from '../../app/store.ts';
import type { Choices } from './choices.ts';
import { requestOf, type Draft } from './draft.ts';

/** The signature that is asked and a body that would fit it. */
export interface AskedSignature {
  readonly key: string;
  /** Serving and signature, whatever the version: what was typed stays when another is served. */
  readonly draftKey: string;
  readonly info: SignatureInfo;
  readonly template: string;
}

/** What was typed, by serving and signature: it outlives the page, so that looking at a log loses nothing. */
const drafts = new Map<string, Draft>();

/** Reads the chosen signature; null until it is there. */
export function useSignature(choices: Choices): { readonly asked: AskedSignature | null; readonly problem: ErrorReport | null } {
  const client = useClient();
  const [asked, setAsked] = useState<AskedSignature | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const { serving, signature } = choices;
  const modelId = serving?.modelId ?? null;
  const servingId = serving?.id ?? null;
  const version = choices.version ?? choices.versions[0] ?? null;

  useEffect(() => {
    if (modelId === null || servingId === null || signature === null) {
      setAsked(null);
      return;
    }
    const end = new AbortController();
    const read = async (): Promise<void> => {
      try {
        const { info, template } = await client.models.signature({ id: modelId, version, signature }, { signal: end.signal });
        if (end.signal.aborted) return;
        setAsked({ key: `${servingId} ${version ?? ''} ${signature}`, draftKey: `${servingId} ${signature}`, info, template });
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

/** The request as it stands; a signature's template until something is typed. */
export function useDraft(asked: AskedSignature | null): readonly [Draft, (draft: Draft) => void] {
  const [draft, setDraft] = useState<Draft>({ kind: 'json', body: '' });
  const key = asked?.draftKey ?? null;
  const template = asked?.template ?? '';
  useEffect(() => {
    if (key !== null) setDraft(drafts.get(key) ?? { kind: 'json', body: template });
  }, [key, template]);
  const change = (next: Draft): void => {
    setDraft(next);
    if (key === null) return;
    if (next.kind === 'json' && next.body === template) drafts.delete(key);
    else drafts.set(key, next);
  };
  return [draft, change];
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
    | { readonly kind: 'comparison'; readonly comparison: EngineComparison }
    | { readonly kind: 'problem'; readonly problem: ErrorReport };
  readonly at: string;
}

export interface Asking {
  readonly busy: boolean;
  readonly finished: Finished | null;
  readonly ask: (insist: boolean) => void;
  /** The same to the serving and to the embedded engine. */
  readonly compare: () => void;
  readonly stop: () => void;
}

/** Sends the request. The answer of before stays until the next one is there. */
export function useAsking(
  choices: Choices,
  asked: AskedSignature | null,
  { draft, backend, mode }: { readonly draft: Draft; readonly backend: PredictRequest['backend']; readonly mode: RequestMode },
): Asking {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [finished, setFinished] = useState<Finished | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const send = async (how: 'compare' | { readonly insist: boolean }): Promise<void> => {
    const { serving, signature, version } = choices;
    if (serving === null || signature === null || asked === null || running.current !== null) return;
    const end = new AbortController();
    running.current = end;
    setBusy(true);
    const of = { modelId: serving.modelId, version: version ?? choices.versions[0] ?? null, signature };
    const done = (outcome: Finished['outcome'], at: string): void => {
      setFinished({ draft, key: asked.key, info: asked.info, of, outcome, at });
    };
    try {
      const request = { servingId: serving.id, signature, ...requestOf(draft), ...(version === null ? {} : { version }) };
      if (how === 'compare') {
        const comparison = await client.predict.compareEngines(request, { signal: end.signal });
        done({ kind: 'comparison', comparison }, comparison.serving.at);
      } else {
        const answer = await client.predict.run({ ...request, backend, mode, insist: how.insist }, { signal: end.signal });
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
    compare: () => void send('compare'),
    stop: () => running.current?.abort(),
  };
}
