import { AppError } from '../../shared/contract/errors.ts';
import type { PullProgress } from '../../shared/contract/serving.ts';
import type { Credentials, DockerEngine, ImageFacts } from './dockerEngine.ts';
import { splitReference } from './dockerodeEngine.ts';

/** `linux/amd64` of both; a variant such as v8 does not part them. IMAGE_WRONG_ARCHITECTURE. */
function checkPlatform(image: string, platforms: readonly string[], enginePlatform: string): void {
  const arch = (platform: string): string => platform.split('/')[1] ?? platform;
  if (!platforms.some((platform) => arch(platform) === arch(enginePlatform)))
    throw new AppError('IMAGE_WRONG_ARCHITECTURE', { image, image_arch: platforms.join(', '), engine_arch: enginePlatform });
}

/**
 * Makes sure that an image is on the engine and runs there. With a mirror it is pulled as MIRROR/REFERENCE and tagged locally
 * as the reference. Answers its facts; `onProgress` is called only where something is pulled.
 */
export async function ensureImage(
  engine: DockerEngine,
  {
    reference,
    mirror,
    enginePlatform,
    credentials,
    onProgress,
    always = false,
    signal,
  }: {
    readonly reference: string;
    readonly mirror: string;
    readonly enginePlatform: string;
    readonly credentials: (reference: string) => Promise<Credentials | undefined>;
    readonly onProgress: (progress: PullProgress) => void;
    /** Pulls also where the image is there: a newer one may lie behind its tag. */
    readonly always?: boolean;
    readonly signal: AbortSignal;
  },
): Promise<ImageFacts> {
  const here = always ? null : await engine.inspectImage(reference, { signal });
  if (here !== null) {
    checkPlatform(reference, [here.platform], enginePlatform);
    return here;
  }
  const full = reference.includes('@') || /:[\w.-]+$/.test(reference.split('/').at(-1) ?? '') ? reference : `${reference}:latest`;
  const source = mirror === '' ? full : `${mirror.replace(/\/$/, '')}/${full}`;
  const login = await credentials(source);
  // Before the bytes: an image for another processor can be hundreds of megabytes.
  const platforms = await engine.fetchPlatforms(source, { signal, credentials: login });
  if (platforms !== null) checkPlatform(reference, platforms, enginePlatform);
  await engine.pull(source, { signal, credentials: login, onProgress });
  if (source !== full) await engine.tagImage(source, full, { signal });
  const pulled = await engine.inspectImage(full, { signal });
  if (pulled === null) throw new AppError('IMAGE_NOT_FOUND', { image: splitReference(full).name });
  checkPlatform(reference, [pulled.platform], enginePlatform);
  return pulled;
}
