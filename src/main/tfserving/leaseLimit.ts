import type { Lease, ModelManager, WantedVersion } from './modelManager.ts';
import { StatusError } from './status.ts';

/**
 * Versions for requests, at most so many at a time over REST and gRPC together. A request counts until the engine is done with it, also
 * where its client has given up: what the engine holds stays bounded.
 */
export class LeaseLimit<M extends AsyncDisposable> {
  readonly #manager: ModelManager<M>;
  readonly #max: number;
  #count = 0;

  constructor(manager: ModelManager<M>, max: number) {
    this.#manager = manager;
    this.#max = max;
  }

  /** Throws StatusError: UNAVAILABLE where there are too many, else what the manager says. */
  lease(wanted: WantedVersion): Lease<M> {
    if (this.#count >= this.#max)
      throw new StatusError(
        'UNAVAILABLE',
        `The server works on ${this.#max} requests, and takes no more (--max_requests); try again later`,
      );
    const lease = this.#manager.lease(wanted);
    this.#count += 1;
    let isOpen = true;
    return {
      version: lease.version,
      model: lease.model,
      release: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#count -= 1;
        lease.release();
      },
    };
  }
}
