import { AppError, errorTable, type ErrorCode, type ErrorReport } from '../../shared/contract/errors.ts';
import { takeDropped, type DroppedFile, type DroppedThing } from './droppedFiles.ts';
import type { ImportDroppedOptions } from './shellConnection.ts';

/** Browsers open at most six connections to one host; two stay free for the page itself. */
const filesAtOnce = 4;

/** The failure that an answer of the web shell stands for. */
export function problemOfAnswer(status: number, body: string): AppError {
  try {
    const { error } = JSON.parse(body) as { error?: ErrorReport };
    if (error !== undefined && error.code in errorTable) return new AppError(error.code satisfies ErrorCode, error.data);
  } catch (cause) {
    return new AppError('CONNECTION_LOST', {}, { cause });
  }
  return new AppError('BAD_INPUT', { detail: `The answer was ${status}.` });
}

/** Never stopped in the middle: only the answer tells what is there now, and so what a stop must take back. */
async function post(path: string, token: string, body: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch (cause) {
    throw new AppError('CONNECTION_LOST', {}, { cause });
  }
  if (!response.ok) throw problemOfAnswer(response.status, await response.text());
  return response.json();
}

interface SendOptions {
  readonly token: string;
  readonly signal: AbortSignal;
  /** Bytes of this file that have gone out so far. */
  readonly onSent: (bytes: number) => void;
}

/** By XMLHttpRequest, since fetch does not tell how much of a body has gone out. */
function sendFile(upload: string, { path, file }: DroppedFile, { token, signal, onSent }: SendOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = new XMLHttpRequest();
  const stop = (): void => request.abort();
  signal.addEventListener('abort', stop, { once: true });
  request.upload.addEventListener('progress', ({ loaded }) => onSent(loaded));
  request.addEventListener('load', () => {
    onSent(file.size);
    if (request.status === 200) resolve();
    else reject(problemOfAnswer(request.status, request.responseText));
  });
  request.addEventListener('error', () => reject(new AppError('CONNECTION_LOST')));
  request.addEventListener('abort', () => reject(new AppError('CANCELLED')));
  request.addEventListener('loadend', () => signal.removeEventListener('abort', stop));
  request.open('POST', `/api/uploads/${upload}/files?path=${encodeURIComponent(path)}`);
  request.setRequestHeader('authorization', `Bearer ${token}`);
  request.setRequestHeader('content-type', 'application/octet-stream');
  if (signal.aborted) reject(new AppError('CANCELLED'));
  else request.send(file);
  return promise;
}

interface UploadOptions {
  readonly token: string;
  readonly signal: AbortSignal | undefined;
  readonly onSent: (bytes: number) => void;
}

/** Sends one dropped thing and answers its import ticket; on failure or abort nothing of it stays on the other side. */
async function upload(thing: DroppedThing, { token, signal, onSent }: UploadOptions): Promise<string> {
  const totalBytes = thing.files.reduce((sum, { file }) => sum + file.size, 0);
  const plan = { name: thing.name, kind: thing.kind, files: thing.files.length, totalBytes, emptyFolders: thing.emptyFolders };
  const { id } = (await post('/api/uploads', token, plan)) as { id: string };
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const sent = new Map<DroppedFile, number>();
  const queue = [...thing.files];
  async function sendSome(): Promise<void> {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const one = file;
      await sendFile(id, one, {
        token,
        signal: either,
        onSent(bytes) {
          // What goes over the wire is the file alone, but never count more than it holds.
          sent.set(one, Math.min(bytes, one.file.size));
          onSent([...sent.values()].reduce((sum, count) => sum + count, 0));
        },
      });
    }
  }
  try {
    await Promise.all(Array.from({ length: filesAtOnce }, sendSome));
    if (either.aborted) throw new AppError('CANCELLED');
    const { ticket } = (await post(`/api/uploads/${id}/finish`, token, {})) as { ticket: string };
    return ticket;
  } catch (error) {
    failed.abort();
    // Nobody waits for it: the other side also gives up by itself what gets no bytes.
    fetch(`/api/uploads/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` }, keepalive: true }).catch(
      () => undefined,
    );
    throw error;
  }
}

/** See ShellConnection.importDropped. `token` is asked when the sending starts. */
export function uploadDropped(
  dropped: DataTransfer | readonly File[],
  token: () => string,
  { onProgress, signal }: ImportDroppedOptions = {},
): readonly Promise<string>[] {
  const things = takeDropped(dropped).map((read) => read());
  const sent = things.map(() => 0);
  const total = Promise.allSettled(things).then((results) =>
    results.reduce(
      (sum, one) => (one.status === 'rejected' ? sum : one.value.files.reduce((bytes, { file }) => bytes + file.size, sum)),
      0,
    ),
  );
  return things.map(async (reading, at) => {
    const totalBytes = await total;
    let thing: DroppedThing;
    try {
      thing = await reading;
    } catch (cause) {
      throw new AppError('FILE_UNREADABLE', { path: 'What was dropped', detail: 'The browser may not read it.' }, { cause });
    }
    onProgress?.(0, totalBytes);
    return upload(thing, {
      token: token(),
      signal,
      onSent(bytes) {
        sent[at] = bytes;
        onProgress?.(
          sent.reduce((sum, count) => sum + count, 0),
          totalBytes,
        );
      },
    });
  });
}
