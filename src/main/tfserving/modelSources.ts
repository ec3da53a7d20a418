import type { ModelManager } from './modelManager.ts';
import type { ModelConfig } from './modelServerConfig.ts';
import type { WriteLog } from './modelServerLog.ts';
import { StatusError } from './status.ts';
import { aspiredVersions } from './versionSource.ts';

export interface SourceOptions {
  /** How often base paths are looked at; 0: once a configuration; negative: never. */
  readonly pollSeconds: number;
  /** New labels may stand for versions that are not there yet. */
  readonly allowUnavailableLabels: boolean;
}

/** What is to be served: the configuration, and what lies under its base paths. */
export class ModelSources<M extends AsyncDisposable> implements Disposable {
  readonly #manager: ModelManager<M>;
  readonly #log: WriteLog;
  readonly #options: SourceOptions;
  #models: readonly ModelConfig[] = [];
  #change: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #newer = new AbortController();

  constructor(manager: ModelManager<M>, log: WriteLog, options: SourceOptions) {
    this.#manager = manager;
    this.#log = log;
    this.#options = options;
  }

  /**
   * Serves these models and no others. Waits until those that are new answer; labels are given out after that. Throws StatusError,
   * also where a label's version is not available: then the models are served and the labels stay as they were. A newer configuration
   * ends the wait of an older one, which is refused as ABORTED.
   */
  configure(models: readonly ModelConfig[], { signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#newer.abort(new StatusError('ABORTED', 'A newer configuration was given'));
    this.#newer = new AbortController();
    const options = { signal: AbortSignal.any([signal, this.#newer.signal]) };
    const change = this.#change.then(() => this.#configure(models, options));
    this.#change = change.catch(() => undefined);
    return change;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #configure(models: readonly ModelConfig[], { signal }: { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    this.#log('I', 'Adding/updating models.');
    for (const { name } of models) this.#log('I', ` (Re-)adding model: ${name}`);
    const before = new Set(this.#models.map(({ name }) => name));
    const names = new Set(models.map(({ name }) => name));
    this.#models = models;
    for (const name of before) if (!names.has(name)) this.#manager.aspire(name, []);
    if (this.#options.pollSeconds >= 0) await this.#look();
    this.#plan();
    await this.#manager.untilAvailable(
      [...names].filter((name) => !before.has(name)),
      { signal },
    );
    await this.#label(models, signal);
    this.#log('I', 'Finished adding/updating models');
  }

  async #look(): Promise<void> {
    for (const model of this.#models) {
      const versions = await aspiredVersions(model, this.#log);
      // What is no longer configured was wished away while the folder was read.
      if (versions !== undefined && !this.#isOver && this.#models.includes(model)) this.#manager.aspire(model.name, versions);
    }
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#isOver || this.#options.pollSeconds <= 0) return;
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => this.#plan());
    }, this.#options.pollSeconds * 1000);
  }

  async #label(models: readonly ModelConfig[], signal: AbortSignal): Promise<void> {
    const { labels } = this.#manager;
    for (const { name, labels: wanted } of models) {
      for (const [label, version] of wanted) {
        await this.#manager.untilSettled(name, version, { signal });
        if (this.#manager.isAvailable(name, version)) continue;
        if (this.#options.allowUnavailableLabels && labels.get(name)?.has(label) !== true) continue;
        throw new StatusError(
          'FAILED_PRECONDITION',
          `Request to assign label to version ${version} of model ${name}, which is not currently available for inference`,
        );
      }
    }
    this.#manager.labels = new Map(models.map(({ name, labels: wanted }) => [name, wanted]));
  }
}
