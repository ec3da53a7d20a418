import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SnippetKind } from '../../src/shared/contract/snippets.ts';
import { requestBody } from '../../src/main/predict/requestBody.ts';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import type { Asked } from '../../src/main/predict/snippets/asked.ts';
import { snippetFiles, snippetsOf } from '../../src/main/predict/snippets/snippets.ts';
import { smallFloat } from '../../src/shared/tensor/smallFloat.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { testImage, whyNoEngine } from '../docker/engine.ts';
import { tensorOfGolden, type GoldenCase } from '../engine/goldens.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { runModelServer, type RunningServer } from '../tfserving/runModelServer.ts';

const run = promisify(execFile);
const folder = join(fixtures() ?? '', 'models');
const signal = new AbortController().signal;

/** Whether a program can be run here at all. */
function has(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const python = ['python3', '/usr/bin/python3'].find((one) => has(one, '-c', 'import numpy, requests'));

interface Runner {
  readonly kind: SnippetKind;
  /** Why it cannot run here: a skip where CI installs it, else a language that is left out. */
  readonly why: string | undefined;
  readonly command: (file: string, folder: string) => readonly [string, readonly string[]];
}

/** In the image's own Python, which has TensorFlow Serving's messages, grpcio and numpy. */
const inImage = (file: string, at: string): readonly [string, readonly string[]] => [
  'docker',
  // prettier-ignore
  ['run', '--rm', '--network', 'host', '--mount', `type=bind,src=${at},dst=/snippet,readonly`, '--workdir', '/snippet',
   '--env', 'PYTHONPATH=/usr/lib/modelserver/site', '--entrypoint', '/usr/bin/python3.11', testImage, file],
];

const runners: readonly Runner[] = [
  { kind: 'curl', why: has('curl', '--version') ? undefined : 'skipped: no curl', command: (file) => ['sh', [file]] },
  {
    kind: 'python',
    why: python === undefined ? 'skipped: no Python with requests and numpy' : undefined,
    command: (file) => [python ?? '', [file]],
  },
  { kind: 'python-grpc', why: whyNoEngine(), command: inImage },
  { kind: 'javascript', why: undefined, command: (file) => [process.execPath, [file]] },
  { kind: 'javascript-grpc', why: undefined, command: (file) => [process.execPath, [file]] },
];
/** Run where their toolchain is; nothing is installed for them. */
const toolchains = (
  [
    { kind: 'go', why: has('go', 'version') ? undefined : 'none', command: (file) => ['go', ['run', file]] },
    { kind: 'java', why: has('java', '-version') ? undefined : 'none', command: (file) => ['java', [file]] },
  ] satisfies readonly Runner[]
).filter(({ why }) => why === undefined);

interface Golden {
  readonly model: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly signatureName: string;
}

function goldenOf(model: string, name: string): Golden {
  const at = join(folder, 'goldens', model, '1');
  const { cases } = JSON.parse(readFileSync(join(at, 'goldens.json'), 'utf8')) as { readonly cases: readonly GoldenCase[] };
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${model} has no case ${name}, but ${cases.map((one) => one.name).join(', ')}`);
  const tensors = (all: GoldenCase['feeds']): Golden['inputs'] =>
    Object.fromEntries(Object.entries(all).map(([key, value]) => [key, tensorOfGolden(value, at)]));
  return { model, inputs: tensors(found.feeds), outputs: tensors(found.outputs ?? {}), signatureName: found.signature };
}

/** What a program said of each output: its shape, and the numbers or words of its first values. */
function told(text: string): ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: string }> {
  const lines = text.matchAll(/^(\S+) shape: [([]\s*([^)\]]*?),?\s*[)\]] first five values: ([^]*?)(?=^\S+ shape: |(?![^]))/gm);
  return new Map(
    [...lines].map(([, name = '', shape = '', values = '']) => [
      name,
      {
        shape: shape
          .split(',')
          .filter((one) => one.trim() !== '')
          .map(Number),
        values,
      },
    ]),
  );
}

/** What it said otherwise than the golden has it; empty where all is equal. */
function wrongIn(text: string, outputs: Golden['outputs']): readonly string[] {
  const all = told(text);
  const wrong = [...all.keys()].filter((name) => !Object.hasOwn(outputs, name)).map((name) => `${name} is not wanted`);
  for (const [name, { shape, data, dtype }] of Object.entries(outputs)) {
    const one = all.get(name);
    if (one?.shape.join() !== shape.join()) wrong.push(`${name} has shape ${one?.shape.join() ?? 'none'}, wanted ${shape.join()}`);
    if (dtype === 'DT_STRING') continue;
    const words = one?.values.match(/-?(?:\d[\d.]*(?:e[+-]?\d+)?|nan|inf(?:inity)?|true|false)/gi) ?? [];
    const numbers = words.map((word) =>
      Number(
        word
          .toLowerCase()
          .replace(/^(-?)inf(inity)?$/, '$1Infinity')
          .replace('true', '1')
          .replace('false', '0'),
      ),
    );
    const wanted = Array.from(data as ArrayLike<number | bigint>, (value) =>
      dtype === 'DT_HALF' ? smallFloat[dtype].value(Number(value)) : Number(value),
    ).slice(0, 5);
    for (const [index, want] of wanted.entries()) {
      const got = numbers[index];
      if (!Object.is(got, want) && !(got !== undefined && Math.abs(got - want) <= 1e-4 + 1e-4 * Math.abs(want)))
        wrong.push(`${name}[${index}] is ${got ?? 'missing'}, wanted ${want}`);
    }
  }
  return wrong;
}

describe.skipIf(fixtures() === undefined)(
  `programs that ask what the playground asks ${fixtures() === undefined ? whyNoFixtures : ''}`,
  () => {
    const models = ['half_plus_two', 'mobilenet', 'multi_io', 'dtype_zoo', 'image_bytes', 'text_sentiment'];
    let at: string;
    let server: RunningServer;
    beforeAll(async () => {
      at = await mkdtemp(join(tmpdir(), 'slipway-test-snippets-'));
      await symlink(resolve(import.meta.dirname, '..', '..', 'node_modules'), join(at, 'node_modules'));
      const config = models.map(
        (name) =>
          `config { name: "${name}" base_path: "${join(folder, 'models', name)}" model_platform: "tensorflow" model_version_policy { all {} } }`,
      );
      await writeFile(join(at, 'models.config'), `model_config_list { ${config.join('\n')} }`);
      server = await runModelServer([`--model_config_file=${join(at, 'models.config')}`], { grpc: true });
    });
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      await rm(at, { recursive: true, force: true });
    });

    async function asked({ model, inputs, signatureName }: Golden): Promise<Asked> {
      const { versions } = await inspectFolder(join(folder, 'models', model), { verify: false, signal });
      const signature = versions[0]?.meta_graphs[0]?.signatures[signatureName];
      if (signature === undefined) throw new Error(`${model} has no ${signatureName}`);
      return {
        url: `http://127.0.0.1:${server.restPort}/v1/models/${model}/versions/1:predict`,
        grpcAddress: `127.0.0.1:${server.grpcPort}`,
        model,
        version: '1',
        label: undefined,
        signatureName,
        signature,
        body: requestBody(signatureName, inputs, 'columnar').toString(),
        inputs,
      };
    }

    async function runSnippet({ kind, command }: Runner, request: Asked): Promise<string> {
      const found = snippetsOf(request).snippets.find((one) => one.kind === kind);
      if (found === undefined) throw new Error(`there is no ${kind}`);
      await writeFile(join(at, found.file), found.text);
      const files = snippetFiles(request).filter(({ name }) => found.reads.includes(name));
      expect(files.map(({ name }) => name).toSorted()).toEqual([...found.reads].toSorted());
      for (const { name, bytes } of files) await writeFile(join(at, name), bytes);
      const [program, args] = command(found.file, at);
      return (await run(program, args, { cwd: at, maxBuffer: 64_000_000 })).stdout;
    }

    const cases: readonly (readonly [string, string])[] = [
      ['half_plus_two', 'classic'],
      ['mobilenet', 'two'],
      ['multi_io', 'four_rows'],
      ['image_bytes', 'png'],
      ['text_sentiment', 'odd_text'],
      ...['int64_big', 'logic', 'pixels', 'scalar', 'nonfinite', 'strings'].map((name) => ['dtype_zoo', name] as const),
    ];
    // TensorFlow Serving takes no half and no uint16 as JSON, and nested lists do not tell what lies within an empty one.
    const onlyGrpc = ['half', 'small_ints', 'empty'].map((name) => ['dtype_zoo', name] as const);
    for (const runner of runners) {
      const { kind, why } = runner;
      describe.skipIf(why !== undefined)(`${kind} ${why ?? ''}`, () => {
        test.each(kind.endsWith('grpc') ? [...cases, ...onlyGrpc] : cases)('%s, %s', async (model, name) => {
          const golden = goldenOf(model, name);
          const text = await runSnippet(runner, await asked(golden));
          expect(text).toMatch(kind.endsWith('grpc') ? /version: \d+/ : /status:? 200/);
          // curl shows the answer as it came.
          expect(kind === 'curl' ? [] : wrongIn(text, golden.outputs)).toEqual([]);
        });
      });
    }
    for (const runner of toolchains)
      test.each([
        ['half_plus_two', 'classic'],
        ['mobilenet', 'two'],
        ['text_sentiment', 'odd_text'],
      ])(`${runner.kind}: %s, %s`, async (model, name) => {
        expect(await runSnippet(runner, await asked(goldenOf(model, name)))).toContain('status: 200');
      });

    test('a refusal is said and ends a program with a failure', async () => {
      const request = { ...(await asked(goldenOf('half_plus_two', 'classic'))), body: '{"inputs": "no number"}' };
      for (const runner of [...runners.filter(({ kind }) => !kind.endsWith('grpc') && kind !== 'curl'), ...toolchains]) {
        if (runner.why !== undefined) continue;
        await expect(runSnippet(runner, request)).rejects.toMatchObject({ stdout: expect.stringContaining('status: 400') });
      }
    });
  },
);
