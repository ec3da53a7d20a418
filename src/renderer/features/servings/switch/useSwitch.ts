import { useEffect, useState } from 'react';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import type { Serving } from '../../../../shared/contract/serving.ts';
import type { ServedEntry, SwitchForecast, SwitchTarget } from '../../../../shared/contract/switching.ts';
import { reportOf, useClient, useMirror } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';

/** What can be done with the versions of one serving. */
export interface SwitchActs {
  /** A switch is under way, or was asked for. */
  readonly busy: boolean;
  /** Why the last act was refused at once; what a switch under way meets stands in its steps. */
  readonly problem: ErrorReport | null;
  readonly begin: (target: SwitchTarget, choice?: SwitchConsent) => void;
  /** Stops the switch under way; what served before goes on. */
  readonly stop: () => void;
}

export interface SwitchConsent {
  readonly reason?: string;
  readonly anyway?: boolean;
  readonly despiteCases?: boolean;
}

/** The running serving of a model whose versions can be changed. */
export const useSwitchable = (modelId: string): Serving | undefined =>
  useMirror(({ servings }) =>
    servings.find((one) => one.modelId === modelId && one.state.kind === 'serving' && one.plan.served !== undefined),
  );

/** Acts on one serving; on none they do nothing. */
export function useSwitch(serving: Pick<Serving, 'id' | 'switching'> | undefined): SwitchActs {
  const client = useClient();
  const call = useCall();
  const { id, switching } = serving ?? {};
  const taskId = switching?.current?.taskId ?? null;
  return {
    busy: call.busy || switching?.current?.state === 'running',
    problem: call.problem,
    begin(target, choice = {}) {
      if (id !== undefined) void call.run(() => client.switching.start({ id, target, ...choice }));
    },
    stop() {
      if (taskId !== null) void call.run(() => client.tasks.cancel({ id: taskId }));
    },
  };
}

/** What a switch would do; null until it is known. Asked anew whenever what is served changes. */
export function useForecast({ id, plan }: Serving, target: SwitchTarget | null): SwitchForecast | ErrorReport | null {
  const client = useClient();
  const [forecast, setForecast] = useState<SwitchForecast | ErrorReport | null>(null);
  const key = JSON.stringify([target, plan.versions, plan.served]);
  useEffect(() => {
    setForecast(null);
    const [wanted] = JSON.parse(key) as [SwitchTarget | null];
    if (wanted === null) return undefined;
    let live = true;
    client.switching.forecast({ id, target: wanted }).then(
      (found) => live && setForecast(found),
      (error: unknown) => live && setForecast(reportOf(error)),
    );
    return () => {
      live = false;
    };
  }, [client, id, key]);
  return forecast;
}

/** How many cases a model has saved; null until it is known, or where it cannot be. */
export function useCaseCount(modelId: string): number | null {
  const client = useClient();
  const [count, setCount] = useState<number | null>(null);
  useEffect(() => {
    let live = true;
    client.cases.list({ modelId }).then(
      ({ length }) => live && setCount(length),
      () => live && setCount(null),
    );
    return () => {
      live = false;
    };
  }, [client, modelId]);
  return count;
}

/** What was served when, the newest first; null until it is known. */
export function useServedHistory({ id, switching }: Serving): readonly ServedEntry[] | null {
  const client = useClient();
  const [entries, setEntries] = useState<readonly ServedEntry[] | null>(null);
  const { latestEntry } = switching;
  useEffect(() => {
    let live = true;
    client.switching.history({ id, limit: 200 }).then(
      (found) => live && setEntries(found),
      () => live && setEntries([]),
    );
    return () => {
      live = false;
    };
  }, [client, id, latestEntry]);
  return entries;
}
