import { useCallback, useRef, useState } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { Serving } from '../../../shared/contract/serving.ts';
import { reportOf, useClient } from '../../app/store.ts';
import { changesOf, type ServingChanges } from './servingChanges.ts';

export interface ServingActs {
  /** An act was asked for and not yet answered. */
  readonly busy: boolean;
  /** Why the last act was refused; gone with the next one. */
  readonly problem: ErrorReport | null;
  /** True for two seconds after the line was copied. */
  readonly copied: boolean;
  readonly stop: () => void;
  readonly restart: () => void;
  readonly startAgain: () => void;
  /** Resolves to whether it was accepted. */
  readonly startWith: (changes: Partial<ServingChanges>) => Promise<boolean>;
  readonly remove: () => Promise<boolean>;
  readonly copyDockerRun: () => void;
  /** The person has seen it, or turned to something else. */
  readonly forgetProblem: () => void;
  /** Any other call; its refusal is shown where those of the serving are. */
  readonly attempt: (act: () => Promise<unknown>) => void;
}

/** What can be done with one serving. Nothing is shown ahead of its effect: the state comes from main. */
export function useServingActs(serving: Serving): ServingActs {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [copied, setCopied] = useState(false);
  const copiedTimer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const { id, plan } = serving;

  const run = useCallback(async (act: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      await act();
      return true;
    } catch (error) {
      setProblem(reportOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  }, []);

  const startWith = useCallback(
    (changes: Partial<ServingChanges>) => run(() => client.servings.startAgain({ id, changes: { ...changesOf(plan), ...changes } })),
    [client, id, plan, run],
  );

  return {
    busy,
    problem,
    copied,
    stop: () => void run(() => client.servings.stop({ id })),
    restart: () => void run(() => client.servings.restart({ id })),
    startAgain: () => void run(() => client.servings.startAgain({ id })),
    startWith,
    remove: () => run(() => client.servings.remove({ id })),
    copyDockerRun: () =>
      void run(async () => {
        const { text } = await client.servings.dockerRun({ id });
        await navigator.clipboard.writeText(text);
        setCopied(true);
        if (copiedTimer.current !== null) clearTimeout(copiedTimer.current);
        copiedTimer.current = setTimeout(() => setCopied(false), 2_000);
      }),
    forgetProblem: () => setProblem(null),
    attempt: (act) => void run(act),
  };
}
