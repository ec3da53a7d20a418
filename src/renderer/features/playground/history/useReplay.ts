import { useEffect, useState } from 'react';
import type { RememberedRequest } from '../../../../shared/contract/history.ts';
import type { Choices, Wished } from '../choices.ts';
import type { Draft } from '../draft.ts';
import type { SendOptions } from '../sendOptions.ts';
import { keepDraft, type AskedSignature, type Asking } from '../usePlayground.ts';

/** What is not as it was when a past request was filled in again. */
export type NotAsBefore = 'version' | 'label' | 'signature' | 'headers';

export interface Replay {
  /** Fills the playground with a request as it was sent; sends it too where all of it is as it was. */
  readonly fill: (remembered: RememberedRequest, how: { readonly send: boolean }) => void;
  /** Of the one that was filled in last. */
  readonly different: readonly NotAsBefore[];
}

interface Page {
  readonly choices: Choices;
  readonly asked: AskedSignature | null;
  readonly draft: Draft;
  readonly setDraft: (draft: Draft) => void;
  readonly options: SendOptions;
  readonly setOptions: (options: SendOptions) => void;
  readonly wish: (part: Partial<Wished>) => void;
  readonly ask: Asking['ask'];
}

interface Pending extends RememberedRequest {
  readonly send: boolean;
  readonly draft: Draft;
}

/** Brings a past request back: options, version, signature and input at once, then the question, once that signature has been read. */
export function useReplay({ choices, asked, draft, setDraft, options, setOptions, wish, ask }: Page): Replay {
  const [pending, setPending] = useState<Pending | null>(null);
  const [different, setDifferent] = useState<readonly NotAsBefore[]>([]);
  const { serving, answering, signature, version } = choices;
  const { label } = options;
  const isRead = serving !== null && signature !== null && asked?.key === `${serving.id} ${answering ?? ''} ${signature}`;

  useEffect(() => {
    if (pending === null || !isRead) return;
    const { past, send } = pending;
    const now: readonly (readonly [NotAsBefore, boolean])[] = [
      ['version', (past.options.version ?? null) !== version],
      ['label', past.options.label !== undefined && choices.label === null],
      ['signature', past.options.signature !== signature || draft !== pending.draft],
      ['headers', past.withheld.length > 0],
    ];
    const found = now.flatMap(([part, differs]) => (differs ? [part] : []));
    setDifferent(found);
    setPending(null);
    if (found.length === 0 && send) ask(past.options.insist);
    // A text can be looked at under any signature; fields belong to theirs.
    if (past.options.signature !== signature && pending.draft.kind === 'json') setDraft(pending.draft);
  }, [pending, isRead, draft, setDraft, choices.label, version, signature, label, ask]);

  return {
    different,
    fill(remembered, { send }) {
      const { body, inputs, backend, mode, timeoutMs, gzip, headers, signature: wanted } = remembered.request;
      const given: Draft = body === undefined ? { kind: 'form', inputs: inputs ?? {} } : { kind: 'json', body };
      if (serving !== null) keepDraft(`${serving.id} ${wanted}`, given);
      setOptions({ mode, backend, label: remembered.request.label ?? null, timeoutMs, gzip, headers });
      wish({ version: remembered.request.version ?? null, signature: wanted });
      setDifferent([]);
      setPending({ ...remembered, send, draft: given });
    },
  };
}
