import { randomBytes } from 'node:crypto';
import { AppError } from '../../shared/contract/errors.ts';

const lifeMs = 30 * 60_000;
const sweepMs = 60_000;

/** What a ticket stands for. Paths never leave this process; a window holds the ticket. */
export interface Dropped {
  readonly path: string;
  /** linked: the person's own folder. managed: ours, moved into the store when it is added and deleted when it is discarded. */
  readonly source: 'linked' | 'managed';
  /** The folder that goes away with a managed one; its own parent in the staging place. */
  readonly staged: string | null;
}

/** One-use tickets for dropped and chosen folders; each ends after half an hour without use. What was staged ends with its last ticket. */
export interface Tickets {
  mint(dropped: Dropped): string;
  /** Throws TICKET_EXPIRED; the ticket lives on. */
  look(ticket: string): Dropped;
  /** As look, and the ticket does not end by time until it is let go. */
  hold(ticket: string): Dropped & Disposable;
  /** As look, and the ticket is spent: what was staged belongs to the caller. */
  spend(ticket: string): Dropped;
  /** Spends a ticket that nobody wants: what was staged for it goes, unless another ticket stands for it too. */
  discard(ticket: string): Promise<void>;
  /** Ends what is past its time; done every minute. */
  sweep(): Promise<void>;
  /** Ends all: tickets do not outlive this process, and neither does what was staged. */
  [Symbol.asyncDispose](): Promise<void>;
}

interface Entry {
  readonly dropped: Dropped;
  usedMs: number;
  holds: number;
}

/** `remove` deletes a staged folder, and does not reject. */
export function createTickets({
  nowMs,
  remove,
}: {
  readonly nowMs: () => number;
  readonly remove: (folder: string) => Promise<void>;
}): Tickets {
  const known = new Map<string, Entry>();
  const isOver = ({ usedMs, holds }: Entry): boolean => holds === 0 && nowMs() - usedMs > lifeMs;

  function use(ticket: string): Entry {
    const entry = known.get(ticket);
    if (entry === undefined || isOver(entry)) throw new AppError('TICKET_EXPIRED');
    entry.usedMs = nowMs();
    return entry;
  }
  async function end(ticket: string): Promise<void> {
    const staged = known.get(ticket)?.dropped.staged ?? null;
    known.delete(ticket);
    if (staged !== null && ![...known.values()].some(({ dropped }) => dropped.staged === staged)) await remove(staged);
  }
  async function sweep(): Promise<void> {
    await Promise.all([...known].filter(([, entry]) => isOver(entry)).map(([ticket]) => end(ticket)));
  }
  const sweeping = setInterval(() => void sweep(), sweepMs);
  sweeping.unref();

  return {
    mint(dropped) {
      const ticket = randomBytes(24).toString('base64url');
      known.set(ticket, { dropped, usedMs: nowMs(), holds: 0 });
      return ticket;
    },
    look: (ticket) => use(ticket).dropped,
    hold(ticket) {
      const entry = use(ticket);
      entry.holds += 1;
      return {
        ...entry.dropped,
        [Symbol.dispose]() {
          entry.holds -= 1;
          entry.usedMs = nowMs();
        },
      };
    },
    spend(ticket) {
      const { dropped } = use(ticket);
      known.delete(ticket);
      return dropped;
    },
    async discard(ticket) {
      use(ticket);
      await end(ticket);
    },
    sweep,
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      await Promise.all([...known.keys()].map(end));
    },
  };
}
