import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import configuration from '../../electron-builder.ts';
import { resourcesFolder } from '../../src/main/cli/outside.ts';
import { predictRest, runModelServer } from '../tfserving/runModelServer.ts';

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

/** What stands for Electron's binary: a file with fuses that are all off. */
const electronBinary = Buffer.concat([
  Buffer.from(`\u007fELF${fuseMark}`, 'latin1'),
  Buffer.from([1, fuseCount]),
  Buffer.alloc(fuseCount, '0'),
]);
const builder = foundFrom(join(projectRoot, 'package.json'), 'electron-builder/cli.js');

/** Packs for a system, with files in place of Electron; answers the folder that holds the package. */
async function pack(flags: readonly string[], electron: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const [dist, output] = [await mkdtemp(join(folder, 'electron-')), await mkdtemp(join(folder, 'dist-'))];
  for (const [path, content] of Object.entries(electron)) {
    await mkdir(dirname(join(dist, path)), { recursive: true });
    await writeFile(join(dist, path), content, { mode: 0o755 });
  }
  await execute(
    process.execPath,
    [builder, '--config', 'electron-builder.ts', ...flags, `-c.electronDist=${dist}`, `-c.directories.output=${output}`],
    { cwd: projectRoot, maxBuffer: 2 ** 24 },
  );
  const packed = (await readdir(output, { withFileTypes: true })).find((entry) => entry.isDirectory());
  return join(output, packed?.name ?? '');
}

/** Takes the files out of a package's archive and answers their names. */
async function extract(archive: string, to: string): Promise<readonly string[]> {
  // electron-builder's own archiver.
  const asar = foundFrom(foundFrom(builder, 'app-builder-lib/package.json'), '@electron/asar');
  const { extractAll } = (await import(asar)) as { readonly extractAll: (archive: string, to: string) => void };
  extractAll(archive, to);
  return globSync('**', { cwd: to, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(to, join(entry.parentPath, entry.name)));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-package-'));
  const unpacked = await pack(['--linux', 'dir'], { electron: electronBinary, LICENSE: '', 'LICENSES.chromium.html': '', version: '' });
  resources = join(unpacked, 'resources');
  binary = await readFile(join(unpacked, 'slipway'));
  app = join(folder, 'app');
  listed = await extract(join(resources, 'app.asar'), app);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the package holds no Node, no sources and no maps, and of binaries the engine’s library for this system alone', () => {
  const library = join('node_modules', 'onnxruntime-node', 'bin', 'napi-v6', process.platform, process.arch);
  expect(listed.filter((name) => name.startsWith(library) && name.endsWith('.node'))).toEqual([join(library, 'onnxruntime_binding.node')]);
  const others = listed.filter((name) => !name.startsWith(library));
  const unwanted = others.filter(
    (name) =>
      /(^|[/\\])node_modules[/\\](node-|electron[/\\]|bare-|onnxruntime-web[/\\])/.test(name) ||
      /\.(node|bare|wasm|exe|dll|so|dylib|map|ts|tsx)$/.test(name) ||
      /^(src|test|e2e|bench|scripts|docs)[/\\]/.test(name),
  );
  expect(unwanted).toEqual([]);
});

test('a package for a Mac with an Intel processor holds the library in WebAssembly in place of the native one, and its engine runs on it', async () => {
  const property = (key: string, value: string): string => `<key>${key}</key><string>${value}</string>`;
  const unpacked = await pack(['--mac', 'dir', '--x64', '-c.mac.identity=null'], {
    'Electron.app/Contents/Info.plist': `<plist version="1.0"><dict>${property('CFBundleExecutable', 'Electron')}</dict></plist>`,
    'Electron.app/Contents/MacOS/Electron': '',
    'Electron.app/Contents/Frameworks/Electron Framework.framework/Electron Framework': electronBinary,
    'Electron.app/Contents/Frameworks/Electron Helper.app/Contents/MacOS/Electron Helper': '',
    'Electron.app/Contents/Resources/electron.icns': '',
    LICENSE: '',
    'LICENSES.chromium.html': '',
  });
  const mac = join(folder, 'mac');
  const files = await extract(join(unpacked, 'Slipway.app', 'Contents', 'Resources', 'app.asar'), mac);
  const library = join('node_modules', 'onnxruntime-web');
  const binaries = files.filter(
    (name) => name.includes(join('node_modules', 'onnxruntime-node')) || /\.(node|wasm|dylib|so|dll)$/.test(name),
  );
  expect([files.filter((name) => name.startsWith(library)).toSorted(), binaries]).toEqual([
    ['dist/ort-wasm-simd-threaded.mjs', 'dist/ort-wasm-simd-threaded.wasm', 'dist/ort.node.min.mjs', 'package.json'].map((name) =>
      join(library, name),
    ),
    [join(library, 'dist', 'ort-wasm-simd-threaded.wasm')],
  ]);

  // Enough rows for a session; coverage tells what was loaded.
  const coverage = join(folder, 'coverage');
  const instances = Array.from({ length: 64 }, (_, row) => Array.from({ length: 8 }, () => Array.from({ length: 8 }, () => [row / 64])));
  await using server = await runModelServer(['--model_name=digits', `--model_base_path=${join(mac, 'resources', 'sample', 'digits')}`], {
    program: join(mac, 'out', 'main', 'slipway.js'),
    env: { ...process.env, NODE_V8_COVERAGE: coverage },
  });
  const { body } = await predictRest(server.restPort, 'digits', JSON.stringify({ instances }));
  process.kill(server.pid, 'SIGTERM');
  await server.ended;
  const reports = await Promise.all((await readdir(coverage)).map((name) => readFile(join(coverage, name), 'utf8')));
  const loaded = new Set(reports.join('').match(/onnxruntime-(?:web|node)\/[\w.-]+\/[\w.-]+/g));
  expect([(JSON.parse(body) as { readonly predictions: readonly unknown[] }).predictions.length, [...loaded].toSorted()]).toEqual([
    64,
    ['onnxruntime-web/dist/ort-wasm-simd-threaded.mjs', 'onnxruntime-web/dist/ort.node.min.mjs'],
  ]);
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
  // The engine's library that runs on another system.
  expect([missing, wanted.has('electron-store'), (JSON.parse(stdout) as { readonly kind: string }).kind]).toEqual([
    ['onnxruntime-web'],
    true,
    'ok',
  ]);
  await using undo = new AsyncDisposableStack();
  const home = join(folder, 'home');
  await cp(join(app, 'resources', 'sample'), home, { recursive: true });
  undo.defer(() => rm(home, { recursive: true }));
  const env = { ...process.env, SLIPWAY_HOME: join(home, 'data'), DOCKER_HOST: `unix://${join(home, 'none.sock')}` };
  // The services load dockerode, gRPC, the database and the transports.
  const ps = await execute(process.execPath, [join(app, 'out', 'main', 'slipway.js'), 'ps', '--json'], { env });
  expect([ps.stdout.trim(), existsSync(join(home, 'data'))]).toEqual(['[]', true]);
});
