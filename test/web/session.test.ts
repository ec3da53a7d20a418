import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createSessions, type TokenStore } from '../../src/main/web/session.ts';
import { tokenFile } from '../../src/main/web/tokenFile.ts';

function sessionsAt(startMs = 0, store?: TokenStore) {
  let nowMs = startMs;
  const times = { codeMs: 1_000, ticketMs: 100, tokenMs: 10_000 };
  const sessions = createSessions({ nowMs: () => nowMs, times, ...(store === undefined ? {} : { store }) });
  return { sessions, later: (ms: number) => (nowMs += ms) };
}

describe('codes, tokens and tickets', () => {
  test('a code is worth one token, of 32 bytes', () => {
    const { sessions } = sessionsAt();
    const code = sessions.mintCode();
    const token = sessions.exchange(code) ?? '';
    expect([Buffer.from(token, 'base64url').length, sessions.isToken(token), sessions.exchange(code)]).toEqual([32, true, undefined]);
  });

  test('a code is worth nothing after its time', () => {
    const { sessions, later } = sessionsAt();
    const code = sessions.mintCode();
    later(1_000);
    expect(sessions.exchange(code)).toBeUndefined();
  });

  test('each link has a code of its own, and one spent leaves the other', () => {
    const { sessions } = sessionsAt();
    const [a, b] = [sessions.mintCode(), sessions.mintCode()];
    sessions.exchange(a);
    expect([a === b, sessions.isToken(sessions.exchange(b))]).toEqual([false, true]);
  });

  test('codes, tickets, hashes and almost-tokens are no tokens', () => {
    const { sessions } = sessionsAt();
    const token = sessions.exchange(sessions.mintCode()) ?? '';
    const forged = [undefined, '', 'x', token.slice(0, -1), `${token}A`, token.toLowerCase(), sessions.mintCode(), sessions.mintTicket()];
    expect(forged.map((one) => sessions.isToken(one))).toEqual(forged.map(() => false));
  });

  test('a token is worth nothing after its time', () => {
    const { sessions, later } = sessionsAt();
    const token = sessions.exchange(sessions.mintCode());
    later(10_000);
    expect(sessions.isToken(token)).toBe(false);
  });

  test('a token outlives its process, and its file does not hold it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-test-tokens-'));
    await using undo = new AsyncDisposableStack();
    undo.defer(() => rm(folder, { recursive: true }));
    const path = join(folder, 'tokens.json');
    const before = sessionsAt(0, tokenFile(path)).sessions;
    const code = before.mintCode();
    const token = before.exchange(code) ?? '';
    const after = sessionsAt(0, tokenFile(path));
    const text = await readFile(path, 'utf8');
    const known = [after.sessions.isToken(token), after.sessions.isToken(code)];
    after.later(10_000);
    expect([known, after.sessions.isToken(token), text.includes(token), (await stat(path)).mode & 0o777]).toEqual([
      [true, false],
      false,
      false,
      0o600,
    ]);
  });

  test.each(['', '{', '{"a":1}', '[{"hash":"short","expiresAtMs":1}]'])('a damaged file %j counts as no tokens', async (text) => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-test-tokens-'));
    await using undo = new AsyncDisposableStack();
    undo.defer(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'tokens.json'), text);
    expect(tokenFile(join(folder, 'tokens.json')).read()).toEqual([]);
  });

  test('a ticket is spent once, and only within its time', () => {
    const { sessions, later } = sessionsAt();
    const [used, late] = [sessions.mintTicket(), sessions.mintTicket()];
    const outcome = [sessions.spendTicket(used), sessions.spendTicket(used)];
    later(100);
    expect([...outcome, sessions.spendTicket(late), sessions.spendTicket('')]).toEqual([true, false, false, false]);
  });

  test('asking for links without end keeps a bounded number of them', () => {
    const { sessions } = sessionsAt();
    const first = sessions.mintCode();
    for (let i = 0; i < 1_000; i++) sessions.mintCode();
    const last = sessions.mintCode();
    expect([sessions.exchange(first) !== undefined, sessions.exchange(last) !== undefined]).toEqual([false, true]);
  });
});
