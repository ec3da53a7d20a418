import { create } from 'zustand';
import { createContext, useContext } from 'react';
import { AppError, type ErrorReport } from '../../shared/contract/errors.ts';
import { defaultSettings } from '../../shared/contract/defaultSettings.ts';
import type { AppFacts, AppState, StateEvent } from '../../shared/contract/state.ts';
import type { ContractClient } from '../../shared/rpc/connectClient.ts';
import type { ConnectionStatus, ShellConnection } from './shellConnection.ts';

/** Main's state as this window knows it. Nothing here is edited by the window: it follows `watch`. */
export interface Mirror extends AppState {
  readonly facts: AppFacts | null;
  readonly connection: ConnectionStatus;
  /** Tickets whose import sheets are waiting, the first is shown. */
  readonly imports: readonly string[];
}

const none: Mirror = {
  models: [],
  servings: [],
  tasks: [],
  settings: defaultSettings,
  facts: null,
  connection: 'connecting',
  imports: [],
  engine: {
    state: 'looking',
    endpoint: null,
    origin: null,
    product: null,
    version: null,
    platform: null,
    memoryBytes: null,
    cpus: null,
    candidates: [],
    problem: null,
  },
};

export const useMirror = create<Mirror>()(() => none);

const put = <T extends { readonly id: string }>(list: readonly T[], item: T): readonly T[] =>
  list.some(({ id }) => id === item.id) ? list.map((one) => (one.id === item.id ? item : one)) : [...list, item];
const drop = <T extends { readonly id: string }>(list: readonly T[], id: string): readonly T[] => list.filter((one) => one.id !== id);

/** The mirror after one event. */
export function applyEvent(mirror: Mirror, event: StateEvent): Partial<Mirror> {
  switch (event.kind) {
    case 'snapshot':
      return { ...event.state, facts: event.app };
    case 'model':
      return { models: put(mirror.models, event.model) };
    case 'model-gone':
      return { models: drop(mirror.models, event.id) };
    case 'serving':
      return { servings: put(mirror.servings, event.serving) };
    case 'serving-gone':
      return { servings: drop(mirror.servings, event.id) };
    case 'task':
      return { tasks: put(mirror.tasks, event.task) };
    case 'task-gone':
      return { tasks: drop(mirror.tasks, event.id) };
    case 'engine':
      return { engine: event.engine };
    case 'settings':
      return { settings: event.settings };
    case 'open-import':
      return { imports: [...mirror.imports, event.ticket] };
  }
}

/** Opens the import sheet for a ticket, after those that wait. */
export function openImport(ticket: string): void {
  useMirror.setState(({ imports }) => ({ imports: [...imports, ticket] }));
}

/** Closes the import sheet that is shown; `next` is another ticket in its place. */
export function closeImport(next?: string): void {
  useMirror.setState(({ imports }) => ({ imports: [...(next === undefined ? [] : [next]), ...imports.slice(1)] }));
}

/** Follows main's state through every connection, until the page ends. */
export function followState(connection: ShellConnection): void {
  let end = new AbortController();
  const follow = async (): Promise<void> => {
    end.abort();
    end = new AbortController();
    const { signal } = end;
    try {
      for await (const event of await connection.client().watch(undefined, { signal }))
        useMirror.setState((mirror) => applyEvent(mirror, event));
    } catch (error) {
      // A lost connection is told by its status; the stream is opened anew with the next one.
      if (!(error instanceof AppError) && !signal.aborted) throw error;
    }
  };
  const onStatus = (status: ConnectionStatus): void => {
    useMirror.setState({ connection: status });
    if (status === 'connected') void follow();
  };
  connection.subscribe(onStatus);
  onStatus(connection.status);
}

export const ConnectionContext = createContext<ShellConnection | null>(null);

export function useConnection(): ShellConnection {
  const connection = useContext(ConnectionContext);
  if (connection === null) throw new Error('outside of the app');
  return connection;
}

/** The present connection's client: a reconnect replaces it, and this renders again then. */
export function useClient(): ContractClient {
  const connection = useConnection();
  useMirror((state) => state.connection);
  return connection.client();
}

/** Words and code of any failure of a call. */
export function reportOf(error: unknown): ErrorReport {
  return error instanceof AppError ? error.report() : new AppError('INTERNAL', { incident: '' }, { cause: error }).report();
}
