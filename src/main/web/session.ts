import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * The rights of browser pages. A *code* travels in a link's fragment, once and for a short time; a *token* stays in one page's
 * sessionStorage; a *ticket* opens one WebSocket. All are 32 random bytes as base64url; only their hashes are kept.
 */
export interface Sessions {
  /** A new code for a link. */
  mintCode(): string;
  /** The token for a code that is known, unused and not expired; the code is spent. */
  exchange(code: string): string | undefined;
  isToken(token: string | undefined): boolean;
  mintTicket(): string;
  /** True once for each ticket that has not expired. */
  spendTicket(ticket: string): boolean;
}

export interface SessionTimes {
  readonly codeMs: number;
  readonly ticketMs: number;
  readonly tokenMs: number;
}

/** What of a token outlives the process, so that an open page finds back after a restart: never the token itself. */
export interface KeptToken {
  /** SHA-256, base64url. */
  readonly hash: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export interface TokenStore {
  read(): readonly KeptToken[];
  write(tokens: readonly KeptToken[]): void;
}

export interface SessionsOptions {
  readonly nowMs: () => number;
  readonly times?: SessionTimes;
  readonly store?: TokenStore;
}

const usualTimes: SessionTimes = { codeMs: 10 * 60_000, ticketMs: 30_000, tokenMs: 7 * 24 * 3_600_000 };
const keptCodes = 64;
const keptTokens = 256;
const keptTickets = 256;

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

interface Kept {
  readonly hash: Buffer;
  readonly expiresAtMs: number;
}

/** Compares with every entry whatever it finds, so that time tells nothing of the position or the length of a match. */
function find(list: readonly Kept[], secret: string): Kept | undefined {
  const hash = hashOf(secret);
  let found: Kept | undefined;
  for (const entry of list) if (timingSafeEqual(entry.hash, hash)) found = entry;
  return found;
}

export function createSessions({ nowMs, times = usualTimes, store }: SessionsOptions): Sessions {
  let codes: readonly Kept[] = [];
  let tokens: readonly Kept[] = (store?.read() ?? []).map(({ hash, expiresAtMs }) => ({
    hash: Buffer.from(hash, 'base64url'),
    expiresAtMs,
  }));
  let tickets: readonly Kept[] = [];

  function mint(list: readonly Kept[], most: number, lifeMs: number): readonly [string, readonly Kept[]] {
    const secret = randomBytes(32).toString('base64url');
    const alive = list.filter((entry) => entry.expiresAtMs > nowMs());
    return [secret, [...alive.slice(Math.max(0, alive.length - most + 1)), { hash: hashOf(secret), expiresAtMs: nowMs() + lifeMs }]];
  }

  return {
    mintCode() {
      const [code, list] = mint(codes, keptCodes, times.codeMs);
      codes = list;
      return code;
    },
    exchange(code) {
      const entry = find(codes, code);
      codes = codes.filter((one) => one !== entry);
      if (entry === undefined || entry.expiresAtMs <= nowMs()) return undefined;
      const [token, list] = mint(tokens, keptTokens, times.tokenMs);
      tokens = list;
      store?.write(list.map(({ hash, expiresAtMs }) => ({ hash: hash.toString('base64url'), expiresAtMs })));
      return token;
    },
    isToken: (token) => token !== undefined && (find(tokens, token)?.expiresAtMs ?? 0) > nowMs(),
    mintTicket() {
      const [ticket, list] = mint(tickets, keptTickets, times.ticketMs);
      tickets = list;
      return ticket;
    },
    spendTicket(ticket) {
      const entry = find(tickets, ticket);
      tickets = tickets.filter((one) => one !== entry);
      return entry !== undefined && entry.expiresAtMs > nowMs();
    },
  };
}
