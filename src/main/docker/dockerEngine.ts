import type { Readable } from 'node:stream';
import { AppError } from '../../shared/contract/errors.ts';
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
  /** `REPOSITORY@sha256:…`, which names exactly this image; null as the digest. */
  readonly pinned: string | null;
  /** `NAME:TAG` by which it is known here. */
  readonly names: readonly string[];
  readonly platform: string;
  readonly sizeBytes: number;
  /** Digests of the layers' uncompressed content, the base's first. */
  readonly layers: readonly string[];
  /** Who runs in it where nobody says otherwise; empty: root. */
  readonly user: string;
}

/** An image as the engine lists it. */
export interface ListedImage {
  readonly id: string;
  /** `NAME:TAG`. */
  readonly names: readonly string[];
  /** `REPOSITORY@sha256:…` of each repository that it came from or was pushed to. */
  readonly pinned: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
  /** When it was built, ISO 8601. */
  readonly createdAt: string;
}

/** What a build tells: each instruction as it begins, and what it prints. */
export type BuildEvent =
  | { readonly kind: 'step'; readonly at: number; readonly of: number; readonly instruction: string }
  | { readonly kind: 'output'; readonly text: string };

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

/** What the builder says about a Dockerfile or the instruction that it was at, in its own words. */
export class BuildFailure extends AppError {
  /** The number of the instruction that failed, from 1; null where none was begun. */
  readonly step: number | null;

  constructor(detail: string, step: number | null) {
    super('BUILD_FAILED', { detail });
    this.step = step;
  }
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
  /** The images on the engine; those that carry the label, where one is given. */
  listImages(options: Cancellable & { readonly label?: string }): Promise<readonly ListedImage[]>;
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
  /**
   * Builds `Dockerfile` of a context, an uncompressed tar, and answers the image's id; it gets no name. A failure of the builder is a
   * BuildFailure, one of the context's own stream stays as it is. When aborted, a COPY that is under way is waited for, since the
   * engine ends none; whatever it was, nothing is left of the build.
   */
  build(
    context: Readable,
    options: Cancellable & { readonly noCache: boolean; readonly onEvent: (event: BuildEvent) => void },
  ): Promise<string>;
  /** Sends an image to the registry of its name; answers the digest there. */
  push(
    reference: string,
    options: Cancellable & { readonly credentials?: Credentials | undefined; readonly onProgress: (progress: PullProgress) => void },
  ): Promise<string>;
  /** The image as `docker save` writes it. */
  saveImage(reference: string, options: Cancellable): Promise<Readable>;
  /** A text file of an image, at most 16 MB, read from a container that never runs and is gone again; `labels` are that one's. */
  readImageFile(reference: string, path: string, options: Cancellable & { readonly labels: ContainerSpec['labels'] }): Promise<string>;
  /** Takes a name away, and the image with its last one; also where it is gone. */
  removeImage(reference: string): Promise<void>;
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
