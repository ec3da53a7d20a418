import type { Figures, PullProgress } from '../../shared/contract/serving.ts';

/** Only containers with this label are ever changed or removed; its value is the owner's id (one per data folder). */
export const ownerLabel = 'dev.slipway.owner';
/** `foreground` or `kept`. */
export const lifeLabel = 'dev.slipway.life';
/** The whole ServingPlan as JSON. */
export const planLabel = 'dev.slipway.plan';

interface Cancellable {
  readonly signal: AbortSignal;
}

export interface EngineFacts {
  readonly version: string;
  /** `Docker Desktop`, `Colima`, `Podman`, `Docker` … */
  readonly product: string;
  /** `linux/amd64`, `linux/arm64`. */
  readonly platform: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly rootless: boolean;
}

export interface ImageFacts {
  readonly id: string;
  /** `sha256:…` of the repository, where the image came from a registry. */
  readonly digest: string | null;
  readonly platform: string;
  readonly sizeBytes: number;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Always read-only binds, made through the Mounts API. */
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
  /** Container port -> port of 127.0.0.1. */
  readonly ports: Readonly<Record<number, number>>;
  readonly user: string;
  readonly memoryBytes: number;
  readonly pidsLimit: number;
  readonly log: { readonly maxSizeMb: number; readonly maxFiles: number };
}

export interface ContainerFacts {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  readonly error: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Container port -> port of this machine. */
  readonly ports: Readonly<Record<number, number>>;
  readonly restartCount: number;
}

export interface ContainerEvent {
  readonly action: 'start' | 'die' | 'stop' | 'kill' | 'destroy' | 'oom' | 'pause' | 'unpause' | 'rename' | 'other';
  readonly containerId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly exitCode: number | null;
  readonly time: string;
}

/** One line of a container's output as the engine tells it, in order. */
export interface RawLogLine {
  /** RFC 3339 with nanoseconds, the engine's own. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** The user's name where the password is an identity token: Docker's convention between client and credential helper. */
export const tokenUser = '<token>';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly serverAddress: string;
}

/**
 * What Slipway needs from a container engine, and nothing more. Every failure is an AppError (see problems.ts).
 */
export interface DockerEngine {
  readonly endpoint: string;
  facts(options: Cancellable): Promise<EngineFacts>;
  /** null where the image is not on the engine. */
  inspectImage(reference: string, options: Cancellable): Promise<ImageFacts | null>;
  /** The platforms that a registry has an image for, before anything is pulled; null where it does not say. */
  fetchPlatforms(
    reference: string,
    options: Cancellable & { readonly credentials?: Credentials | undefined },
  ): Promise<readonly string[] | null>;
  /** Pulls; what has arrived stays when aborted. Progress is sent at most some times a second. */
  pull(
    reference: string,
    options: Cancellable & { readonly credentials?: Credentials | undefined; readonly onProgress: (progress: PullProgress) => void },
  ): Promise<void>;
  tagImage(reference: string, asReference: string, options: Cancellable): Promise<void>;
  /** Loads a `docker save` archive; answers the references in it. */
  loadImage(
    file: string,
    options: Cancellable & { readonly onProgress: (sentBytes: number, totalBytes: number) => void },
  ): Promise<readonly string[]>;
  /** Containers that carry the label, running or not. */
  list(label: string, options: Cancellable): Promise<readonly ContainerFacts[]>;
  /** Any container of this engine that publishes this port: to name a port's owner. */
  publisherOf(port: number, options: Cancellable): Promise<string | null>;
  create(spec: ContainerSpec, options: Cancellable): Promise<string>;
  start(id: string, options: Cancellable): Promise<void>;
  /** TERM, then KILL after the grace. Done when it has ended; also where it had ended or is gone. */
  stop(id: string, options: { readonly graceSeconds: number }): Promise<void>;
  remove(id: string): Promise<void>;
  /** null where the container is gone. */
  inspect(id: string, options: Cancellable): Promise<ContainerFacts | null>;
  setRestartPolicy(id: string, policy: { readonly name: 'no' } | { readonly name: 'on-failure'; readonly retries: number }): Promise<void>;
  /** Ends when the container ends (follow) or the tail has been told. */
  logs(id: string, options: Cancellable & { readonly follow: boolean; readonly tail: number }): AsyncIterable<RawLogLine>;
  figures(id: string, options: Cancellable): AsyncIterable<Figures>;
  /** From a moment on, also what was before this call; ends when the connection does. */
  events(options: Cancellable & { readonly since: Date }): AsyncIterable<ContainerEvent>;
}
