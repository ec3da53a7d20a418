import { randomBytes } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clearStaging } from '../../src/main/library/clearStaging.ts';
import type { ImportView } from '../../src/shared/contract/index.ts';
import { AppError } from '../../src/shared/contract/errors.ts';
import { openLibrary, sample } from './openLibrary.ts';

const signal = new AbortController().signal;
const deadline = { timeout: 30_000, interval: 50 };
let folder = '';
let home = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-imports-'));
  home = join(folder, 'home');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What lies in the data folder below `name`; nothing where it is not there. */
const left = (name: string): readonly string[] => (existsSync(join(home, name)) ? readdirSync(join(home, name)) : []);
const codes = ({ inspection }: ImportView): readonly string[] =>
  [...inspection.problems, ...inspection.versions.flatMap(({ problems }) => problems)].map(({ code }) => code);

/** Waits for a view of the stream that holds. */
async function until(views: AsyncGenerator<ImportView, void>, holds: (view: ImportView) => boolean): Promise<ImportView> {
  for (;;) {
    const { value, done } = await views.next();
    if (done === true || value === undefined) throw new Error('the stream ended');
    if (holds(value)) return value;
  }
}

/** An archive of a model with so many more bytes of noise in it. */
function archive(noiseBytes: number): string {
  cpSync(join(sample, '1'), join(folder, 'packed', '1'), { recursive: true });
  writeFileSync(join(folder, 'packed', '1', 'noise'), randomBytes(noiseBytes));
  const file = join(folder, 'model.tar.gz');
  execFileSync('tar', ['-czf', file, '-C', join(folder, 'packed'), '.']);
  return file;
}

describe('a folder that is still being copied', () => {
  test('is followed, step by step, until it is whole', async () => {
    await using opened = openLibrary(home);
    const version = join(folder, 'copied', '1');
    mkdirSync(version, { recursive: true });
    const ticket = await opened.imports.mintLinked(join(folder, 'copied'));
    const views = opened.imports.inspect(ticket, { signal });
    await until(views, (view) => codes(view).includes('EMPTY_FOLDER'));
    const graph = readFileSync(join(sample, '1', 'saved_model.pb'));
    writeFileSync(join(version, 'saved_model.pb'), graph.subarray(0, 5_000));
    await until(views, (view) => codes(view).includes('PB_CORRUPT'));
    writeFileSync(join(version, 'saved_model.pb'), graph);
    await until(views, (view) => codes(view).includes('INDEX_MISSING'));
    mkdirSync(join(version, 'variables'));
    for (const name of ['variables.index', 'variables.data-00000-of-00001']) {
      copyFileSync(join(sample, '1', 'variables', name), join(version, 'variables', name));
    }
    const whole = await until(views, (view) => codes(view).length === 0);
    expect([whole.inspection.kind, whole.displayPath, whole.inspection.versions.map(({ version: one }) => one)]).toEqual([
      'ok',
      join(folder, 'copied'),
      ['1'],
    ]);
    await views.return();
  });

  test('is not followed any more once the sheet is closed', async () => {
    await using opened = openLibrary(home);
    const closing = new AbortController();
    const views = opened.imports.inspect(await opened.imports.mintLinked(sample), { signal: closing.signal });
    await views.next();
    const waiting = views.next();
    closing.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});

describe('an archive', () => {
  test('becomes a model of the library, and neither archive nor staging place are left', async () => {
    await using opened = openLibrary(home);
    mkdirSync(join(home, 'uploads', 'one'), { recursive: true });
    copyFileSync(archive(1_000), join(home, 'uploads', 'one', 'model.tar.gz'));
    const uploaded = opened.imports.mintManaged(join(home, 'uploads', 'one', 'model.tar.gz'));
    const ticket = await opened.imports.unpack(uploaded, { signal });
    expect(left('uploads')).toEqual([]);
    const model = await opened.imports.add(ticket, { name: 'unpacked', copy: false });
    expect([model.source, model.versions.map(({ version }) => version), left('unpacked')]).toEqual(['managed', ['1'], []]);
  });

  test('that is refused leaves nothing', async () => {
    await using opened = openLibrary(home);
    writeFileSync(join(folder, 'broken.zip'), 'no archive');
    const ticket = await opened.imports.mintLinked(join(folder, 'broken.zip'));
    await expect(opened.imports.unpack(ticket, { signal })).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' });
    expect(left('unpacked')).toEqual([]);
  });

  test('whose task is cancelled half way leaves nothing', async () => {
    await using opened = openLibrary(home);
    const ticket = await opened.imports.mintLinked(archive(60_000_000));
    const unpacking = opened.imports.unpack(ticket, { signal }).then(
      () => null,
      (error: unknown) => error,
    );
    await expect.poll(() => opened.hub.state.tasks[0]?.progress ?? 0, { timeout: 30_000, interval: 1 }).toBeGreaterThan(0);
    opened.tasks.cancel(opened.hub.state.tasks[0]?.id ?? '');
    expect(await unpacking).toBeInstanceOf(Error);
    expect(left('unpacked')).toEqual([]);
  });
});

test('what a killed owner left is cleared at the next start', async () => {
  const file = archive(60_000_000);
  const script = `import { unpackArchive } from ${JSON.stringify(new URL('../../src/main/library/unpackArchive.ts', import.meta.url).href)};
    await unpackArchive(${JSON.stringify(file)}, ${JSON.stringify(join(home, 'unpacked', 'x', 'model'))}, { signal: new AbortController().signal });
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  const gone = once(child, 'exit');
  await expect.poll(() => existsSync(join(home, 'unpacked', 'x')), deadline).toBe(true);
  child.kill('SIGKILL');
  await gone;
  for (const path of ['uploads/whole/digits', 'uploads/1-x.partial', 'models/half.part', 'models/unknown', 'models/known'])
    mkdirSync(join(home, path), { recursive: true });
  await clearStaging(home, new Set(['known']));
  expect(['unpacked', 'uploads', 'models', 'trash'].map(left)).toEqual([[], ['1-x.partial'], ['known'], ['unknown']]);
});

describe('what was uploaded', () => {
  const upload = (name: string): string => {
    cpSync(sample, join(home, 'uploads', name, 'digits'), { recursive: true });
    return join(home, 'uploads', name, 'digits');
  };

  test('goes when it is discarded, also by the ticket of a folder in it', async () => {
    await using opened = openLibrary(home);
    const ticket = opened.imports.mintManaged(upload('a'));
    const inner = await opened.imports.openFolder(ticket, '2');
    await opened.imports.discard(inner);
    expect(left('uploads')).toEqual([]);
    await expect(opened.imports.discard(ticket)).rejects.toBeInstanceOf(AppError);
  });

  test('goes when Slipway ends', async () => {
    await using opened = openLibrary(home);
    opened.imports.mintManaged(upload('b'));
    await opened[Symbol.asyncDispose]();
    expect(left('uploads')).toEqual([]);
  });

  test('has no way to the folder above it', async () => {
    await using opened = openLibrary(home);
    const ticket = opened.imports.mintManaged(join(upload('c'), '2'));
    const views = opened.imports.inspect(ticket, { signal });
    const view = await until(views, () => true);
    await views.return();
    expect(view.inspection.problems.flatMap(({ mends = [] }) => mends)).toEqual([{ kind: 'serveAsVersion', version: '2' }]);
  });
});
