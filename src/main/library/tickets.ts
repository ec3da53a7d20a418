import { randomBytes } from 'node:crypto';
import { AppError } from '../../shared/contract/errors.ts';

const lifeMs = 30 * 60_000;

/** What a ticket stands for. Paths never leave this process; a window holds the ticket. */
export interface Dropped {
  readonly path: string;
  /** linked: the person's own folder. managed: ours, moved into the store when it is added and deleted when it is discarded. */
  readonly source: 'linked' | 'managed';
  /** The folder that goes away with a managed one; its own parent in the staging place. */
  readonly staged: string | null;
}

/** One-use tickets for dropped and chosen folders; each ends after half an hour without use. */
export interface Tickets {
  mint(dropped: Dropped): string;
  /** Throws TICKET_EXPIRED; the ticket lives on. */
  look(ticket: string): Dropped;
  /** As look, and the ticket is spent. */
  spend(ticket: string): Dropped;
}

export function createTickets(nowMs: () => number): Tickets {
  const known = new Map<string, { readonly dropped: Dropped; usedMs: number }>();
  function look(ticket: string): Dropped {
    const entry = known.get(ticket);
    if (entry === undefined || nowMs() - entry.usedMs > lifeMs) {
      known.delete(ticket);
      throw new AppError('TICKET_EXPIRED');
    }
    entry.usedMs = nowMs();
    return entry.dropped;
  }
  return {
    mint(dropped) {
      for (const [ticket, { usedMs }] of known) if (nowMs() - usedMs > lifeMs) known.delete(ticket);
      const ticket = randomBytes(24).toString('base64url');
      known.set(ticket, { dropped, usedMs: nowMs() });
      return ticket;
    },
    look,
    spend(ticket) {
      const dropped = look(ticket);
      known.delete(ticket);
      return dropped;
    },
  };
}
