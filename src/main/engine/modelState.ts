import { resolve, sep } from 'node:path';
import type { Dtype } from '../../shared/tensor/dtype.ts';
import type { Checkpoint } from './checkpoint.ts';
import { StatusError } from '../tfserving/status.ts';
import { Variable } from './value.ts';

/** What the ops of one loaded model share and keep between runs: TensorFlow's resource manager. */
export class ModelState {
  readonly #resources = new Map<string, object>();
  readonly checkpoint: Checkpoint;

  readonly #versionPath: string;

  constructor(versionPath: string, checkpoint: Checkpoint) {
    this.#versionPath = versionPath;
    this.checkpoint = checkpoint;
  }

  /** The resource of a name, made at its first use. Resources of different kinds have names of their own. */
  resource<T extends object>(kind: string, container: string, name: string, make: () => T): T {
    const key = `${kind}\0${container}\0${name}`;
    const known = this.#resources.get(key);
    if (known !== undefined) return known as T;
    const made = make();
    this.#resources.set(key, made);
    return made;
  }

  variable(container: string, name: string, dtype: Dtype): Variable {
    return this.resource('variable', container, name, () => new Variable(name, dtype));
  }

  /** A file that an op may read: only what lies within the version's folder. */
  assetPath(path: string): string {
    const full = resolve(path);
    if (!full.startsWith(resolve(this.#versionPath) + sep))
      throw new StatusError('PERMISSION_DENIED', `${path} lies outside of the model's folder`);
    return full;
  }
}
