import { useCallback, useState } from 'react';
import type { ErrorReport } from '../../shared/contract/errors.ts';
import { reportOf } from './store.ts';

/** A call that a person started: whether it runs, and what it failed with, shown where it was started. */
export interface Call {
  readonly busy: boolean;
  readonly problem: ErrorReport | null;
  /** Runs it; answers whether it succeeded. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
  readonly clear: () => void;
}

export function useCall(): Call {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const run = useCallback(async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
      return true;
    } catch (error) {
      setProblem(reportOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, problem, run, clear: () => setProblem(null) };
}
