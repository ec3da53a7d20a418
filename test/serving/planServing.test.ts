import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { containerSpec, dockerRunText } from '../../src/main/serving/containerSpec.ts';
import { checkEnvironment, checkFlags } from '../../src/main/serving/flags.ts';
import { modelConfigOf, modelConfigText } from '../../src/main/serving/modelConfig.ts';
import { memoryFor, userFor } from '../../src/main/serving/planServing.ts';
import { AppError } from '../../src/shared/contract/errors.ts';
import { planFor } from './placeContract.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-plan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const codeOf = (work: () => void): string => {
  try {
    work();
    return 'taken';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};

test.each([
  ['--rest_api_port=9000', 'FLAG_REFUSED'],
  ['-port=9000', 'FLAG_REFUSED'],
  ['--model_config_file=/x', 'FLAG_REFUSED'],
  ['--model_base_path=/x', 'FLAG_REFUSED'],
  ['--max_num_load_retries=5', 'FLAG_REFUSED'],
  ['--ssl_config_file=/x', 'FLAG_REFUSED'],
  ['--use_alts_credentials', 'FLAG_REFUSED'],
  ['9000', 'FLAG_REFUSED'],
  ['; rm -rf /', 'FLAG_REFUSED'],
  ['--enable_batching', 'taken'],
  ['--tensorflow_intra_op_parallelism=2', 'taken'],
])('the flag %s: %s', (flag, code) => {
  expect(codeOf(() => checkFlags([flag]))).toBe(code);
});

test.each([
  [{ MODEL_NAME: 'x' }, 'ENV_REFUSED'],
  [{ MODEL_BASE_PATH: '/x' }, 'ENV_REFUSED'],
  [{ 'A B': 'x' }, 'ENV_REFUSED'],
  [{ A: 'x\0y' }, 'ENV_REFUSED'],
  [{ TF_CPP_MIN_LOG_LEVEL: '1', LD_PRELOAD: '/x.so' }, 'taken'],
])('the environment %j: %s', (env, code) => {
  expect(codeOf(() => checkEnvironment(env as Record<string, string>))).toBe(code);
});

test('memory is max(1 GiB, 3 × the model + 512 MiB), never above the engine’s own', () => {
  const [mib, gib] = [1024 ** 2, 1024 ** 3];
  expect([memoryFor(0, null), memoryFor(gib, 16 * gib), memoryFor(gib, 2 * gib)]).toEqual([gib, 3 * gib + 512 * mib, 2 * gib]);
});

test.skipIf(process.getuid?.() !== 0)('a folder of root is served as 1000 only where everybody may read all of it', async () => {
  const model = join(folder, 'm');
  mkdirSync(join(model, '1', 'variables'), { recursive: true });
  writeFileSync(join(model, '1', 'saved_model.pb'), '');
  expect(await userFor(model)).toBe('1000:1000');
  for (const [path, mode] of [
    ['1/saved_model.pb', 0o600],
    ['1/variables', 0o700],
    ['1', 0o711],
    ['', 0o750],
  ] as const) {
    const before = path.endsWith('.pb') ? 0o644 : 0o755;
    chmodSync(join(model, path), mode);
    await expect(userFor(model)).rejects.toMatchObject({ code: 'MODEL_UNREADABLE', data: { path: join(model, path) } });
    chmodSync(join(model, path), before);
  }
});

test('the docker run line says to a shell exactly what the container is made with', async () => {
  const plan = await planFor('docker', 'models/half_plus_two', {
    mount: { source: `/a b, c/it's "$HOME" \`x\``, target: '/models/m' },
    env: { NOTE: `$(touch /tmp/x); 'y' \\` },
    extraFlags: ['--file_system_poll_wait_seconds=2'],
    versions: { kind: 'all' },
    user: '7:8',
  });
  const spec = containerSpec(plan, { ownerId: 'o', dataFolder: '/d', log: { maxSizeMb: 1, maxFiles: 2 } });
  const words = execFileSync('sh', ['-c', dockerRunText(spec).replace(/^docker run/, `printf '%s\\0'`)], { encoding: 'utf8' }).split('\0');
  const after = (name: string): string[] => words.filter((_, index) => words[index - 1] === name);
  expect([after('--mount')[0], after('--env'), after('--user'), after('--publish'), words.slice(-2 - spec.command.length, -1)]).toEqual([
    // Its value is a line of CSV.
    `type=bind,"source=${plan.mount.source.replaceAll('"', '""')}",target=/models/m,readonly`,
    [`NOTE=${plan.env['NOTE'] ?? ''}`, 'MODEL_NAME=m'],
    ['7:8'],
    [`127.0.0.1:${plan.grpcPort}:8500`, `127.0.0.1:${plan.restPort}:8501`],
    [plan.image, ...spec.command],
  ]);
});

test('models.config names the base folder and the versions', () => {
  const versions = { kind: 'specific', versions: ['3', '9223372036854775807'] } as const;
  const text = modelConfigText([modelConfigOf({ name: 'm', versions: { ...versions, versions: [...versions.versions] } }, '/models/m')]);
  expect(text).toContain(`base_path: '/models/m'`);
  expect(text).toContain('specific { versions: 3 versions: 9223372036854775807 }');
});

test('a model that lies in its image is served without a mount, by the path that it has there', async () => {
  const plan = await planFor('docker', 'models/half_plus_two', { inImage: '/models/iris' });
  const spec = containerSpec(plan, { ownerId: 'o', dataFolder: folder, log: { maxSizeMb: 1, maxFiles: 1 } });
  expect([spec.mounts, spec.command]).toEqual([[], ['--max_num_load_retries=0', '--model_base_path=/models/iris']]);
});
