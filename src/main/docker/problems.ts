import { AppError, type ErrorData } from '../../shared/contract/errors.ts';

interface EngineFailure {
  readonly statusCode?: number;
  readonly code?: string;
  readonly message?: string;
  readonly json?: { readonly message?: string } | null;
}

/** What the daemon itself says, without the client's prefix. */
export function sentenceOf(cause: unknown): string {
  const { json, message } = cause as EngineFailure;
  return (json?.message ?? message ?? String(cause)).replace(/^\(HTTP code \d+\) [^-]* - /, '').trim();
}

const portIn = (sentence: string): number => Number(/(?:0\.0\.0\.0|127\.0\.0\.1|\[::\]):(\d+)/.exec(sentence)?.[1] ?? 0);

/**
 * Says what the person can do about a failure of the engine. `cause` stays in this process. `data` fills what only the caller
 * knows: `endpoint`, `image`, `path`, `looked`.
 */
export function dockerProblem(cause: unknown, data: ErrorData = {}): AppError {
  if (cause instanceof AppError) return cause;
  const { code, statusCode } = cause as EngineFailure;
  const sentence = sentenceOf(cause);
  const told = (name: ConstructorParameters<typeof AppError>[0], more: ErrorData = {}): AppError =>
    new AppError(name, { ...data, ...more }, { cause });
  if (code === 'EACCES' || code === 'EPERM') return told('DOCKER_FORBIDDEN');
  if (
    code === 'ENOENT' ||
    code === 'ECONNREFUSED' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    code === 'ENOTSOCK' ||
    /socket hang up/i.test(sentence)
  ) {
    return told('DOCKER_NOT_RUNNING', { looked: data['endpoint'] ?? '' });
  }
  if (/port is already allocated|address already in use|Ports are not available/i.test(sentence))
    return told('PORT_TAKEN', { port: portIn(sentence), owner: 'another program', free: 0 });
  if (/bind source path does not exist/i.test(sentence))
    return told('MOUNT_MISSING', { path: /does not exist: (.+)$/.exec(sentence)?.[1] ?? data['path'] ?? '' });
  if (/Mounts denied|is not shared from the host/i.test(sentence)) return told('MOUNT_DENIED', { path: data['path'] ?? '' });
  if (/toomanyrequests|pull rate limit/i.test(sentence)) return told('IMAGE_RATE_LIMITED');
  if (/no space left on device/i.test(sentence)) return told('DISK_FULL');
  if (/no matching manifest for (\S+)/i.test(sentence)) {
    return told('IMAGE_WRONG_ARCHITECTURE', { image_arch: 'other machines', engine_arch: /manifest for (\S+)/i.exec(sentence)?.[1] ?? '' });
  }
  if (data['image'] !== undefined) {
    if (/unauthorized|authentication required|denied: |no basic auth/i.test(sentence)) return told('IMAGE_AUTH');
    if (statusCode === 404 || /manifest unknown|not found|repository does not exist|No such image/i.test(sentence))
      return told('IMAGE_NOT_FOUND');
  }
  return told('DOCKER_ERROR', { detail: sentence });
}
