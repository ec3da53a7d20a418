import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fixtures } from '../fixtures.ts';

interface Corpus {
  readonly models: readonly { readonly name: string; readonly version: string; readonly path: string; readonly goldens: string }[];
  readonly bad: readonly { readonly path: string; readonly defect: string; readonly expect: 'reject' | 'warn' | 'accept' }[];
}

/** The list of fixture models and of broken ones; empty where there are no fixtures. */
export function corpus(): Corpus {
  const folder = fixtures();
  return folder === undefined
    ? { models: [], bad: [] }
    : (JSON.parse(readFileSync(join(folder, 'models', 'MANIFEST.json'), 'utf8')) as Corpus);
}

/** One of the goldens' JSON files. */
export function readGolden(goldens: string, name: string): unknown {
  return JSON.parse(readFileSync(join(fixtures() ?? '', 'models', goldens, name), 'utf8'));
}

/** Copies the broken models, and makes the two links that are not stored. */
export function copyBadModels(into: string): void {
  cpSync(join(fixtures() ?? '', 'models', 'bad'), join(into, 'bad'), { recursive: true });
  for (const [name, target] of [
    ['symlink_loop', '.'],
    ['dangling_link', 'nowhere'],
  ] as const) {
    mkdirSync(join(into, 'bad', name), { recursive: true });
    symlinkSync(target, join(into, 'bad', name, '1'));
  }
}
