import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyFolder } from '../../src/main/library/copyFolder.ts';
import type { Model } from '../../src/shared/contract/state.ts';
import { servingOf } from '../renderer/plan.ts';
import { openLibrary, sample, type OpenLibrary } from './openLibrary.ts';

const never = new AbortController().signal;
const deadline = { timeout: 30_000, interval: 20 };
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-managed-'));
  cpSync(sample, join(folder, 'digits'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const home = (): string => join(folder, 'home');
const inStore = (): readonly string[] => readdirSync(join(home(), 'models'));
const inTrash = (): readonly string[] => readdirSync(join(home(), 'trash')).map((name) => name.replace(/-\w{8}$/, ''));
async function copied(library: OpenLibrary): Promise<Model> {
  return library.imports.add(await library.imports.mintLinked(join(folder, 'digits')), { name: 'digits', copy: true });
}
const linked = (library: OpenLibrary): Promise<Model> => library.imports.addPath(join(folder, 'digits'), 'digits', { signal: never });

describe('a managed copy', () => {
  test('is a task with its progress, whole when it is there, and says where it came from', async () => {
    await using library = openLibrary(home());
    const told: (number | null)[] = [];
    const end = new AbortController();
    const watching = (async () => {
      for await (const event of library.hub.watch({ signal: end.signal }))
        if (event.kind === 'task' && event.task.label === 'Copy digits') told.push(event.task.progress);
    })();
    const model = await copied(library);
    end.abort();
    await watching;
    expect([model.source, model.record.versions.map(({ version, how, importedFrom }) => [version, how, importedFrom])]).toEqual([
      'managed',
      ['3', '2', '1'].map((version) => [version, 'copied', join(folder, 'digits')]),
    ]);
    expect([told.at(-1), inStore()]).toEqual([1, [model.id]]);
    const files = readdirSync(sample, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(sample, name)).isFile());
    for (const name of files) {
      expect(readFileSync(join(model.path, name)).equals(readFileSync(join(sample, name)))).toBe(true);
      // The container's user reads it, whoever that is.
      expect(statSync(join(model.path, name)).mode & 0o004).not.toBe(0);
    }
  });

  test('that is stopped half way leaves nothing, and its ticket can be used again', async () => {
    const shard = join(folder, 'digits', '3', 'variables', 'variables.data-00000-of-00001');
    truncateSync(shard, 3_000_000_000);
    await using library = openLibrary(home());
    const ticket = await library.imports.mintLinked(join(folder, 'digits'));
    const adding = library.imports.add(ticket, { name: 'digits', copy: true });
    const refusal = adding.then(
      () => null,
      (error: unknown) => error,
    );
    const task = (): { readonly id: string; readonly progress: number | null; readonly state: string } | undefined =>
      library.hub.state.tasks.find(({ label }) => label === 'Copy digits');
    await expect.poll(() => task()?.progress ?? 0, deadline).toBeGreaterThan(0);
    library.tasks.cancel(task()?.id ?? '');
    expect(await refusal).toMatchObject({ code: 'CANCELLED' });
    expect([inStore(), library.hub.state.models, task()?.state]).toEqual([[], [], 'cancelled']);
    truncateSync(shard, 100_000);
    expect((await library.imports.add(ticket, { name: 'digits', copy: true })).source).toBe('managed');
  });

  test('whose process is killed half way is cleared at the next start', async () => {
    truncateSync(join(folder, 'digits', '3', 'variables', 'variables.data-00000-of-00001'), 3_000_000_000);
    const script = `import { copyFolder } from ${JSON.stringify(join(import.meta.dirname, '../../src/main/library/copyFolder.ts'))};
      await copyFolder(${JSON.stringify(join(folder, 'digits'))}, ${JSON.stringify(join(home(), 'models', 'x.part', 'digits'))}, { signal: new AbortController().signal, onProgress: (done) => process.stdout.write(done + '\\n') });`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const _ of child.stdout) child.kill('SIGKILL');
    expect(existsSync(join(home(), 'models', 'x.part'))).toBe(true);
    const { clearStaging } = await import('../../src/main/library/clearStaging.ts');
    await clearStaging(home(), new Set());
    expect(inStore()).toEqual([]);
  });

  test('follows links to what they mean, and not round in circles', async () => {
    mkdirSync(join(folder, 'blobs'));
    cpSync(join(sample, '1', 'saved_model.pb'), join(folder, 'blobs', 'graph'));
    const source = join(folder, 'linkedFiles');
    mkdirSync(source);
    symlinkSync(join(folder, 'blobs', 'graph'), join(source, 'saved_model.pb'));
    symlinkSync('.', join(source, 'round'));
    symlinkSync('/dev/zero', join(source, 'endless'));
    await copyFolder(source, join(folder, 'target'), { signal: never, onProgress: () => undefined });
    expect(readdirSync(join(folder, 'target'))).toEqual(['saved_model.pb']);
    expect(readFileSync(join(folder, 'target', 'saved_model.pb')).equals(readFileSync(join(folder, 'blobs', 'graph')))).toBe(true);
  });
});

describe('a removal', () => {
  test('names what it touches, and takes a managed copy to the trash only as it was shown', async () => {
    await using library = openLibrary(home());
    const { id } = await copied(library);
    library.libraryRecord.edit({ modelId: id, version: '3', tags: { prod: '' }, metrics: { f1: 1 }, note: 'x' });
    const shown = library.library.removal(id, null);
    expect(shown).toMatchObject({
      model: 'digits',
      version: null,
      kind: 'delete',
      versions: ['3', '2', '1'],
      lost: { tags: 1, typedMetrics: 1, notes: 1 },
      servedBy: [],
    });
    expect([shown.files > 5, shown.bytes > 10_000]).toEqual([true, true]);
    library.libraryRecord.edit({ modelId: id, version: '2', note: 'said meanwhile' });
    await expect(library.library.remove(id, null, shown.confirm)).rejects.toMatchObject({ code: 'REMOVAL_CHANGED' });
    expect(inStore()).toEqual([id]);
    await library.library.remove(id, null, library.library.removal(id, null).confirm);
    expect([inStore(), inTrash(), library.hub.state.models]).toEqual([[], ['digits'], []]);
    expect(library.libraryRecord.history({ modelId: id, limit: 1 })).toMatchObject([{ kind: 'deleted', by: 'person', model: 'digits' }]);
  });

  test('of one version of a managed copy leaves the others, and what was said of it goes', async () => {
    await using library = openLibrary(home());
    const { id, path } = await copied(library);
    library.libraryRecord.edit({ modelId: id, version: '2', tags: { prod: '' } });
    const shown = library.library.removal(id, '2');
    expect([shown.kind, shown.versions, shown.lost.tags, shown.folder.endsWith('2')]).toEqual(['delete', ['2'], 1, true]);
    await library.library.remove(id, '2', shown.confirm);
    expect([library.library.get(id).record.versions.map(({ version }) => version), readdirSync(path).toSorted(), inTrash()]).toEqual([
      ['3', '1'],
      ['1', '3'],
      ['digits-v2'],
    ]);
    cpSync(join(sample, '2'), join(path, '2'), { recursive: true });
    await expect
      .poll(() => library.library.get(id).record.versions.map(({ version, tags }) => [version, tags.length]), deadline)
      .toEqual([
        ['3', 0],
        ['2', 0],
        ['1', 0],
      ]);
  });

  test('of a linked folder only forgets it, and refuses its versions', async () => {
    await using library = openLibrary(home());
    const { id, path } = await linked(library);
    expect(() => library.library.removal(id, '2')).toThrow(/your own folder/);
    const shown = library.library.removal(id, null);
    expect(shown.kind).toBe('forget');
    await library.library.remove(id, null, shown.confirm);
    expect([library.hub.state.models, readdirSync(path).filter((name) => /^\d+$/.test(name))]).toEqual([[], ['1', '2', '3']]);
  });

  test('is refused while it is served: the model by any serving, a version by one that answers with it', async () => {
    await using library = openLibrary(home());
    const { id } = await copied(library);
    const serving = { ...servingOf('s1', { kind: 'serving', versions: ['3'] }), modelId: id };
    library.hub.putServing(serving);
    const [whole, third, second] = [library.library.removal(id, null), library.library.removal(id, '3'), library.library.removal(id, '2')];
    expect([whole.servedBy, third.servedBy, second.servedBy]).toEqual([[serving.name], [serving.name], []]);
    await expect(library.library.remove(id, null, whole.confirm)).rejects.toMatchObject({ code: 'MODEL_IN_USE' });
    await expect(library.library.remove(id, '3', third.confirm)).rejects.toMatchObject({ code: 'MODEL_IN_USE' });
    await library.library.remove(id, '2', second.confirm);
    library.hub.putServing({ ...serving, state: { kind: 'stopped', reason: 'person' } });
    const stopped = library.library.removal(id, null);
    expect(stopped.servings).toEqual([serving.name]);
    await library.library.remove(id, null, stopped.confirm);
    expect(inStore()).toEqual([]);
  });
});
