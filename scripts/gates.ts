import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bin, projectRoot, run } from './run.ts';

/** One gate: its name, and what is wrong (empty: it passes). `root` is the tree to look at. */
export interface Gate {
  readonly name: string;
  readonly check: (root: string) => Promise<string>;
}

/** A gate that is a command: its output is what is wrong when it fails. */
const command = (name: string, program: string, argsFor: (root: string) => readonly string[]): Gate => ({
  name,
  check: async (root) => {
    const { code, output } = await run(bin(program), argsFor(root), { cwd: root });
    return code === 0 ? '' : output || `${program} ended with ${code}`;
  },
});

function ask(program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    // The tool is not on this machine: then it has no registry to leak either.
    return '';
  }
}

/** Where package tools keep their settings, below the home. */
const settingsInHome = ['.npmrc', '.yarnrc*', '.cargo/config*', '.m2/settings.xml', '.gradle/init.d/*', '.config/pip/*', '.config/uv/*'];
const settingsOfAll = ['/etc/apt/sources.list', '/etc/apt/sources.list.d/*', '/etc/pip.conf'];
const namesRegistry = /^(PIP|UV|NPM_CONFIG|YARN|CARGO|GO|MAVEN)_?\w*(INDEX|REGISTRY|REGISTRIES|LINKS|PROXY|REPO)/i;

/** Hosts of the package registries that this machine's own tools are set to, at run time: none is written down here. */
export function registryHosts(): readonly string[] {
  const files = [...globSync(settingsInHome, { cwd: homedir() }).map((name) => join(homedir(), name)), ...globSync(settingsOfAll)];
  const told = [
    ask('npm', 'config', 'get', 'registry'),
    ask('pip', 'config', 'list'),
    ask('go', 'env', 'GOPROXY'),
    ...Object.entries(process.env).map(([name, value]) => (namesRegistry.test(name) ? value : '')),
    // A comment, such as a link to the manual, is no setting.
    ...files
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, 'utf8').replace(/^\s*[#;].*$|<!--[^]*?-->|xmlns.*/gm, '')),
  ].join('\n');
  const hosts = [...told.matchAll(/https?:\/\/(?:[^@/\s]*@)?([^/,\s:]+)/g)].map((match) => match[1] ?? '');
  return [...new Set(hosts)].filter((host) => host.includes('.'));
}

/** Every tracked or new text file of the tree that git does not ignore, up to 2 MB each. */
function* trackedTexts(root: string): Generator<readonly [string, string]> {
  const names = ask('git', '-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0').filter(Boolean);
  for (const name of names) {
    const path = join(root, name);
    if (!existsSync(path) || !statSync(path).isFile() || statSync(path).size > 2_000_000) continue;
    const text = readFileSync(path, 'latin1');
    if (!text.includes('\0')) yield [name, text];
  }
}

function findInTexts(root: string, pattern: RegExp): string {
  const found: string[] = [];
  for (const [name, text] of trackedTexts(root)) {
    const match = pattern.exec(text);
    if (match !== null) found.push(`${name}: ${match[0].trim()}`);
  }
  return found.join('\n');
}

const hostsGate: Gate = {
  name: 'no registry hosts',
  check: (root) => {
    const hosts = registryHosts().map((host) => host.replaceAll('.', '\\.'));
    return Promise.resolve(hosts.length === 0 ? '' : findInTexts(root, new RegExp(hosts.join('|'))));
  },
};

const pathsGate: Gate = {
  name: 'no machine paths',
  check: (root) => {
    // The home, and the parent of this checkout.
    const own = [process.env['HOME'], join(projectRoot, '..')].filter((path): path is string => path !== undefined && path.length > 2);
    const quoted = own.map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return Promise.resolve(findInTexts(root, new RegExp(`(?<![\\w.])(?:${quoted.join('|')})/[\\w.]`)));
  },
};

/** Limits in bytes after gzip. First load: what the page's HTML names. */
const budgets = { firstLoadJs: 330_000, firstLoadCss: 60_000, allJs: 880_000 } as const;

/** Sizes in bytes after gzip of the web shell's page: what its HTML loads at once, and all scripts together. */
export function bundleSizes(root: string): Readonly<Record<keyof typeof budgets, number>> {
  const folder = join(root, 'out', 'renderer');
  const sizeBytes = (name: string): number => gzipSync(readFileSync(join(folder, name))).length;
  const html = readFileSync(join(folder, 'index.web.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
  const sum = (names: readonly string[]): number => names.reduce((total, name) => total + sizeBytes(name), 0);
  return {
    firstLoadJs: sum(named.filter((name) => name.endsWith('.js'))),
    firstLoadCss: sum(named.filter((name) => name.endsWith('.css'))),
    allJs: sum(globSync('assets/*.js', { cwd: folder })),
  };
}

const budgetsGate: Gate = {
  name: 'bundle budgets',
  check: (root) => {
    const sizes = bundleSizes(root);
    const over = (Object.keys(budgets) as (keyof typeof budgets)[]).filter((key) => sizes[key] > budgets[key] || sizes[key] === 0);
    return Promise.resolve(over.map((key) => `${key}: ${sizes[key]} bytes gzipped, budget ${budgets[key]}`).join('\n'));
  },
};

/** What is linted and formatted. */
const sources = (root: string): readonly string[] => ['src', 'test', 'e2e', 'bench', 'scripts', ...globSync('*.ts', { cwd: root })];

/** All gates in the order they are run; the budgets want a build. */
export const gates: readonly Gate[] = [
  command('types', 'tsc', () => ['-b', '--pretty', 'false']),
  command('lint and layers', 'oxlint', (root) => ['--type-aware', '--deny-warnings', ...sources(root)]),
  command('unused code', 'knip', () => ['--no-progress']),
  command('format', 'oxfmt', (root) => ['--check', ...sources(root)]),
  hostsGate,
  pathsGate,
  budgetsGate,
];
