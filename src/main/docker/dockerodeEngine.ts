import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform, type Readable } from 'node:stream';
import Docker from 'dockerode';
import { AppError, type ErrorData } from '../../shared/contract/errors.ts';
import type { ContainerEvent, ContainerFacts, ContainerSpec, DockerEngine, ImageFacts } from './dockerEngine.ts';
import { connectionOf } from './endpoint.ts';
import { authOf, jsonLines } from './engineStream.ts';
import { figuresOf, type EngineStats } from './figures.ts';
import { buildImage, pushImage, readImageFile, saveImage } from './imageWork.ts';
import { readLogLines } from './logFrames.ts';
import { dockerProblem } from './problems.ts';
import { createPullProgress, type PullEvent } from './pullProgress.ts';

const progressEveryMs = 200;
/** A registry that does not answer in this time is not waited for before a pull. */
const registryMs = 5_000;

const textIn = (info: Record<string, unknown>, key: string): string => {
  const value = info[key];
  return typeof value === 'string' ? value : '';
};

const isGone = (error: unknown): boolean => (error as { readonly statusCode?: number }).statusCode === 404;

function createOptions(spec: ContainerSpec): Docker.ContainerCreateOptions {
  const ports = Object.entries(spec.ports);
  return {
    name: spec.name,
    Image: spec.image,
    Cmd: [...spec.command],
    Env: Object.entries(spec.env).map(([key, value]) => `${key}=${value}`),
    Labels: { ...spec.labels },
    User: spec.user,
    ExposedPorts: Object.fromEntries(ports.map(([inside]) => [`${inside}/tcp`, {}])),
    HostConfig: {
      Mounts: spec.mounts.map(({ source, target }) => ({ Type: 'bind', Source: source, Target: target, ReadOnly: true })),
      PortBindings: Object.fromEntries(
        ports.map(([inside, outside]) => [`${inside}/tcp`, [{ HostIp: '127.0.0.1', HostPort: String(outside) }]]),
      ),
      Init: true,
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,nosuid,nodev' },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: spec.memoryBytes,
      PidsLimit: spec.pidsLimit,
      LogConfig: { Type: 'json-file', Config: { 'max-size': `${spec.log.maxSizeMb}m`, 'max-file': String(spec.log.maxFiles) } },
      RestartPolicy: { Name: 'no' },
    },
  };
}

function factsOf(info: Docker.ContainerInspectInfo): ContainerFacts {
  const moment = (text: string): string | null => (text.startsWith('0001-') ? null : text);
  const ports: Record<number, number> = {};
  for (const [inside, bindings] of Object.entries(info.HostConfig.PortBindings ?? {})) {
    const outside = Number((bindings as readonly { readonly HostPort?: string }[] | null)?.[0]?.HostPort ?? 0);
    if (outside > 0) ports[Number(inside.split('/')[0])] = outside;
  }
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ''),
    image: info.Config.Image,
    imageId: info.Image,
    state: info.State.Status as ContainerFacts['state'],
    exitCode: info.State.Running ? null : info.State.ExitCode,
    oomKilled: info.State.OOMKilled,
    error: info.State.Error === '' ? null : info.State.Error,
    startedAt: moment(info.State.StartedAt),
    finishedAt: moment(info.State.FinishedAt),
    labels: info.Config.Labels,
    ports,
    restartCount: info.RestartCount,
  };
}

interface EngineEvent {
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
  readonly timeNano?: number;
}

const actions = new Set<string>(['start', 'die', 'stop', 'kill', 'destroy', 'oom', 'pause', 'unpause', 'rename']);

function eventOf({ Action = '', Actor = {}, timeNano = 0 }: EngineEvent): ContainerEvent {
  const { exitCode, ...labels } = Actor.Attributes ?? {};
  return {
    action: (actions.has(Action) ? Action : 'other') as ContainerEvent['action'],
    containerId: Actor.ID ?? '',
    labels,
    exitCode: exitCode === undefined ? null : Number(exitCode),
    time: new Date(timeNano / 1e6).toISOString(),
  };
}

/** A DockerEngine over dockerode. `endpoint` is `unix://…`, `npipe://…` or `tcp://` of this machine. */
export function createDockerodeEngine(endpoint: string): DockerEngine {
  const docker = new Docker(connectionOf(endpoint));

  /** Runs a call; an abort stays an abort, all else becomes words. */
  async function call<T>(work: () => Promise<T>, data: ErrorData = {}, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw dockerProblem(error, { endpoint, ...data });
    }
  }

  /** A stream without an end of its own; one that the engine breaks off becomes words. */
  async function* follow(open: () => Promise<unknown>, signal: AbortSignal): AsyncGenerator<unknown> {
    const stream = (await call(open, {}, signal)) as Readable;
    try {
      yield* jsonLines(stream, signal);
    } catch (error) {
      throw dockerProblem(error, { endpoint });
    }
  }

  async function inspectImage(reference: string, signal: AbortSignal): Promise<ImageFacts | null> {
    return call(
      async () => {
        try {
          const info = await docker.getImage(reference).inspect();
          const [pinned = null] = info.RepoDigests ?? [];
          return {
            id: info.Id,
            digest: pinned?.split('@')[1] ?? null,
            pinned,
            names: info.RepoTags ?? [],
            platform: `${info.Os}/${info.Architecture}`,
            sizeBytes: info.Size,
            layers: info.RootFS.Layers ?? [],
            user: info.Config.User,
          };
        } catch (error) {
          if (isGone(error)) return null;
          throw error;
        }
      },
      {},
      signal,
    );
  }

  return {
    endpoint,
    facts: ({ signal }) =>
      call(
        async () => {
          const [info, version] = await Promise.all([docker.info() as Promise<Record<string, unknown>>, docker.version()]);
          const parts = (version as { readonly Components?: readonly { readonly Name: string }[] }).Components ?? [];
          const system = textIn(info, 'OperatingSystem');
          const product = parts.some(({ Name }) => /podman/i.test(Name))
            ? 'Podman'
            : /docker desktop/i.test(system)
              ? 'Docker Desktop'
              : /colima/i.test(textIn(info, 'Name'))
                ? 'Colima'
                : /orbstack/i.test(system)
                  ? 'OrbStack'
                  : /rancher/i.test(system)
                    ? 'Rancher Desktop'
                    : 'Docker';
          const options = (info['SecurityOptions'] ?? []) as readonly string[];
          return {
            version: version.Version,
            product,
            platform: `${version.Os}/${version.Arch}`,
            memoryBytes: Number(info['MemTotal'] ?? 0),
            cpus: Number(info['NCPU'] ?? 1),
            rootless: options.some((option) => option.includes('rootless')),
          };
        },
        {},
        signal,
      ),
    listImages: ({ label, signal }) =>
      call(
        async () => {
          const found = await docker.listImages({ abortSignal: signal, ...(label === undefined ? {} : { filters: { label: [label] } }) });
          return found.map(({ Id, RepoTags, RepoDigests, Labels, Size, Created }) => ({
            id: Id,
            // An image without a name is listed with one of this kind by some engines.
            names: (RepoTags ?? []).filter((name) => !name.startsWith('<none>')),
            pinned: (RepoDigests ?? []).filter((name) => !name.startsWith('<none>')),
            // Some engines say null.
            labels: (Labels as Readonly<Record<string, string>> | null) ?? {},
            sizeBytes: Size,
            createdAt: new Date(Created * 1_000).toISOString(),
          }));
        },
        {},
        signal,
      ),
    inspectImage: (reference, { signal }) => inspectImage(reference, signal),
    async fetchPlatforms(reference, { signal, credentials }) {
      try {
        const told = (await docker
          .getImage(reference)
          .distribution({ ...authOf(credentials), abortSignal: AbortSignal.any([signal, AbortSignal.timeout(registryMs)]) })) as {
          readonly Platforms?: readonly { readonly os: string; readonly architecture: string }[] | null;
        };
        // An index lists its attestations as unknown/unknown.
        const platforms = (told.Platforms ?? []).filter(({ architecture }) => architecture !== '' && architecture !== 'unknown');
        return platforms.length === 0 ? null : platforms.map(({ os, architecture }) => `${os}/${architecture}`);
      } catch {
        // Whatever hinders the question hinders the pull, which says it better; some engines and registries know only to pull.
        signal.throwIfAborted();
        return null;
      }
    },
    pull: (reference, { signal, credentials, onProgress }) =>
      call(
        async () => {
          const stream = (await docker.pull(reference, { ...authOf(credentials), abortSignal: signal })) as unknown as Readable;
          const progress = createPullProgress(reference, () => performance.now());
          let told = 0;
          let later: NodeJS.Timeout | undefined;
          const tell = (): void => {
            later = undefined;
            told = performance.now();
            onProgress(progress.current());
          };
          try {
            for await (const event of jsonLines(stream, signal)) {
              const { error } = event as PullEvent;
              if (error !== undefined) throw new Error(error);
              progress.take(event as PullEvent);
              // The last of a burst is told too: a registry that stalls after it says nothing for a long time.
              later ??= setTimeout(tell, Math.max(0, told + progressEveryMs - performance.now()));
            }
          } finally {
            clearTimeout(later);
          }
          signal.throwIfAborted();
          onProgress(progress.current());
        },
        { image: reference },
        signal,
      ).catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'DOCKER_ERROR')
          throw new AppError('IMAGE_PULL_FAILED', { image: reference, detail: error.data['detail'] ?? '' }, { cause: error });
        throw error;
      }),
    tagImage: (reference, asReference, { signal }) =>
      call(
        async () => {
          const { name, tag } = splitReference(asReference);
          await docker.getImage(reference).tag({ repo: name, tag, abortSignal: signal });
        },
        { image: reference },
        signal,
      ),
    loadImage: (file, { signal, onProgress }) =>
      call(
        async () => {
          const totalBytes = (await stat(file)).size;
          let sentBytes = 0;
          const counted = new Transform({
            transform(chunk: Buffer, _encoding, done) {
              sentBytes += chunk.length;
              onProgress(sentBytes, totalBytes);
              done(null, chunk);
            },
          });
          const source = createReadStream(file, { signal });
          source.once('error', (error) => counted.destroy(error));
          const stream = (await docker.loadImage(source.pipe(counted), { abortSignal: signal })) as unknown as Readable;
          const references: string[] = [];
          for await (const event of jsonLines(stream, signal)) {
            const { stream: text = '', error } = event as { readonly stream?: string; readonly error?: string };
            if (error !== undefined) throw new Error(error);
            const reference = /Loaded image(?: ID)?: (\S+)/.exec(text)?.[1];
            if (reference !== undefined) references.push(reference);
          }
          return references;
        },
        {},
        signal,
      ),
    build: (context, options) => call(() => buildImage(docker, context, options), {}, options.signal),
    push: (reference, options) => call(() => pushImage(docker, reference, options), { image: reference }, options.signal),
    saveImage: (reference, { signal }) => call(() => saveImage(docker, reference, signal), { image: reference }, signal),
    readImageFile: (reference, path, options) =>
      call(() => readImageFile(docker, reference, path, options), { image: reference }, options.signal),
    removeImage: (reference) =>
      call(async () => {
        try {
          await docker.getImage(reference).remove();
        } catch (error) {
          if (!isGone(error)) throw error;
        }
      }),
    list: (label, { signal }) =>
      call(
        async () => {
          const found = await docker.listContainers({ all: true, filters: { label: [label] }, abortSignal: signal });
          const facts = await Promise.all(
            found.map(({ Id }) =>
              docker
                .getContainer(Id)
                .inspect({ abortSignal: signal })
                .then(factsOf, (error: unknown) => {
                  if (isGone(error)) return null;
                  throw error;
                }),
            ),
          );
          return facts.filter((one) => one !== null);
        },
        {},
        signal,
      ),
    publisherOf: (port, { signal }) =>
      call(
        async () => {
          const found = await docker.listContainers({ filters: { publish: [String(port)] }, abortSignal: signal });
          return found[0]?.Names[0]?.replace(/^\//, '') ?? null;
        },
        {},
        signal,
      ),
    create: (spec, { signal }) =>
      call(
        async () => {
          // The engine creates also for a caller that has hung up: it is waited for, and what nobody wants is taken back.
          const container = await docker.createContainer(createOptions(spec));
          if (signal.aborted) await container.remove({ force: true });
          signal.throwIfAborted();
          return container.id;
        },
        { image: spec.image, path: spec.mounts[0]?.source ?? '' },
        signal,
      ),
    start: (id, { signal }) => call(async () => void (await docker.getContainer(id).start({ abortSignal: signal })), {}, signal),
    stop: (id, { graceSeconds }) =>
      call(async () => {
        try {
          await docker.getContainer(id).stop({ t: graceSeconds });
        } catch (error) {
          const { statusCode } = error as { readonly statusCode?: number };
          // 304: it had ended; 404: it is gone. Both are what was asked for.
          if (statusCode !== 304 && statusCode !== 404) throw error;
        }
      }),
    remove: (id) =>
      call(async () => {
        try {
          await docker.getContainer(id).remove({ force: true, v: true });
        } catch (error) {
          const { statusCode } = error as { readonly statusCode?: number };
          if (statusCode === 404) return;
          if (statusCode !== 409) throw error;
          // Its removal is under way already: done is when it is gone.
          await docker
            .getContainer(id)
            .wait({ condition: 'removed' })
            .catch((gone: unknown) => {
              if (!isGone(gone)) throw gone;
            });
        }
      }),
    inspect: (id, { signal }) =>
      call(
        async () => {
          try {
            return factsOf(await docker.getContainer(id).inspect({ abortSignal: signal }));
          } catch (error) {
            if (isGone(error)) return null;
            throw error;
          }
        },
        {},
        signal,
      ),
    setRestartPolicy: (id, policy) =>
      call(async () => {
        const RestartPolicy = policy.name === 'no' ? { Name: 'no' } : { Name: 'on-failure', MaximumRetryCount: policy.retries };
        await docker.getContainer(id).update({ RestartPolicy });
      }),
    async *logs(id, { signal, follow, tail }) {
      const container = docker.getContainer(id);
      const options = { stdout: true, stderr: true, timestamps: true, tail, abortSignal: signal };
      const answer = await call(
        () =>
          (follow ? container.logs({ ...options, follow: true }) : container.logs({ ...options, follow: false })) as Promise<
            Readable | Buffer
          >,
        {},
        signal,
      );
      if (Buffer.isBuffer(answer)) {
        yield* readLogLines(
          (async function* () {
            yield answer;
          })(),
        );
        return;
      }
      const close = (): void => void answer.destroy();
      signal.addEventListener('abort', close, { once: true });
      try {
        yield* readLogLines(answer as AsyncIterable<Buffer>);
      } catch (error) {
        if (!signal.aborted) throw dockerProblem(error, { endpoint });
      } finally {
        signal.removeEventListener('abort', close);
        answer.destroy();
      }
    },
    async *figures(id, { signal }) {
      for await (const sample of follow(() => docker.getContainer(id).stats({ stream: true }), signal)) {
        const figures = figuresOf(sample as EngineStats);
        if (figures !== null) yield figures;
      }
    },
    async *events({ signal, since }) {
      const open = () => docker.getEvents({ filters: { type: ['container'] }, since: since.getTime() / 1000, abortSignal: signal });
      for await (const event of follow(open, signal)) yield eventOf(event as EngineEvent);
    },
  };
}

/** `localhost:5000/a/b:1.2` -> its name and its tag; `latest` where it has none. A digest stays with the name. */
export function splitReference(reference: string): { readonly name: string; readonly tag: string } {
  const match = /^(.*?)(?::([\w.-]+))?$/.exec(reference);
  const [, name = reference, tag] = match ?? [];
  return tag === undefined || reference.includes('@') ? { name: reference, tag: 'latest' } : { name, tag };
}
