import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { followFolder } from '../../src/main/library/followFolder.ts';
import { inspectInWorker } from '../../src/main/savedmodel/inspectInWorker.ts';
import type { Model } from '../../src/shared/contract/state.ts';
import { openLibrary, sample, type OpenLibrary } from './openLibrary.ts';

const signal = new AbortController().signal;
const deadline = { timeout: 30_000, interval: 50 };
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-library-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): OpenLibrary => openLibrary(join(folder, 'home'));
const modelOf = ({ hub }: OpenLibrary): Model | undefined => hub.state.models[0];

/** A base folder with version 1 of the sample. */
function base(): string {
  cpSync(join(sample, '1'), join(folder, 'digits', '1'), { recursive: true });
  return join(folder, 'digits');
}

describe('a linked folder', () => {
  /** Versions that are whole, and what the others lack. */
  const told = (opened: OpenLibrary): unknown => [
    modelOf(opened)?.versions.map(({ version, problems }) => [version, ...problems.map(({ code }) => code)]),
    modelOf(opened)?.record.arriving.map(({ version, missing }) => [version, ...missing.map(({ code }) => code)]),
    modelOf(opened)?.problems.map(({ code }) => code),
  ];

  test('shows a new version that is copied slowly, at last complete, by itself', async () => {
    await using opened = open();
    await opened.imports.addPath(base(), 'digits', { signal });
    const version = join(folder, 'digits', '2');
    mkdirSync(version);
    await expect.poll(() => told(opened), deadline).toEqual([[['1']], [['2', 'EMPTY_FOLDER']], []]);
    const graph = readFileSync(join(sample, '2', 'saved_model.pb'));
    writeFileSync(join(version, 'saved_model.pb'), graph.subarray(0, 5_000));
    await expect.poll(() => told(opened), deadline).toEqual([[['1']], [['2', 'PB_CORRUPT']], []]);
    writeFileSync(join(version, 'saved_model.pb'), graph);
    await expect.poll(() => told(opened), deadline).toEqual([[['1']], [['2', 'INDEX_MISSING']], []]);
    mkdirSync(join(version, 'variables'));
    copyFileSync(join(sample, '2', 'variables', 'variables.index'), join(version, 'variables', 'variables.index'));
    await expect.poll(() => told(opened), deadline).toEqual([[['1']], [['2', 'SHARD_MISSING']], []]);
    const shard = readFileSync(join(sample, '2', 'variables', 'variables.data-00000-of-00001'));
    writeFileSync(join(version, 'variables', 'variables.data-00000-of-00001'), shard.subarray(0, 100));
    await expect.poll(() => told(opened), deadline).toEqual([[['1']], [['2', 'SHARD_SHORT']], []]);
    writeFileSync(join(version, 'variables', 'variables.data-00000-of-00001'), shard);
    await expect.poll(() => told(opened), deadline).toEqual([[['2'], ['1']], [], []]);
  });

  test('that is moved away is said, and so is its return, with what changed meanwhile', async () => {
    await using opened = open();
    await opened.imports.addPath(base(), 'digits', { signal });
    renameSync(join(folder, 'digits'), join(folder, 'elsewhere'));
    await expect.poll(() => modelOf(opened)?.present, deadline).toBe(false);
    cpSync(join(sample, '3'), join(folder, 'elsewhere', '3'), { recursive: true });
    renameSync(join(folder, 'elsewhere'), join(folder, 'digits'));
    await expect.poll(() => [modelOf(opened)?.present, told(opened)], deadline).toEqual([true, [[['3'], ['1']], [], []]]);
    rmSync(join(folder, 'digits', '3'), { recursive: true });
    await expect.poll(() => told(opened), deadline).toEqual([[['1']], [], []]);
  });

  test('that was renamed in the library while it was read keeps its new name', async () => {
    await using opened = open();
    const { id } = await opened.imports.addPath(base(), 'digits', { signal });
    const reading = opened.library.refresh(id);
    opened.library.rename(id, 'renamed');
    await reading;
    expect(modelOf(opened)?.name).toBe('renamed');
  });
});

describe('a folder that cannot be watched', () => {
  test('is compared from time to time instead, deep inside, away and back', async () => {
    const path = base();
    let changes = 0;
    await using following = await followFolder(
      path,
      async () => {
        changes += 1;
      },
      { maxFolders: 0 },
    );
    for (const change of [
      () => writeFileSync(join(path, '1', 'variables', 'more'), 'x'),
      () => renameSync(path, `${path}-away`),
      () => renameSync(`${path}-away`, path),
    ]) {
      const before = changes;
      change();
      await expect.poll(() => changes, deadline).toBeGreaterThan(before);
    }
    expect(following).toBeDefined();
  });
});

describe('checksums after an import', () => {
  const added = async (opened: OpenLibrary, path: string): Promise<Model> =>
    opened.library.add({ path, source: 'linked', staged: null }, await inspectInWorker(path, { signal }), { name: 'digits', copy: false });
  const state = (opened: OpenLibrary): unknown => [
    modelOf(opened)?.versions.map(({ verified }) => verified),
    modelOf(opened)?.versions.flatMap(({ problems }) => problems.map(({ code }) => code)),
    opened.hub.state.tasks.map((task) => task.state),
  ];

  test('are compared in the background, and not told as verified before', async () => {
    await using opened = open();
    const model = await added(opened, base());
    expect(model.versions.map(({ verified }) => verified)).toEqual([false]);
    await expect.poll(() => state(opened), deadline).toEqual([[true], [], ['done']]);
  });

  test('that differ are told', async () => {
    await using opened = open();
    const path = base();
    const shard = join(path, '1', 'variables', 'variables.data-00000-of-00001');
    const bytes = readFileSync(shard);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(shard, bytes);
    await added(opened, path);
    await expect.poll(() => state(opened), deadline).toEqual([[false], ['CHECKSUM_MISMATCH'], ['done']]);
  });

  test('of 256 MB and more are left until they are asked for', async () => {
    await using opened = open();
    const path = base();
    truncateSync(join(path, '1', 'variables', 'variables.data-00000-of-00001'), 256_000_000);
    const { id } = await added(opened, path);
    expect(state(opened)).toEqual([[false], [], []]);
    opened.library.verify(id);
    await expect.poll(() => state(opened), deadline).toEqual([[true], [], ['done']]);
  });
});

describe('a managed copy that is forgotten', () => {
  /** Adds a copy, forgets it, and answers what of it is where. */
  async function forgotten(
    toBin?: (path: string) => Promise<void>,
  ): Promise<readonly [models: readonly string[], trash: readonly string[]]> {
    await using opened = openLibrary(join(folder, 'home'), toBin);
    const ticket = await opened.imports.mintLinked(base());
    const { id } = await opened.imports.add(ticket, { name: 'digits', copy: true });
    await opened.library.forget(id);
    const left = (name: string): readonly string[] => readdirSync(join(folder, 'home', name)).map((one) => one.replace(/-\w{8}$/, ''));
    return [left('models'), left('trash')];
  }

  test('goes to the system’s bin under its own name', async () => {
    const inBin: string[] = [];
    const left = await forgotten((path) => {
      inBin.push(basename(path).replace(/-\w{8}$/, ''));
      return rm(path, { recursive: true });
    });
    expect([left, inBin]).toEqual([[[], []], ['digits']]);
  });

  test('goes to the trash folder where there is no bin, or none for this folder', async () => {
    const alone = await forgotten();
    rmSync(join(folder, 'home'), { recursive: true });
    expect([alone, await forgotten(() => Promise.reject(new Error('no bin on this file system')))]).toEqual([
      [[], ['digits']],
      [[], ['digits']],
    ]);
  });
});
