import type { PredictRequest, RequestMode } from '../../../shared/contract/predict.ts';

/** How a request goes, whatever is in it. */
export interface SendOptions {
  readonly mode: RequestMode;
  readonly backend: PredictRequest['backend'];
  /** Excludes a version. */
  readonly label: string | null;
  readonly timeoutMs: number;
  readonly gzip: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

export const usualOptions: SendOptions = { mode: 'auto', backend: 'serving', label: null, timeoutMs: 30_000, gzip: false, headers: {} };
