import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTickets } from '../../src/main/library/tickets.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-tickets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Tickets over a clock of the test's, and one for a staged folder. */
function made() {
  const clock = { ms: 0 };
  const tickets = createTickets({ nowMs: () => clock.ms, remove: (path) => rm(path, { recursive: true }) });
  const staged = join(folder, 'staged');
  mkdirSync(join(staged, 'model'), { recursive: true });
  const dropped = { path: join(staged, 'model'), source: 'managed', staged } as const;
  return { clock, tickets, staged, dropped, ticket: tickets.mint(dropped) };
}
const minutes = (count: number): number => count * 60_000;

test('a ticket that nobody uses for half an hour ends, and what was staged for it goes', async () => {
  await using stack = new AsyncDisposableStack();
  const { clock, tickets, staged, ticket } = made();
  stack.use(tickets);
  clock.ms = minutes(29);
  tickets.look(ticket);
  clock.ms = minutes(58);
  await tickets.sweep();
  expect(existsSync(staged)).toBe(true);
  clock.ms = minutes(60);
  await tickets.sweep();
  expect(existsSync(staged)).toBe(false);
  expect(() => tickets.look(ticket)).toThrow(expect.objectContaining({ code: 'TICKET_EXPIRED' }));
});

test('a ticket whose sheet is open does not end', async () => {
  await using stack = new AsyncDisposableStack();
  const { clock, tickets, staged, ticket } = made();
  stack.use(tickets);
  const held = tickets.hold(ticket);
  clock.ms = minutes(300);
  await tickets.sweep();
  expect([existsSync(staged), tickets.look(ticket).staged]).toEqual([true, staged]);
  held[Symbol.dispose]();
  clock.ms = minutes(331);
  await tickets.sweep();
  expect(existsSync(staged)).toBe(false);
});

test('what two tickets stand for goes with the last of them', async () => {
  await using stack = new AsyncDisposableStack();
  const { tickets, staged, dropped, ticket } = made();
  stack.use(tickets);
  const other = tickets.mint(dropped);
  await tickets.discard(ticket);
  expect(existsSync(staged)).toBe(true);
  await tickets.discard(other);
  expect(existsSync(staged)).toBe(false);
});

test('what a spent ticket stood for is its taker’s', async () => {
  const { tickets, staged, ticket } = made();
  tickets.spend(ticket);
  await tickets[Symbol.asyncDispose]();
  expect(existsSync(staged)).toBe(true);
});
