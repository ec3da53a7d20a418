import type { GatewayProgram } from '../gateway/startGateway.ts';
import type { ForkEngine } from '../tfserving/engineProcess.ts';

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
  /** Where the program is not Node and starts the embedded engine in a way of its own. */
  readonly forkEngine?: ForkEngine;
  /** The same for a gateway. */
  readonly gatewayProgram?: GatewayProgram;
}

/** Exit codes of every command. */
export const exitCode = { done: 0, failed: 1, usage: 2 } as const;
