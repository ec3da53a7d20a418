import { create } from 'zustand';
import type { TableView } from '../../../../shared/contract/tables.ts';

/** A file of rows that was read, and what was done with it: it outlives the dialog, so that a run goes on while other pages are looked at. */
export interface OpenedTable {
  readonly view: TableView;
  readonly name: string;
  readonly columns: Readonly<Record<string, readonly number[]>>;
  readonly run: RunOfTable | null;
}

export interface RunOfTable {
  readonly kind: 'ask' | 'compare';
  readonly taskId: string;
}

interface OpenedTables {
  /** By serving and signature. */
  readonly tables: Readonly<Record<string, OpenedTable>>;
  readonly put: (key: string, table: OpenedTable) => void;
}

export const useOpenedTables = create<OpenedTables>()((set) => ({
  tables: {},
  put: (key, table) => set(({ tables }) => ({ tables: { ...tables, [key]: table } })),
}));
