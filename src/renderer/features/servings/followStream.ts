export interface FollowOptions<T> {
  readonly open: (signal: AbortSignal) => Promise<AsyncIterable<T>>;
  /** Called before the first item of each opening: a stream begins anew, and so does what is made of it. */
  readonly onOpen?: () => void;
  readonly onItem: (item: T) => void;
  /** Called when the stream came to its own end; with `reopenAtEnd` it is opened again instead. */
  readonly onEnd?: () => void;
  readonly reopenAtEnd?: boolean;
  readonly signal: AbortSignal;
}

/** How long a stream that broke is left alone. A lost connection is told by the frame, so nothing is said here. */
const reopenAfterMs = 2_000;

/** Reads a stream until `signal` aborts, and opens it again when it breaks. Never rejects. */
export async function followStream<T>({ open, onOpen, onItem, onEnd, reopenAtEnd = false, signal }: FollowOptions<T>): Promise<void> {
  while (!signal.aborted) {
    const ended = await readOnce(open, onOpen, onItem, signal);
    if (signal.aborted) return;
    if (ended && !reopenAtEnd) {
      onEnd?.();
      return;
    }
    await pause(reopenAfterMs, signal);
  }
}

async function readOnce<T>(
  open: FollowOptions<T>['open'],
  onOpen: FollowOptions<T>['onOpen'],
  onItem: FollowOptions<T>['onItem'],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const stream = await open(signal);
    onOpen?.();
    for await (const item of stream) {
      if (signal.aborted) return false;
      onItem(item);
    }
    return true;
  } catch {
    // A broken stream and an aborted one look alike here; the loop asks the signal which it was.
    return false;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
