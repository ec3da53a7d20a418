import type { PullProgress } from '../../shared/contract/serving.ts';

/** One line of the engine's stream of a pull or a push. */
export interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

type Layer = PullProgress['layers'][number];

/** Seconds over which the speed is averaged. */
const windowSeconds = 5;

/** Sums up the stream of a pull, or of a push, whose layers are sent instead. `now` is in milliseconds. */
export function createPullProgress(
  image: string,
  now: () => number,
): { readonly take: (event: PullEvent) => void; readonly current: () => PullProgress } {
  const layers = new Map<string, Layer>();
  const samples: { readonly at: number; readonly bytes: number }[] = [];
  const totals = (): { currentBytes: number; totalBytes: number } => {
    let [currentBytes, totalBytes] = [0, 0];
    for (const layer of layers.values()) {
      currentBytes += layer.currentBytes;
      totalBytes += layer.totalBytes;
    }
    return { currentBytes, totalBytes };
  };

  function take({ id, status = '', progressDetail = {} }: PullEvent): void {
    if (id === undefined || !/^[0-9a-f]{12}$/.test(id)) return;
    const before = layers.get(id) ?? { id, state: 'waiting' as const, currentBytes: 0, totalBytes: 0 };
    const { current, total } = progressDetail;
    if (status === 'Downloading' || status === 'Pushing')
      layers.set(id, {
        ...before,
        state: 'downloading',
        currentBytes: current ?? before.currentBytes,
        totalBytes: total ?? before.totalBytes,
      });
    else if (status === 'Download complete' || status === 'Verifying Checksum')
      layers.set(id, { ...before, currentBytes: Math.max(before.currentBytes, before.totalBytes) });
    else if (status === 'Extracting') layers.set(id, { ...before, state: 'extracting', currentBytes: before.totalBytes });
    else if (status === 'Pull complete' || status === 'Pushed')
      layers.set(id, { ...before, state: 'done', currentBytes: before.totalBytes });
    else if (status === 'Already exists' || status === 'Layer already exists' || status.startsWith('Mounted from'))
      layers.set(id, { ...before, state: 'exists' });
    else layers.set(id, before);
    const at = now();
    samples.push({ at, bytes: totals().currentBytes });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > windowSeconds * 1000) samples.shift();
  }

  return {
    take,
    current() {
      const { currentBytes, totalBytes } = totals();
      const [first, last] = [samples[0], samples.at(-1)];
      const seconds = first === undefined || last === undefined ? 0 : (last.at - first.at) / 1000;
      const bytesPerSecond =
        seconds > 0.2 && first !== undefined && last !== undefined ? Math.max(0, (last.bytes - first.bytes) / seconds) : 0;
      const left = totalBytes - currentBytes;
      return {
        image,
        layers: [...layers.values()],
        currentBytes,
        totalBytes,
        bytesPerSecond,
        secondsLeft: bytesPerSecond > 0 ? Math.ceil(left / bytesPerSecond) : null,
      };
    },
  };
}
