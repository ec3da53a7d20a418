import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import configuration from '../../electron-builder.ts';
import { resourcesFolder } from '../../src/main/cli/outside.ts';

const execute = promisify(execFile);
const projectRoot = resolve(import.meta.dirname, '..', '..');
/** What a module finds under a name. */
const foundFrom = (path: string, name: string): string => createRequire(path).resolve(name);

/** What marks the place of the fuses in Electron's binary, as @electron/fuses finds it. */
const fuseMark = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const fuseCount = 8;

let folder: string;
/** The packaged app's own files, taken out of the archive: what the bundle finds beside itself. */
let app: string;
let resources: string;
let binary: Buffer;
let listed: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-package-'));
  // In place of Electron: a file with fuses that are all off, and what belongs around it.
  const dist = join(folder, 'electron');
  await mkdir(join(dist, 'resources'), { recursive: true });
  await writeFile(
    join(dist, 'electron'),
    Buffer.concat([Buffer.from(`\u007fELF${fuseMark}`, 'latin1'), Buffer.from([1, fuseCount]), Buffer.alloc(fuseCount, '0')]),
  );
  await chmod(join(dist, 'electron'), 0o755);
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'version']) await writeFile(join(dist, name), '');

  const builder = foundFrom(join(projectRoot, 'package.json'), 'electron-builder/cli.js');
  await execute(
    process.execPath,
    [
      builder,
      '--config',
      'electron-builder.ts',
      '--linux',
      'dir',
      `-c.electronDist=${dist}`,
      `-c.directories.output=${join(folder, 'dist')}`,
    ],
    { cwd: projectRoot, maxBuffer: 2 ** 24 },
  );
  const [unpacked = ''] = (await readdir(join(folder, 'dist'))).filter((name) => name.startsWith('linux'));
  resources = join(folder, 'dist', unpacked, 'resources');
  binary = await readFile(join(folder, 'dist', unpacked, 'slipway'));
  // electron-builder's own archiver.
  const asar = foundFrom(foundFrom(builder, 'app-builder-lib/package.json'), '@electron/asar');
  const { extractAll } = (await import(asar)) as { readonly extractAll: (archive: string, to: string) => void };
  app = join(folder, 'app');
  extractAll(join(resources, 'app.asar'), app);
  listed = globSync('**', { cwd: app, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(app, join(entry.parentPath, entry.name)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the package holds no Node, no sources and no maps, and of binaries the engine’s library for this system alone', () => {
  const library = join('node_modules', 'onnxruntime-node', 'bin', 'napi-v6', process.platform, process.arch);
  expect(listed.filter((name) => name.startsWith(library) && name.endsWith('.node'))).toEqual([join(library, 'onnxruntime_binding.node')]);
  const others = listed.filter((name) => !name.startsWith(library));
  const unwanted = others.filter(
    (name) =>
      /(^|[/\\])node_modules[/\\](node-|electron[/\\]|bare-)/.test(name) ||
      /\.(node|bare|wasm|exe|dll|so|dylib|map|ts|tsx)$/.test(name) ||
      /^(src|test|e2e|bench|scripts|docs)[/\\]/.test(name),
  );
  expect(unwanted).toEqual([]);
});

test('every fuse is in the binary as it is configured', () => {
  const at = binary.indexOf(fuseMark) + fuseMark.length + 2;
  const fuses = Array.from(binary.subarray(at, at + fuseCount), (state) => state === '1'.charCodeAt(0));
  const { electronFuses } = configuration;
  expect(fuses).toEqual([
    electronFuses?.runAsNode,
    electronFuses?.enableCookieEncryption,
    electronFuses?.enableNodeOptionsEnvironmentVariable,
    electronFuses?.enableNodeCliInspectArguments,
    electronFuses?.enableEmbeddedAsarIntegrityValidation,
    electronFuses?.onlyLoadAppFromAsar,
    electronFuses?.loadBrowserProcessSpecificV8Snapshot,
    electronFuses?.grantFileProtocolExtraPrivileges,
  ]);
});

test('the sample model and the icons lie beside the archive, as files that a container can mount', async () => {
  const names = await readdir(join(projectRoot, 'resources'), { recursive: true });
  expect((await readdir(join(resources, 'app.asar.unpacked', 'resources'), { recursive: true })).toSorted()).toEqual(names.toSorted());
  expect([resourcesFolder(join(resources, 'app.asar', 'out', 'main')), resourcesFolder(join(app, 'out', 'main'))]).toEqual([
    join(resources, 'app.asar.unpacked', 'resources'),
    join(app, 'resources'),
  ]);
});

test('all that the bundle imports is in the package, and the packaged command reads a model', async () => {
  const own = createRequire(join(app, 'out', 'main', 'index.js'));
  const wanted = new Set<string>();
  for (const name of globSync('out/{main,preload}/*.{js,cjs}', { cwd: app })) {
    const text = await readFile(join(app, name), 'utf8');
    for (const [, from = ''] of text.matchAll(/(?:^import .*?from |^import |import\(|require\()"([@\w][\w@/.:-]*)"/gm)) wanted.add(from);
  }
  const missing = [...wanted].filter((name) => {
    if (name === 'electron') return false;
    try {
      const path = own.resolve(name);
      return !path.startsWith(app) && !path.startsWith('node:') && path !== name;
    } catch {
      return true;
    }
  });
  const { stdout } = await execute(process.execPath, [
    join(app, 'out', 'main', 'slipway.js'),
    'inspect',
    join(app, 'resources', 'sample', 'digits'),
    '--json',
  ]);
  expect([missing, wanted.has('electron-store'), (JSON.parse(stdout) as { readonly kind: string }).kind]).toEqual([[], true, 'ok']);
  await using undo = new AsyncDisposableStack();
  const home = join(folder, 'home');
  await cp(join(app, 'resources', 'sample'), home, { recursive: true });
  undo.defer(() => rm(home, { recursive: true }));
  const env = { ...process.env, SLIPWAY_HOME: join(home, 'data'), DOCKER_HOST: `unix://${join(home, 'none.sock')}` };
  // The services load dockerode, gRPC, the database and the transports.
  const ps = await execute(process.execPath, [join(app, 'out', 'main', 'slipway.js'), 'ps', '--json'], { env });
  expect([ps.stdout.trim(), existsSync(join(home, 'data'))]).toEqual(['[]', true]);
});
