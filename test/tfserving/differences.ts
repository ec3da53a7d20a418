import type { IncomingHttpHeaders } from 'node:http';
import type { Recording } from './recordings.ts';

/** What we answer instead. */
interface Ours {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** An exchange where Slipway answers otherwise, on purpose: each is in docs/tensorflow-serving-differences.md. */
interface Difference {
  readonly reason: string;
  readonly applies: (recording: Recording) => boolean;
  readonly isOurs: (ours: Ours) => boolean;
}

const differences: readonly Difference[] = [];

/** Why a recorded exchange is answered otherwise, and how; undefined where it must be equal. */
export function differenceOf(recording: Recording): Difference | undefined {
  return differences.find(({ applies }) => applies(recording));
}
