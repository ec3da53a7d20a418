/** Loopback ports where a place listens. */
export interface PlacePorts {
  readonly restPort: number;
  readonly grpcPort: number;
}

/** The time in which requests go to one place. What began in it ends there, also when the turn is over. */
export interface Turn {
  readonly ports: PlacePorts;
  readonly isOver: boolean;
  /** Requests that were begun and are not answered, and connections that may still bring one. */
  readonly underWay: number;
  begin(): void;
  end(): void;
  /** Called once, when the turn is over; answers the way to be no longer told. */
  onOver(listener: () => void): () => void;
}

/** Lets requests to the place that is in turn, or lets them wait while there is none. */
export interface Turnstile {
  /** Null while requests are held. */
  readonly turn: Turn | null;
  readonly isHeld: boolean;
  readonly ports: PlacePorts;
  /** Under way in the present turn, and in those that are over. */
  readonly underWay: { readonly now: number; readonly before: number };
  hold(): void;
  point(ports: PlacePorts): void;
  release(): void;
  /** Called once, when there is a turn again; answers the way to be no longer told. */
  onTurn(listener: () => void): () => void;
  /** Settles when nothing is under way in turns that are over. */
  drained(options: { readonly signal: AbortSignal }): Promise<void>;
}

/** Calls each listener that is there now once. */
function tellOnce(listeners: Set<() => void>): void {
  const told = [...listeners];
  listeners.clear();
  for (const listener of told) listener();
}

const telling = (listeners: Set<() => void>) => (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export function createTurnstile(first: PlacePorts): Turnstile {
  let ports = first;
  const waiting = new Set<() => void>();
  const before = new Set<Turn>();
  let emptied = Promise.withResolvers<void>();

  function open(): { readonly turn: Turn; readonly close: () => void } {
    const listeners = new Set<() => void>();
    let [underWay, isOver] = [0, false];
    const turn: Turn = {
      ports,
      get isOver() {
        return isOver;
      },
      get underWay() {
        return underWay;
      },
      begin: () => void (underWay += 1),
      end() {
        underWay -= 1;
        if (underWay > 0 || !isOver) return;
        before.delete(turn);
        if (before.size > 0) return;
        emptied.resolve();
        emptied = Promise.withResolvers();
      },
      onOver: telling(listeners),
    };
    return {
      turn,
      close() {
        isOver = true;
        tellOnce(listeners);
        if (underWay > 0) before.add(turn);
      },
    };
  }

  let present: ReturnType<typeof open> | null = open();
  const close = (): void => {
    const last = present;
    present = null;
    last?.close();
  };
  const begin = (): void => {
    present = open();
    tellOnce(waiting);
  };
  return {
    get turn() {
      return present?.turn ?? null;
    },
    get isHeld() {
      return present === null;
    },
    get ports() {
      return ports;
    },
    get underWay() {
      return { now: present?.turn.underWay ?? 0, before: [...before].reduce((sum, turn) => sum + turn.underWay, 0) };
    },
    hold: close,
    point(next) {
      ports = next;
      if (present === null) return;
      close();
      begin();
    },
    release() {
      if (present === null) begin();
    },
    onTurn: telling(waiting),
    async drained({ signal }) {
      const aborted = Promise.withResolvers<never>();
      // Nobody else waits for it.
      aborted.promise.catch(() => undefined);
      const abort = (): void => aborted.reject(signal.reason);
      signal.throwIfAborted();
      signal.addEventListener('abort', abort, { once: true });
      try {
        while (before.size > 0) await Promise.race([emptied.promise, aborted.promise]);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  };
}
