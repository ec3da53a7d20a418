/** Where a command writes and what it may know of its terminal; a test gives its own. */
export interface CommandIo {
  /** Results only. */
  readonly out: (text: string) => void;
  /** Everything else: progress, warnings, errors. */
  readonly err: (text: string) => void;
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts at SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Exit codes of every command. */
export const exitCode = { done: 0, failed: 1, usage: 2 } as const;
