import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { extract } from 'tar-stream';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/contract/errors.ts';
import type { PullProgress } from '../../shared/contract/serving.ts';
import { BuildFailure, type BuildEvent, type Credentials } from './dockerEngine.ts';
import { authOf, jsonLines } from './engineStream.ts';
import { dockerProblem, sentenceOf } from './problems.ts';
import { createPullProgress, type PullEvent } from './pullProgress.ts';

const progressEveryMs = 200;
/** What a stopped step still uses is let go within this time. */
const letGoMs = 10_000;

/** A sentence of the builder's stream. */
interface BuildLine {
  readonly stream?: string;
  readonly error?: string;
  readonly aux?: { readonly ID?: string };
}

/** The engine ends these by itself when its client goes; another instruction it brings to its end, which takes no time but for copies. */
const isEndedByEngine = (instruction: string): boolean => /^(RUN|FROM)\b/i.test(instruction);

/** Takes away the last image that a build made of its own; those before it go with it. */
async function removeUnfinished(docker: Docker, id: string): Promise<void> {
  const until = performance.now() + letGoMs;
  for (;;) {
    try {
      await docker.getImage(id).remove({ force: true });
      return;
    } catch (error) {
      const { statusCode } = error as { readonly statusCode?: number };
      // 409: the step that was stopped still lies on it, or it was somebody's already.
      if (statusCode !== 409 || performance.now() > until) return;
    }
    await wait(100);
  }
}

/**
 * Builds with the engine's classic builder: it needs no session beside the request, every engine has it, and the layer of a COPY
 * depends on nothing but the context's entries. Source of the stream's lines: Docker Engine API, "Build an image".
 */
export async function buildImage(
  docker: Docker,
  context: Readable,
  { noCache, signal, onEvent }: { readonly noCache: boolean; readonly signal: AbortSignal; readonly onEvent: (event: BuildEvent) => void },
): Promise<string> {
  const connection = new AbortController();
  let instruction: string | null = null;
  let step: number | null = null;
  let mine: string | null = null;
  let fromCache = false;
  let image: string | null = null;
  let broken: Error | undefined;
  const onAbort = (): void => {
    if (instruction === null || isEndedByEngine(instruction)) connection.abort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  context.once('error', (error) => {
    broken = error;
    connection.abort(error);
  });

  function take({ stream = '', error, aux }: BuildLine): void {
    if (error !== undefined) throw buildProblem(error, step);
    if (aux?.ID !== undefined) image = aux.ID;
    const begun = /^STEP (\d+)\/(\d+) ?: (.*)/is.exec(stream);
    if (begun !== null) {
      const [, at, of, text = ''] = begun;
      step = Number(at);
      instruction = text.trim();
      fromCache = false;
      onEvent({ kind: 'step', at: step, of: Number(of), instruction });
      if (signal.aborted) onAbort();
      return;
    }
    if (stream.startsWith(' ---> Using cache')) fromCache = true;
    const made = /^ ---> ([0-9a-f]{12,64})\s*$/.exec(stream)?.[1];
    if (made !== undefined && !fromCache && !/^FROM\b/i.test(instruction ?? '')) mine = made;
    const text = stream.trimEnd();
    if (text !== '') onEvent({ kind: 'output', text });
  }

  try {
    const options = { nocache: noCache, rm: true, forcerm: true, abortSignal: connection.signal };
    const stream = (await docker.buildImage(context, options)) as Readable;
    for await (const line of jsonLines(stream, connection.signal)) take(line as BuildLine);
    if (broken !== undefined) throw broken;
    signal.throwIfAborted();
    if (image === null) throw new BuildFailure('The builder ended without an image.', step);
    return image;
  } catch (error) {
    context.destroy();
    if (mine !== null) await removeUnfinished(docker, mine);
    throw broken ?? (signal.aborted ? signal.reason : asBuildFailure(error));
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** A full disk and the like have words of their own; all else is about the Dockerfile. */
function buildProblem(detail: string, step: number | null): AppError {
  const problem = dockerProblem(new Error(detail));
  return problem.code === 'DOCKER_ERROR' ? new BuildFailure(detail, step) : problem;
}

/** What the engine refuses at once, such as a Dockerfile that does not parse, is the builder's failure too. */
function asBuildFailure(error: unknown): unknown {
  const { statusCode } = error as { readonly statusCode?: number };
  return statusCode === undefined ? error : buildProblem(sentenceOf(error), null);
}

/** Pushes; answers the digest that the registry gave. */
export async function pushImage(
  docker: Docker,
  reference: string,
  {
    credentials,
    signal,
    onProgress,
  }: {
    readonly credentials?: Credentials | undefined;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: PullProgress) => void;
  },
): Promise<string> {
  // An engine wants the header also where there is nothing to say in it.
  const { authconfig = {} } = authOf(credentials);
  const stream = (await docker.getImage(reference).push({ authconfig, abortSignal: signal })) as unknown as Readable;
  const progress = createPullProgress(reference, () => performance.now());
  let told = 0;
  let digest: string | null = null;
  for await (const event of jsonLines(stream, signal)) {
    const { error, aux } = event as PullEvent & { readonly aux?: { readonly Digest?: string } };
    if (error !== undefined) {
      const problem = dockerProblem(new Error(error), { image: reference });
      throw problem.code === 'DOCKER_ERROR' ? new AppError('IMAGE_PUSH_FAILED', { image: reference, detail: error }) : problem;
    }
    digest = aux?.Digest ?? digest;
    progress.take(event as PullEvent);
    if (performance.now() - told < progressEveryMs) continue;
    told = performance.now();
    onProgress(progress.current());
  }
  signal.throwIfAborted();
  onProgress(progress.current());
  if (digest === null) throw new AppError('IMAGE_PUSH_FAILED', { image: reference, detail: 'The registry told no digest.' });
  return digest;
}

/** The image as a `docker save` archive; its reader closes it. */
export async function saveImage(docker: Docker, reference: string, signal: AbortSignal): Promise<Readable> {
  const stream = (await docker.getImage(reference).get()) as Readable;
  signal.addEventListener('abort', () => stream.destroy(signal.reason as Error), { once: true });
  return stream;
}

const maxFileBytes = 16e6;

/** Reads a file of an image: the engine gives files only of containers, so one is made for it, and never started. */
export async function readImageFile(
  docker: Docker,
  reference: string,
  path: string,
  { labels, signal }: { readonly labels: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<string> {
  const container = await docker.createContainer({ Image: reference, Labels: { ...labels }, abortSignal: signal });
  try {
    const archive = (await container.getArchive({ path, abortSignal: signal })) as unknown as Readable;
    const entries = archive.pipe(extract());
    archive.once('error', (error) => entries.destroy(error));
    for await (const entry of entries) {
      if (entry.header.type !== 'file' || (entry.header.size ?? 0) > maxFileBytes) break;
      return await text(entry);
    }
    throw new AppError('DOCKER_ERROR', { detail: `${path} is no file of at most 16 MB.` });
  } finally {
    await container.remove({ force: true, v: true });
  }
}
