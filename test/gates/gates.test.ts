import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gates, registryHosts } from '../../scripts/gates.ts';

const root = join(import.meta.dirname, '..', '..');

/** A copy of the tree that a violation can be planted in; node_modules is a link. */
let copy = '';
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'slipway-gates-'));
  const names = execFileSync('git', ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
    .split('\0')
    .filter(Boolean);
  for (const name of names.filter((one) => !one.startsWith('resources/'))) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    cpSync(join(root, name), join(copy, name));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  execFileSync('git', ['init', '-q', copy]);
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

async function check(name: string): Promise<string> {
  const gate = gates.find((one) => one.name === name);
  if (gate === undefined) throw new Error(`there is no gate ${name}`);
  return gate.check(copy);
}

/** Plants a file, asks a gate, and takes the file away again. */
async function planted(gate: string, path: string, text: string): Promise<string> {
  writeFileSync(join(copy, path), text);
  try {
    return await check(gate);
  } finally {
    rmSync(join(copy, path));
  }
}

const doc = '/** Planted. */\n';

describe('each gate catches what it is there for', () => {
  test.each([
    ['types', 'src/shared/planted.ts', `${doc}export const wrong: number = 'text';\n`, /planted\.ts.*TS2322/],
    ['types', 'src/shared/planted.ts', `${doc}export const node = process.pid;\n`, /planted\.ts.*TS/],
    ['types', 'src/main/planted.ts', `${doc}export const page = document.title;\n`, /planted\.ts.*TS/],
    ['lint and layers', 'src/main/planted.ts', `${doc}export async function later(): Promise<void> {}\nlater();\n`, /no-floating-promises/],
    [
      'lint and layers',
      'src/main/planted.ts',
      "import { useMirror } from '../renderer/app/store.ts';\nexport const planted = useMirror;\n",
      /boundaries/,
    ],
    [
      'lint and layers',
      'src/renderer/planted.ts',
      "import { dataFolder } from '../main/owner/dataFolder.ts';\nexport const planted = dataFolder;\n",
      /boundaries/,
    ],
    ['lint and layers', 'src/main/planted.ts', "import { app } from 'electron';\nexport const planted = app;\n", /no-restricted-imports/],
    [
      'lint and layers',
      'src/main/planted.ts',
      "import Docker from 'dockerode';\nexport const planted = Docker;\n",
      /no-restricted-imports/,
    ],
    ['unused code', 'src/shared/planted.ts', `${doc}export const nobodyWantsThis = 1;\n`, /planted\.ts/],
    ['format', 'src/shared/planted.ts', 'export const   wide = "quotes"\n', /planted\.ts/],
    ['no machine paths', 'docs/planted.md', `It lies in ${process.env['HOME'] ?? '/home/me'}/models.\n`, /planted\.md/],
  ])('%s: %s', async (gate, path, text, says) => {
    expect(await planted(gate, path, text)).toMatch(says);
  });

  test.skipIf(registryHosts().length === 0)('no registry hosts: a lock file that names one', async () => {
    expect(await planted('no registry hosts', 'planted.json', `{ "resolved": "https://${registryHosts()[0] ?? ''}/x" }\n`)).toMatch(
      /planted\.json/,
    );
  });

  test('bundle budgets: a first load that is too large', async () => {
    mkdirSync(join(copy, 'out', 'renderer', 'assets'), { recursive: true });
    writeFileSync(join(copy, 'out', 'renderer', 'index.web.html'), '<script src="./assets/a.js"></script><link href="./assets/a.css">');
    writeFileSync(join(copy, 'out', 'renderer', 'assets', 'a.css'), 'a{}');
    writeFileSync(join(copy, 'out', 'renderer', 'assets', 'a.js'), randomBytes(900_000));
    expect(await check('bundle budgets')).toMatch(/firstLoadJs/);
  });
});
