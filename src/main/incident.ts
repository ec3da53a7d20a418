import { randomUUID } from 'node:crypto';
import { AppError, type ErrorReport } from '../shared/contract/errors.ts';

let tell: (incident: string, error: unknown) => void = (incident, error) => {
  process.stderr.write(`incident ${incident}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
};

/** Where unknown failures are written, with their stack; they never cross the wire. */
export function onIncident(write: typeof tell): void {
  tell = write;
}

/** The words for any throw: an AppError's own, an abort as CANCELLED, everything else as INTERNAL with an incident id. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof Error && error.name === 'AbortError') return new AppError('CANCELLED', {}, { cause: error });
  const incident = randomUUID().slice(0, 8);
  tell(incident, error);
  return new AppError('INTERNAL', { incident }, { cause: error });
}

export function reportOf(error: unknown): ErrorReport {
  return asAppError(error).report();
}
