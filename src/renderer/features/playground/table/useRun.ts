import { useEffect, useState } from 'react';
import type { Task } from '../../../../shared/contract/state.ts';
import type { TableResult } from '../../../../shared/contract/tables.ts';
import type { ContractClient } from '../../../../shared/rpc/connectClient.ts';
import { useClient, useMirror } from '../../../app/store.ts';
import { saveFile } from '../../../ui/saveFile.ts';

export type RunFacts = Pick<TableResult, 'name' | 'rowCount' | 'rows' | 'failed' | 'elapsedMs'>;

/** A run as it goes: its task, and its figures with each change of it. */
export function useRun(taskId: string): { readonly task: Task | null; readonly facts: RunFacts | null; readonly running: boolean } {
  const client = useClient();
  const task = useMirror((state) => state.tasks.find(({ id }) => id === taskId) ?? null);
  const [facts, setFacts] = useState<RunFacts | null>(null);
  const seen = `${task?.state ?? ''} ${task?.detail ?? ''}`;
  useEffect(() => {
    void client.playground.tableResult({ taskId, offset: 0, length: 1 }).then(
      // Answers may overtake each other.
      (next) => setFacts((before) => (before !== null && before.rows > next.rows ? before : next)),
      // Its task says what ended it.
      () => undefined,
    );
  }, [client, taskId, seen]);
  return { task, facts, running: task?.state === 'running' };
}

const partBytes = 4_000_000;

/** Fetches a run's file by parts and hands it to the person. */
export async function saveResult(client: ContractClient, taskId: string): Promise<void> {
  const parts: Blob[] = [];
  let [offset, name] = [0, ''];
  for (;;) {
    const part = await client.playground.tableResult({ taskId, offset, length: partBytes });
    name = part.name;
    parts.push(part.data);
    offset += part.data.size;
    if (part.data.size === 0 || offset >= part.totalBytes) break;
  }
  saveFile(name, new Blob(parts, { type: name.endsWith('.csv') ? 'text/csv' : 'application/x-ndjson' }));
}
