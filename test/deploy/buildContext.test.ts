import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { afterAll, expect, test } from 'vitest';
import { buildContext, type ContextParts } from '../../src/main/deploy/buildContext.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-context-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same two files, as somebody else might have copied them. */
function makeVersion(name: string, mode: number, at: Date): ContextParts['versions'][number] {
  const files = { 'saved_model.pb': 'graph', [`assets/${'a'.repeat(120)}.txt`]: 'one\ntwo\n' };
  mkdirSync(join(folder, name, 'assets'), { recursive: true });
  const named = Object.entries(files).map(([path, text]) => {
    const source = join(folder, name, path);
    writeFileSync(source, text);
    chmodSync(source, mode);
    utimesSync(source, at, at);
    return { path, source };
  });
  return { version: '1', files: named };
}

const partsOf = (version: ContextParts['versions'][number], changes: Partial<ContextParts> = {}): ContextParts => ({
  name: 'm',
  versions: [version],
  dockerfile: 'FROM scratch\n',
  extra: { 'slipway/b': 'b', 'slipway/a': 'a' },
  manifest: { path: 'slipway/manifest.json', text: (files) => JSON.stringify([...files]) },
  onSent: () => undefined,
  ...changes,
});

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test('the same files are the same bytes, whoever owns them and whenever they were written', async () => {
  const [mine, theirs] = [makeVersion('mine', 0o600, new Date(1e12)), makeVersion('theirs', 0o755, new Date(1.5e12))];
  const first = await bytesOf(buildContext(partsOf(mine)));
  expect(first.equals(await bytesOf(buildContext(partsOf(theirs))))).toBe(true);
});

test('a context holds every folder before what is in it, all dated and owned alike, and tells what was read', async () => {
  const version = makeVersion('told', 0o600, new Date());
  const entries: unknown[] = [];
  const texts = new Map<string, string>();
  const tar = extract();
  const sent: number[] = [];
  const stream = buildContext(partsOf(version, { onSent: (bytes) => sent.push(bytes) }));
  stream.pipe(tar);
  for await (const entry of tar) {
    const { name, mode, uid, gid, mtime } = entry.header;
    entries.push([name, mode, uid, gid, mtime?.getTime()]);
    texts.set(name, (await bytesOf(entry as unknown as Readable)).toString());
  }
  const file = (name: string): unknown => [name, 0o644, 0, 0, 0];
  const directory = (name: string): unknown => [name, 0o755, 0, 0, 0];
  const asset = `assets/${'a'.repeat(120)}.txt`;
  expect(entries).toEqual([
    file('.dockerignore'),
    file('Dockerfile'),
    directory('models/'),
    directory('models/m/'),
    directory('models/m/1/'),
    file('models/m/1/saved_model.pb'),
    directory('models/m/1/assets/'),
    file(`models/m/1/${asset}`),
    directory('slipway/'),
    file('slipway/a'),
    file('slipway/b'),
    file('slipway/manifest.json'),
  ]);
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  expect(JSON.parse(texts.get('slipway/manifest.json') ?? '')).toEqual([
    [
      '1',
      [
        { path: 'saved_model.pb', bytes: 5, sha256: sha256('graph') },
        { path: asset, bytes: 8, sha256: sha256('one\ntwo\n') },
      ],
    ],
  ]);
  expect(sent.at(-1)).toBe(13);
});

test('a file that becomes shorter while it is sent fails the context', async () => {
  const source = join(folder, 'weights');
  writeFileSync(source, Buffer.alloc(64 << 20));
  const stream = buildContext(
    partsOf(
      { version: '1', files: [{ path: 'weights', source }] },
      { onSent: (bytes) => bytes === 1 << 20 && truncateSync(source, 2 << 20) },
    ),
  );
  await expect(bytesOf(stream)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
});

test('a context that nobody reads any more lets its files go', async () => {
  const source = join(folder, 'large');
  writeFileSync(source, Buffer.alloc(64 << 20));
  let sent = 0;
  const stream = buildContext(partsOf({ version: '1', files: [{ path: 'large', source }] }, { onSent: (bytes) => (sent = bytes) }));
  for await (const _ of stream) if (sent > 0) break;
  expect([stream.destroyed, sent < 64 << 20]).toEqual([true, true]);
});
