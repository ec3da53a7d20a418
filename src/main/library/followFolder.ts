import { watch, type FSWatcher, type Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A change is told when nothing more has changed for this long, or, where changes do not cease, after the longer time. */
const settleMs = 300;
const longestMs = 2_000;
/** Between two comparisons; more where one takes long, so that they never use more than a twentieth of a core. */
const compareMs = 2_000;
const maxDepth = 6;
const maxEntries = 20_000;

/** Visits a folder and those below it, nearest first and bounded, each before its entries are read. */
async function walk(path: string, visit: (folder: string) => void, onEntry?: (path: string, facts: Stats | null) => void): Promise<void> {
  const waiting: { readonly folder: string; readonly depth: number }[] = [{ folder: path, depth: 0 }];
  let entries = 0;
  for (let next = waiting.shift(); next !== undefined && entries < maxEntries; next = waiting.shift()) {
    const { folder, depth } = next;
    visit(folder);
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const full = join(folder, entry.name);
      const facts = onEntry !== undefined || entry.isSymbolicLink() ? await stat(full).catch(() => null) : null;
      onEntry?.(full, facts);
      entries += 1;
      if ((entry.isDirectory() || facts?.isDirectory() === true) && depth < maxDepth) waiting.push({ folder: full, depth: depth + 1 });
    }
  }
}

/** Sizes and times of all below a path, as text that changes when they do. */
async function readPrint(path: string): Promise<string> {
  const seen: string[] = [];
  await walk(
    path,
    () => undefined,
    (full, facts) => seen.push(`${full} ${facts?.size ?? ''} ${facts?.mtimeMs ?? ''}`),
  );
  return seen.join('\n');
}

/**
 * Answers once it follows: what changed before is the caller's to read. Calls back a moment after something in a folder or below it changed, or the folder went away or came back; the next call waits
 * for the promise of the last, which must not reject. On Linux each folder is watched by itself, for Node's recursive watch takes a watch a
 * file there; elsewhere the system follows the tree. Where nothing can be watched (no folder, no more watches, more than
 * `maxFolders`), the tree is compared every two seconds. Disposing ends it at once; nothing here keeps the process alive.
 */
export async function followFolder(
  path: string,
  onChange: () => Promise<void>,
  { maxFolders = 1_000 }: { readonly maxFolders?: number } = {},
): Promise<AsyncDisposable> {
  let watchers: readonly FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let firstMs: number | null = null;
  let print: string | null = null;
  let ended = false;
  let working: Promise<void> = Promise.resolve();

  function closeAll(list: readonly FSWatcher[]): void {
    for (const watcher of list) watcher.close();
  }
  function wait(ms: number, then: () => Promise<void>): void {
    clearTimeout(timer);
    if (ended) return;
    timer = setTimeout(() => {
      working = working.then(then);
    }, ms);
    timer.unref();
  }
  function changed(): void {
    firstMs ??= performance.now();
    wait(Math.max(0, Math.min(settleMs, firstMs + longestMs - performance.now())), settle);
  }

  /** Watches all folders there are now; false where that cannot be had. */
  async function watchAll(): Promise<boolean> {
    const before = watchers;
    const made: FSWatcher[] = [];
    const add = (folder: string): void => {
      if (made.length >= maxFolders) throw new Error('too many folders');
      try {
        const watcher = watch(folder, { recursive: process.platform !== 'linux', persistent: false }, changed);
        watcher.on('error', changed);
        made.push(watcher);
      } catch (error) {
        // A folder within that has just gone is told by the one above it.
        if (folder === path || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    };
    try {
      // A folder is watched before it is read: what comes into it meanwhile is told or seen.
      if (process.platform === 'linux') await walk(path, add);
      else add(path);
      watchers = made;
      return true;
    } catch {
      closeAll(made);
      watchers = [];
      return false;
    } finally {
      closeAll(before);
    }
  }

  async function follow(): Promise<void> {
    if (await watchAll()) {
      const compared = print !== null;
      print = null;
      // It came back, or watches are free again: what happened between the last comparison and now was seen by neither.
      if (compared) changed();
      return;
    }
    const started = performance.now();
    const now = await readPrint(path);
    const same = print === null || print === now;
    print = now;
    if (same) wait(Math.max(compareMs, (performance.now() - started) * 20), follow);
    else changed();
  }

  async function settle(): Promise<void> {
    firstMs = null;
    // First watched, then told: what changes from here on is told again.
    await follow();
    if (!ended) await onChange();
  }

  await follow();
  return {
    async [Symbol.asyncDispose]() {
      ended = true;
      clearTimeout(timer);
      await working;
      closeAll(watchers);
    },
  };
}
