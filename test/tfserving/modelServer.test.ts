import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { milestoneOf } from '../../src/shared/tfserving/milestones.ts';
import { parseServerLine } from '../../src/main/doctor/serverLog.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { ask, predictRest, runModelServer, type RunningServer } from './runModelServer.ts';

const root = fixtures();
const models = join(root ?? '', 'reference', 'rest', 'models');
const folder = mkdtempSync(join(tmpdir(), 'slipway-modelserver-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder of one's own. */
function newFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** A version appears at once, as a careful export does it. */
function addVersion(base: string, version: string, source: string): void {
  const staged = join(folder, `staged-${version}`);
  cpSync(source, staged, { recursive: true });
  renameSync(staged, join(base, version));
}

const half = ['--model_name=half_plus_two', `--model_base_path=${models}/half_plus_two`];

interface VersionState {
  readonly version: string;
  readonly state: string;
  readonly code: string;
}

/** Versions of a model and their states, or the error. */
async function states(port: number, model: string): Promise<readonly VersionState[] | string> {
  const { body } = await ask(port, { method: 'GET', target: `/v1/models/${model}` });
  const told = JSON.parse(body.toString()) as {
    error?: string;
    model_version_status?: { version: string; state: string; status: { error_code: string } }[];
  };
  return told.error ?? (told.model_version_status ?? []).map(({ version, state, status }) => ({ version, state, code: status.error_code }));
}

const messages = (server: RunningServer): readonly string[] =>
  server.log.map((text) => parseServerLine({ time: '2026-01-01T00:00:00Z', stream: 'stderr', text }).message);

describe.skipIf(root === undefined)(`slipway modelserver ${root === undefined ? whyNoFixtures : ''}`, () => {
  describe('starting', () => {
    test('its log has the milestones of TensorFlow Serving, in their order', async () => {
      await using server = await runModelServer(half, { grpc: true });
      const found = messages(server)
        .map(milestoneOf)
        .filter((milestone) => milestone !== null)
        .map(({ id }) => id);
      expect(found).toEqual([
        'config',
        'adding',
        'reserved',
        'loading',
        'reading',
        'restoring',
        'initialising',
        'loaded-graph',
        'loaded',
        'grpc',
        'rest',
        'serving',
      ]);
    });

    test.each([
      ['no model', [], 'INVALID_ARGUMENT: Both server_options.model_base_path and server_options.model_config_file are empty!'],
      [
        'a relative folder',
        ['--model_name=m', '--model_base_path=models/scalar'],
        'INVALID_ARGUMENT: Expected model m to have an absolute path or URI; got base_path()=models/scalar',
      ],
      ['a configuration that is not there', ['--model_config_file=/nope.config'], 'NOT_FOUND: /nope.config; No such file or directory'],
      [
        'a broken graph',
        ['--model_name=m', `--model_base_path=${models}/corrupt`, '--max_num_load_retries=0'],
        `UNKNOWN: 1 servable(s) did not become available: {{{name: m version: 1} due to error: DATA_LOSS: Can't parse ${models}/corrupt/1/saved_model.pb as binary proto}, }`,
      ],
      [
        'other tags',
        ['--model_name=m', `--model_base_path=${models}/badtags`, '--max_num_load_retries=0'],
        'UNKNOWN: 1 servable(s) did not become available: {{{name: m version: 1} due to error: NOT_FOUND: Could not find meta graph def matching supplied tags: { serve }. To inspect available tag-sets in the SavedModel, please use the SavedModel CLI: `saved_model_cli`}, }',
      ],
      [
        'batching parameters without batching',
        [...half, '--batching_parameters_file=/x'],
        'INVALID_ARGUMENT: server_options.batching_parameters_file is set without setting server_options.enable_batching to true.',
      ],
    ] as const)('%s: it ends with 255 and says why in the genuine words', async (_, flags, words) => {
      await using server = await runModelServer(flags);
      expect(await server.ended).toEqual({ code: 255 });
      expect(server.log.at(-1)).toBe(`Failed to start server. Error: ${words}`);
    });

    test.each([
      ['garbage { }', '1:9', 'a field that there is not'],
      ['model_config_list {', '1:20', 'a message that does not end'],
    ])('%j is told with line and column: %s', async (text, place) => {
      const file = join(folder, 'garbage.config');
      writeFileSync(file, text);
      await using server = await runModelServer([`--model_config_file=${file}`]);
      expect(await server.ended).toEqual({ code: 255 });
      expect(messages(server).find((line) => line.startsWith('Error parsing text-format'))).toContain(
        `Error parsing text-format tensorflow.serving.ModelServerConfig: ${place}: `,
      );
      expect(server.log.at(-1)).toBe(`Failed to start server. Error: INVALID_ARGUMENT: Invalid protobuf file: '${file}'`);
    });

    test('an unknown flag prints the usage and the server goes on; one without an effect is named in a warning', async () => {
      await using server = await runModelServer([
        ...half,
        '--nope=1',
        '--num_load_threads',
        '3',
        '--enable_batching',
        '--rest_api_num_threads=1',
      ]);
      expect(server.log[0]).toBe('unknown argument: --nope=1');
      expect(messages(server).filter((line) => line.includes('has no effect here'))).toEqual([
        '--num_load_threads has no effect here: versions load one after the other',
        '--rest_api_num_threads has no effect here: one thread reads all requests',
      ]);
      expect(await predictRest(server.restPort, 'half_plus_two', '{"instances":[1]}')).toMatchObject({ status: 200 });
    });

    test('a flag with a value that it cannot have ends it', async () => {
      await using server = await runModelServer([...half, '--rest_api_timeout_in_ms=abc']);
      expect(await server.ended).toEqual({ code: 255 });
    });

    test('a port that is taken ends it', async () => {
      await using first = await runModelServer(half);
      await using second = await runModelServer([...half, `--rest_api_port=${first.restPort}`]);
      expect(await second.ended).toEqual({ code: 255 });
      expect(messages(second)).toContain(`NET_LOG: Couldn't bind address 127.0.0.1 to port ${first.restPort}`);
    });

    test('it listens at this machine alone, or where --bind_address says, and then that others can reach it', async () => {
      await using server = await runModelServer([...half, '--bind_address=127.0.0.2']);
      await expect(ask(server.restPort, { method: 'GET', target: '/v1/models/half_plus_two' })).rejects.toThrow('ECONNREFUSED');
      expect(messages(server).join('\n')).not.toContain('whoever reaches this machine');
      await using open = await runModelServer([...half, '--bind_address=0.0.0.0']);
      expect((await ask(open.restPort, { method: 'GET', target: '/v1/models/half_plus_two' })).status).toBe(200);
      expect(messages(open)).toContain('--bind_address=0.0.0.0: whoever reaches this machine over its network can use this server');
    });

    test('CORS headers are sent only with --rest_api_enable_cors_support', async () => {
      const asked = { target: '/v1/models/half_plus_two', headers: { origin: 'http://example.com' } };
      const allowed = async (server: RunningServer, method: string): Promise<string | undefined> =>
        (await ask(server.restPort, { ...asked, method })).headers['access-control-allow-origin'];
      await using closed = await runModelServer(half);
      expect([await allowed(closed, 'GET'), await allowed(closed, 'OPTIONS')]).toEqual([undefined, undefined]);
      await using open = await runModelServer([...half, '--rest_api_enable_cors_support']);
      expect([await allowed(open, 'GET'), await allowed(open, 'OPTIONS')]).toEqual(['*', '*']);
    });

    test('an empty base path is waited for, and said', async () => {
      const base = newFolder('empty');
      const says = `No versions of servable m found under base path ${base}. Did you forget to name your leaf directory as a number (eg. '/1/')?`;
      await using server = await runModelServer(['--model_name=m', `--model_base_path=${base}`], { until: 'No versions of servable m' });
      expect(messages(server)).toContain(says);
      await expect(ask(server.restPort, { method: 'GET', target: '/v1/models/m' })).rejects.toThrow('ECONNREFUSED');
      addVersion(base, '7', join(models, 'scalar', '1'));
      await expect
        .poll(() => states(server.restPort, 'm').catch(() => 'not yet'), { timeout: 30_000 })
        .toEqual([{ version: '7', state: 'AVAILABLE', code: 'OK' }]);
    });
  });

  describe('versions', () => {
    test('a new version answers before the old one goes, and no request fails meanwhile', async () => {
      const base = newFolder('hot');
      addVersion(base, '1', join(models, 'versions', '1'));
      await using server = await runModelServer(['--model_name=m', `--model_base_path=${base}`, '--max_num_load_retries=0']);
      const { restPort } = server;
      const answers = new Set<string>();
      const end = new AbortController();
      const asking = (async () => {
        while (!end.signal.aborted) {
          const { status, body } = await predictRest(restPort, 'm', '{"instances":[1.0]}');
          answers.add(`${status} ${body.replaceAll(/\s/g, '')}`);
        }
      })();
      addVersion(base, '2', join(models, 'versions', '2'));
      await expect
        .poll(() => states(restPort, 'm'), { timeout: 30_000 })
        .toEqual([
          { version: '2', state: 'AVAILABLE', code: 'OK' },
          { version: '1', state: 'END', code: 'OK' },
        ]);
      end.abort();
      await asking;
      expect(answers).toEqual(new Set(['200 {"predictions":[1.0]}', '200 {"predictions":[2.0]}']));
      expect(await predictRest(restPort, 'm/versions/1', '{"instances":[1.0]}')).toMatchObject({ status: 404 });

      // A broken one does not take the place of the one that works, and is not tried for ever.
      mkdirSync(join(base, '3'));
      writeFileSync(join(base, '3', 'saved_model.pb'), 'no graph');
      await expect
        .poll(() => states(restPort, 'm'), { timeout: 30_000 })
        .toEqual([
          { version: '3', state: 'END', code: 'DATA_LOSS' },
          { version: '2', state: 'AVAILABLE', code: 'OK' },
          { version: '1', state: 'END', code: 'OK' },
        ]);
      expect(await predictRest(restPort, 'm', '{"instances":[1.0]}')).toMatchObject({ status: 200 });

      // The base folder gone: what is served stays. The versions gone: they are unloaded.
      renameSync(base, `${base}-away`);
      await expect.poll(() => messages(server).some((line) => line.includes('Could not find base path')), { timeout: 30_000 }).toBe(true);
      expect(await predictRest(restPort, 'm', '{"instances":[1.0]}')).toMatchObject({ status: 200 });
      mkdirSync(base);
      await expect
        .poll(() => states(restPort, 'm'), { timeout: 30_000 })
        .toEqual([
          { version: '3', state: 'END', code: 'DATA_LOSS' },
          { version: '2', state: 'END', code: 'OK' },
          { version: '1', state: 'END', code: 'OK' },
        ]);
      expect(await predictRest(restPort, 'm', '{"instances":[1.0]}')).toMatchObject({ status: 404 });

      // One that comes back is loaded again.
      rmSync(base, { recursive: true });
      renameSync(`${base}-away`, base);
      rmSync(join(base, '3'), { recursive: true });
      await expect.poll(() => states(restPort, 'm'), { timeout: 30_000 }).toContainEqual({ version: '2', state: 'AVAILABLE', code: 'OK' });
    });

    test('policies: the latest two, all, the latest; folders that are no numbers are left alone', async () => {
      const base = newFolder('policies');
      for (const [version, source] of [
        ['0', '1'],
        ['1', '1'],
        ['2', '2'],
        ['3', '3'],
        ['00005', '3'],
        ['v4', '1'],
        ['-7', '1'],
        ['1.5', '1'],
      ] as const)
        addVersion(base, version, join(models, 'versions', source));
      const config = join(folder, 'policies.config');
      const model = (name: string, policy: string): string =>
        `config { name: "${name}" base_path: "${base}" model_platform: "tensorflow" ${policy} }\n`;
      writeFileSync(
        config,
        `model_config_list { ${model('two', 'model_version_policy { latest { num_versions: 2 } }')} ${model('all', 'model_version_policy { all {} }')} ${model('one', '')} }`,
      );
      await using server = await runModelServer([`--model_config_file=${config}`]);
      const { restPort } = server;
      const available = (...versions: string[]): VersionState[] => versions.map((version) => ({ version, state: 'AVAILABLE', code: 'OK' }));
      await expect.poll(() => states(restPort, 'two'), { timeout: 30_000 }).toEqual(available('5', '3'));
      await expect.poll(() => states(restPort, 'all'), { timeout: 30_000 }).toEqual(available('5', '3', '2', '1', '0', '-7'));
      await expect.poll(() => states(restPort, 'one'), { timeout: 30_000 }).toEqual(available('5'));
      expect((await predictRest(restPort, 'all/versions/00005', '{"instances":[1.0]}')).body.replaceAll(/\s/g, '')).toBe(
        '{"predictions":[3.0]}',
      );
      expect((await predictRest(restPort, 'all/versions/0', '{"instances":[1.0]}')).body.replaceAll(/\s/g, '')).toBe(
        '{"predictions":[1.0]}',
      );
    });

    test('the configuration file is read again: models come and go, labels move, nonsense changes nothing', async () => {
      const config = join(folder, 'polled.config');
      const line = (name: string, model: string, more = ''): string =>
        `config { name: "${name}" base_path: "${models}/${model}" model_platform: "tensorflow" ${more} }\n`;
      const both = 'model_version_policy { specific { versions: 1 versions: 3 } }';
      const write = (...lines: string[]): void => writeFileSync(config, `model_config_list {\n${lines.join('')}}\n`);
      write(line('m', 'versions', both));
      await using server = await runModelServer([
        `--model_config_file=${config}`,
        '--model_config_file_poll_wait_seconds=1',
        '--max_num_load_retries=0',
      ]);
      const { restPort } = server;
      const labelled = async (): Promise<number> => (await predictRest(restPort, 'm/labels/stable', '{"instances":[1.0]}')).status;
      expect(await states(restPort, 'other')).toBe('Could not find any versions of model other');

      write(line('m', 'versions', `${both} version_labels { key: "stable" value: 3 }`), line('other', 'dense'));
      await expect.poll(labelled, { timeout: 30_000 }).toBe(200);
      expect(await states(restPort, 'other')).toEqual([{ version: '1', state: 'AVAILABLE', code: 'OK' }]);

      // A model that never comes does not keep a newer configuration from being served.
      write(line('m', 'versions', both), line('never', 'there-is-none'));
      await expect.poll(() => messages(server).some((text) => text.includes('for servable never')), { timeout: 30_000 }).toBe(true);
      write(line('m', 'versions', `${both} version_labels { key: "stable" value: 3 }`), line('other', 'dense'));
      await expect.poll(() => states(restPort, 'other'), { timeout: 30_000 }).toEqual([{ version: '1', state: 'AVAILABLE', code: 'OK' }]);
      await expect.poll(labelled, { timeout: 30_000 }).toBe(200);

      writeFileSync(config, 'nonsense {');
      await expect
        .poll(() => messages(server).some((text) => text.startsWith('Error parsing text-format')), { timeout: 30_000 })
        .toBe(true);
      expect(await labelled()).toBe(200);

      write(line('m', 'versions', both), line('bad', 'corrupt'));
      await expect.poll(() => states(restPort, 'bad'), { timeout: 30_000 }).toEqual([{ version: '1', state: 'END', code: 'DATA_LOSS' }]);
      await expect.poll(() => states(restPort, 'other'), { timeout: 30_000 }).toEqual([{ version: '1', state: 'END', code: 'OK' }]);
      expect(await predictRest(restPort, 'm', '{"instances":[1.0]}')).toMatchObject({ status: 200 });
    });
  });

  test('told to end, it finishes what it works on and ends with 0', async () => {
    await using server = await runModelServer(['--model_name=slow', `--model_base_path=${models}/slow`], { grpc: true });
    const slow = predictRest(server.restPort, 'slow', '{"instances":[2]}');
    await expect
      .poll(async () => (await ask(server.restPort, { method: 'GET', target: '/v1/models/slow' })).status, { timeout: 30_000 })
      .toBe(200);
    process.kill(server.pid, 'SIGTERM');
    expect(await slow).toMatchObject({ status: 200 });
    expect(await server.ended).toEqual({ code: 0 });
  });
});
