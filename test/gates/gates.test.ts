import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { gates } from '../../scripts/gates.ts';

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

/** Plants files, asks a gate once, and takes them away again. */
async function planted(gate: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(copy, path), text);
  try {
    return await check(gate);
  } finally {
    for (const path of Object.keys(files)) rmSync(join(copy, path));
  }
}

/** A violation in a file of its own, and what the gate must say of it. */
type Violation = readonly [path: string, text: string, says: RegExp];

/** Plants all in one run, and answers those that the gate did not name, each where it lies. */
async function missed(gate: string, violations: readonly Violation[], paragraph: RegExp): Promise<readonly string[]> {
  const output = await planted(gate, Object.fromEntries(violations.map(([path, text]) => [path, text])));
  const told = output.split(paragraph);
  return violations.filter(([path, , says]) => !told.some((one) => one.includes(path) && says.test(one))).map(([path]) => path);
}

/** Written so that this file does not name the host itself. */
const hostOf = (tool: string): string => [tool, 'gate', 'invalid'].join('.');

const imports = (name: string, from: string): string => `import { ${name} } from '${from}';\nexport const planted = ${name};\n`;
const importsAll = (from: string): string => `import * as all from '${from}';\nexport const planted = all;\n`;

describe('each gate catches what it is there for', () => {
  test('types: strict, no Node where there is none, no page where there is none', async () => {
    const violations: readonly Violation[] = [
      ['src/shared/plantedType.ts', "export const wrong: number = 'text';\n", /TS2322/],
      ['src/shared/plantedIndex.ts', 'export const length = (list: string[]): number => list[0].length;\n', /TS2532/],
      ['src/shared/plantedNode.ts', 'export const node = process.pid;\n', /TS2591|TS2580|TS2304/],
      ['src/shared/plantedPage.ts', 'export const page = document.title;\n', /TS2584|TS2304/],
      ['src/main/plantedPage.ts', 'export const page = document.title;\n', /TS2584|TS2304/],
      ['src/renderer/plantedNode.ts', 'export const node = process.pid;\n', /TS2591|TS2580|TS2304/],
    ];
    expect(await missed('types', violations, /\n/)).toEqual([]);
  });

  test('lint and layers: promises, and every wall', async () => {
    const wall = /boundaries\(dependencies\)/;
    const restricted = /no-restricted-imports/;
    const violations: readonly Violation[] = [
      ['src/main/plantedPromise.ts', 'export async function later(): Promise<void> {}\nlater();\n', /no-floating-promises/],
      ['src/main/plantedAny.ts', 'export const anything = (value: any): any => value;\n', /no-explicit-any/],
      ['src/shared/plantedMain.ts', imports('dataFolder', '../main/owner/dataFolder.ts'), wall],
      ['src/shared/plantedRenderer.ts', imports('useMirror', '../renderer/app/store.ts'), wall],
      ['src/main/plantedRenderer.ts', imports('useMirror', '../renderer/app/store.ts'), wall],
      ['src/main/plantedPreload.ts', "import '../preload/preload.ts';\nexport const planted = 1;\n", wall],
      ['src/main/plantedTest.ts', imports('chromiumOptions', '../../test/chromium.ts'), wall],
      ['src/renderer/plantedMain.ts', imports('dataFolder', '../main/owner/dataFolder.ts'), wall],
      ['src/preload/plantedMain.ts', imports('dataFolder', '../main/owner/dataFolder.ts'), wall],
      ['src/preload/plantedRenderer.ts', imports('useMirror', '../renderer/app/store.ts'), wall],
      ['scripts/plantedMain.ts', imports('dataFolder', '../src/main/owner/dataFolder.ts'), wall],
      ['src/main/plantedElectron.ts', importsAll('electron'), restricted],
      ['src/main/plantedElectronMain.ts', importsAll('electron/main'), restricted],
      ['src/main/docker/plantedElectron.ts', importsAll('electron'), restricted],
      ['src/renderer/plantedElectron.ts', importsAll('electron'), restricted],
      ['src/main/settings/plantedStore.ts', importsAll('electron-store'), restricted],
      ['src/main/plantedDocker.ts', importsAll('dockerode'), restricted],
      ['src/main/desktop/plantedDocker.ts', importsAll('dockerode'), restricted],
      ['src/main/plantedDatabase.ts', importsAll('node:sqlite'), restricted],
      ['src/main/docker/plantedDatabase.ts', importsAll('node:sqlite'), restricted],
      ['src/main/plantedReact.ts', importsAll('react'), restricted],
      ['src/shared/plantedReact.ts', importsAll('react'), restricted],
      ['test/plantedSpec.ts', importsAll('@playwright/test'), restricted],
    ];
    expect(await missed('lint and layers', violations, /\n\s*\n/)).toEqual([]);
  });

  test('unused code: an export and a file that nobody wants', async () => {
    const output = await planted('unused code', { 'src/shared/planted.ts': 'export const nobodyWantsThis = 1;\n' });
    expect(output).toMatch(/planted\.ts/);
  });

  test('format: in the folders and beside them', async () => {
    const wide = 'export const   wide = "quotes"\n';
    const violations: readonly Violation[] = [
      ['src/shared/planted.ts', wide, /./],
      ['planted.config.ts', wide, /./],
    ];
    expect(await missed('format', violations, /\n/)).toEqual([]);
  });

  test('no machine paths: the home, and where this checkout lies', async () => {
    const violations: readonly Violation[] = [
      ['docs/planted.md', `It lies in ${process.env['HOME'] ?? '/home/me'}/models.\n`, /./],
      ['docs/planted.txt', `It lies in ${dirname(root)}/models.\n`, /./],
    ];
    expect(await missed('no machine paths', violations, /\n/)).toEqual([]);
  });

  test('no registry hosts: as the tools are set on this machine, by their variables and by their files', async () => {
    const home = mkdtempSync(join(tmpdir(), 'slipway-gates-home-'));
    mkdirSync(join(home, '.cargo'));
    writeFileSync(
      join(home, '.cargo', 'config.toml'),
      `# see https://doc.cargo.invalid/\n[registries.own]\nindex = "sparse+https://${hostOf('cargo')}/index/"\n`,
    );
    vi.stubEnv('HOME', home);
    vi.stubEnv('PIP_EXTRA_INDEX_URL', `https://me:word@${hostOf('pip')}:8443/simple`);
    vi.stubEnv('npm_config_registry', `https://${hostOf('npm')}/`);
    try {
      const violations: readonly Violation[] = [
        ['planted.lock', `{ "resolved": "https://${hostOf('npm')}/x" }\n`, /npm/],
        ['planted.txt', `pip install from ${hostOf('pip')}\n`, /pip/],
        ['planted.toml', `index = "https://${hostOf('cargo')}/"\n`, /cargo/],
      ];
      const fine = await planted('no registry hosts', { 'planted.md': 'https://doc.cargo.invalid/ and localhost:5000/x\n' });
      expect([await missed('no registry hosts', violations, /\n/), fine]).toEqual([[], '']);
    } finally {
      vi.unstubAllEnvs();
      rmSync(home, { recursive: true });
    }
  });

  test('bundle budgets: a first load that is too large', async () => {
    mkdirSync(join(copy, 'out', 'renderer', 'assets'), { recursive: true });
    writeFileSync(join(copy, 'out', 'renderer', 'index.web.html'), '<script src="./assets/a.js"></script><link href="./assets/a.css">');
    writeFileSync(join(copy, 'out', 'renderer', 'assets', 'a.css'), 'a{}');
    writeFileSync(join(copy, 'out', 'renderer', 'assets', 'a.js'), randomBytes(900_000));
    expect(await check('bundle budgets')).toMatch(/firstLoadJs/);
  });
});
