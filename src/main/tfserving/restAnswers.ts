import type { VersionStatus } from './modelManager.ts';
import { quotedJson } from './jsonDebug.ts';
import { signatureJson, type SignatureMessage } from './signatureMessage.ts';
import type { StatusName } from './status.ts';

/** Bodies of the REST API that hold no tensors, in protobuf's JSON: 64-bit numbers are texts. */

/** What HTTP makes of a status. */
export const httpStatus: Readonly<Record<StatusName, number>> = {
  OK: 200,
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

export function errorBody(message: string): string {
  return `{\n    "error": ${quotedJson(message)}\n}`;
}

export function statusBody(versions: readonly VersionStatus[]): string {
  const model_version_status = versions.map(({ version, state, error }) => ({
    version: String(version),
    state,
    status: { error_code: error?.status ?? 'OK', error_message: error?.message ?? '' },
  }));
  return `${JSON.stringify({ model_version_status }, null, 1)}\n`;
}

export function metadataBody(name: string, version: bigint, signatures: ReadonlyMap<string, SignatureMessage>): string {
  const signature_def = Object.fromEntries(Array.from(signatures, ([key, message]) => [key, signatureJson(message)]));
  const model_spec = { name, version: String(version), signature_name: '' };
  return `${JSON.stringify({ model_spec, metadata: { signature_def: { signature_def } } }, null, 1)}\n`;
}

/** The page of the HTTP server below the REST API. */
export function htmlPage(status: number, title: string): string {
  return `<HTML><HEAD>\n<TITLE>${status} ${title}</TITLE>\n</HEAD><BODY>\n<H1>${title}</H1>\n</BODY></HTML>\n`;
}
