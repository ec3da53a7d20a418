import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { usualUploadLimits } from '../../src/main/web/uploads.ts';
import { ask, runWebShell, type RunningWebShell } from './runWebShell.ts';

let running: RunningWebShell;
let token: string;
beforeAll(async () => {
  running = await runWebShell({ uploadLimits: { ...usualUploadLimits, totalBytes: 1_000_000, files: 50, depth: 6, atOnce: 4 } });
  token = await running.token();
});
afterAll(() => running[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly id?: string;
  readonly ticket?: string;
  readonly error?: { readonly code: string };
}

async function post(path: string, body: unknown, its: RunningWebShell = running, right: string = token): Promise<Answer> {
  const bytes = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'application/octet-stream' : 'application/json';
  const answer = await ask(its.port, {
    method: 'POST',
    path,
    headers: { authorization: `Bearer ${right}`, 'content-type': type },
    body: bytes,
  });
  return { status: answer.status, ...(JSON.parse(answer.body) as object) };
}

const begin = async (plan: object, its?: RunningWebShell, right?: string): Promise<string> =>
  (await post('/api/uploads', { name: 'model', kind: 'folder', files: 1, totalBytes: 5, ...plan }, its, right)).id ?? 'none';
const send = (id: string, path: string, text: string): Promise<Answer> =>
  post(`/api/uploads/${id}/files?path=${encodeURIComponent(path)}`, text);
const finish = (id: string): Promise<Answer> => post(`/api/uploads/${id}/finish`, {});
const left = (its: RunningWebShell = running): Promise<string[]> => readdir(its.uploadsFolder, { recursive: true });

/** Waits until the folder of uploads is as expected; the test's own time limit ends it otherwise. */
async function untilLeft(expected: readonly string[], its: RunningWebShell = running): Promise<readonly string[]> {
  for (;;) {
    const names = await left(its).catch((error: NodeJS.ErrnoException) => {
      // A folder went away while it was being listed: look again.
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (names?.length === expected.length) return names;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('an upload of a dropped folder', () => {
  test('appears whole, under its own name, and becomes a ticket', async () => {
    await using own = await runWebShell();
    const right = await own.token();
    const id = await begin({ name: 'digits 数', files: 2, totalBytes: 11, emptyFolders: ['1/assets'] }, own, right);
    const sendOwn = (path: string, text: string): Promise<Answer> =>
      post(`/api/uploads/${id}/files?path=${encodeURIComponent(path)}`, text, own, right);
    await Promise.all([sendOwn('1/saved_model.pb', 'graph'), sendOwn('1/variables/100% & more.index', 'weight')]);
    const before = own.adopted.length;
    const done = await post(`/api/uploads/${id}/finish`, {}, own, right);
    const [path = ''] = own.adopted;
    expect({
      before,
      done,
      names: (await left(own)).map((name) => name.replace(id, 'ID')).toSorted(),
      text: await readFile(join(path, '1', 'variables', '100% & more.index'), 'utf8'),
    }).toEqual({
      before: 0,
      done: { status: 200, ticket: 'ticket 1' },
      names: [
        'ID',
        'ID/digits 数',
        'ID/digits 数/1',
        'ID/digits 数/1/assets',
        'ID/digits 数/1/saved_model.pb',
        'ID/digits 数/1/variables',
        'ID/digits 数/1/variables/100% & more.index',
      ],
      text: 'weight',
    });
  });

  test('an archive is one file', async () => {
    await using own = await runWebShell();
    const right = await own.token();
    const id = await begin({ name: 'model.zip', kind: 'file' }, own, right);
    await post(`/api/uploads/${id}/files?path=`, 'bytes', own, right);
    await post(`/api/uploads/${id}/finish`, {}, own, right);
    expect(await readFile(own.adopted[0] ?? '', 'utf8')).toBe('bytes');
  });

  test('what a killed process left is cleared at the start, and finished ones stay', async () => {
    await using first = await runWebShell();
    await mkdir(join(first.uploadsFolder, 'x.partial', 'model'), { recursive: true });
    await mkdir(join(first.uploadsFolder, 'y', 'model'), { recursive: true });
    await writeFile(join(first.uploadsFolder, 'x.partial', 'model', 'f'), 'half');
    // Of another shell on the same data folder: its process lives (our parent does).
    await mkdir(join(first.uploadsFolder, `${process.ppid}-z.partial`));
    await using second = await runWebShell({ uploadsFolder: first.uploadsFolder });
    expect([(await left(first)).toSorted(), second.port === first.port]).toEqual([
      [`${process.ppid}-z.partial`, 'y', join('y', 'model')],
      false,
    ]);
  });

  test.each([
    '../outside',
    '1/../../outside',
    '..\\outside',
    '%2e%2e/outside',
    '..%2foutside',
    '/etc/outside',
    'C:\\outside',
    'C:outside',
    '\\\\host\\share\\outside',
    'a\0b',
    'NUL',
    '1/con.txt',
    '',
    '.',
    'a/b/c/d/e/f/g',
    'n'.repeat(300),
  ])('the path %j is refused, and nothing of the upload stays', async (path) => {
    const id = await begin({ files: 2 });
    await send(id, '1/good', 'x');
    const answer = await send(id, path, 'evil');
    expect([answer.status, answer.error?.code, (await finish(id)).status, await left()]).toEqual([400, 'PATH_REFUSED', 410, []]);
  });

  test.each(['..', '.', 'a/b', 'a\\b', '../x', 'NUL', 'C:', 'a\0'])('the name %j is refused', async (name) => {
    const answer = await post('/api/uploads', { name, kind: 'folder', files: 1, totalBytes: 5 });
    expect([answer.status, answer.error?.code, await left()]).toEqual([400, 'PATH_REFUSED', []]);
  });

  test('an empty folder with a hostile path is refused', async () => {
    const answer = await post('/api/uploads', { name: 'm', kind: 'folder', files: 0, totalBytes: 0, emptyFolders: ['ok', '../out'] });
    expect([answer.error?.code, await left()]).toEqual(['PATH_REFUSED', []]);
  });

  test.each<[string, object, string]>([
    ['too many bytes', { totalBytes: 1_000_001 }, 'UPLOAD_TOO_LARGE'],
    ['too many files', { files: 51 }, 'UPLOAD_TOO_LARGE'],
    ['a negative size', { totalBytes: -1 }, 'BAD_INPUT'],
    ['a size that is no number', { totalBytes: 'many' }, 'BAD_INPUT'],
    ['two files as one', { kind: 'file', files: 2 }, 'BAD_INPUT'],
  ])('%s are refused before the first byte', async (_, plan, code) => {
    const answer = await post('/api/uploads', { name: 'model', kind: 'folder', files: 1, totalBytes: 5, ...plan });
    expect([answer.error?.code, await left()]).toEqual([code, []]);
  });

  test.each<[string, (id: string) => Promise<Answer>]>([
    ['more bytes than announced', (id) => send(id, 'a', '123456')],
    ['more files than announced', async (id) => ((await send(id, 'a', '1')).status === 200 ? send(id, 'b', '1') : finish('none'))],
    ['fewer bytes than announced', async (id) => ((await send(id, 'a', '1')).status === 200 ? finish(id) : finish('none'))],
    ['fewer files than announced', (id) => finish(id)],
  ])('%s end it, and nothing stays', async (_, act) => {
    const answer = await act(await begin({}));
    expect([answer.error?.code, await left()]).toEqual(['BAD_INPUT', []]);
  });

  test('the same file twice, and a file where a folder is, end it', async () => {
    const [twice, under] = [await begin({ files: 2 }), await begin({ files: 2 })];
    await send(twice, 'a', '1');
    await send(under, 'a', '1');
    const answers = [await send(twice, 'a', '1'), await send(under, 'a/b', '1')];
    expect([answers.map(({ error }) => error?.code), await left()]).toEqual([['PATH_REFUSED', 'PATH_REFUSED'], []]);
  });

  test('a page that goes away in the middle of a file leaves nothing', async () => {
    const id = await begin({ totalBytes: 1_000 });
    const socket = connect(running.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST /api/uploads/${id}/files?path=a HTTP/1.1\r\nhost: 127.0.0.1:${running.port}\r\nauthorization: Bearer ${token}\r\ncontent-length: 1000\r\n\r\nhalf`,
    );
    // The folder of the upload, the model's, and the temporary file.
    const during = await untilLeft(['', '', '']);
    socket.destroy();
    expect([during.some((name) => name.endsWith('model')), await untilLeft([])]).toEqual([true, []]);
  });

  test('stopping it leaves nothing, and stopping it again is fine', async () => {
    const id = await begin({});
    await send(id, 'a', '1');
    const stop = () => ask(running.port, { method: 'DELETE', path: `/api/uploads/${id}`, headers: { authorization: `Bearer ${token}` } });
    expect([(await stop()).status, (await stop()).status, await left()]).toEqual([200, 200, []]);
  });

  test('an upload that nobody continues is given up', async () => {
    await using own = await runWebShell({ uploadLimits: { ...usualUploadLimits, idleMs: 10 } });
    await begin({}, own, await own.token());
    expect(await untilLeft([], own)).toEqual([]);
  });

  test('more uploads than allowed at one time wait for their turn', async () => {
    const ids = [await begin({}), await begin({}), await begin({}), await begin({})];
    const fifth = await post('/api/uploads', { name: 'm', kind: 'folder', files: 0, totalBytes: 0 });
    for (const id of ids) {
      await ask(running.port, { method: 'DELETE', path: `/api/uploads/${id}`, headers: { authorization: `Bearer ${token}` } });
    }
    expect([fifth.error?.code, await left()]).toEqual(['BAD_INPUT', []]);
  });

  test('without a token no byte is taken', async () => {
    const id = await begin({});
    const answers = [
      await ask(running.port, { method: 'POST', path: `/api/uploads/${id}/files?path=a`, body: 'x' }),
      await ask(running.port, { method: 'POST', path: `/api/uploads/${id}/finish`, headers: { authorization: 'Bearer x' } }),
      await ask(running.port, { method: 'DELETE', path: `/api/uploads/${id}`, headers: { authorization: 'Bearer x' } }),
    ];
    const control = await send(id, 'a', '12345');
    const done = await finish(id);
    expect([answers.map(({ status }) => status), control.status, done.status]).toEqual([[401, 401, 401], 200, 200]);
  });

  test('a shell that ends gives its uploads up', async () => {
    const own = await runWebShell({ uploadsFolder: join(running.uploadsFolder, '..', 'other') });
    await begin({}, own, await own.token());
    await own.shell[Symbol.asyncDispose]();
    expect(await left(own).catch(() => [])).toEqual([]);
    await own[Symbol.asyncDispose]();
  });

  test('a socket that closes before its answer is no failure of the process', async () => {
    const socket = connect(running.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${running.port}\r\n\r\n`);
    socket.resetAndDestroy();
    await once(socket, 'close');
    expect((await ask(running.port)).status).toBe(200);
  });
});
