import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { readRecordings } from './recordings.ts';
import { ask, runModelServer } from './runModelServer.ts';

const root = fixtures();

/** Name → type, from the TYPE lines. */
const types = (text: string): ReadonlyMap<string, string> =>
  new Map(Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name = '', type = '']) => [name, type]));

/** Sample name → the names of its labels. */
const labels = (text: string): ReadonlyMap<string, string> =>
  new Map(
    Array.from(text.matchAll(/^(:[\w:]+)\{(.*)\} \S+$/gm), ([, name = '', pairs = '']) => [
      name,
      Array.from(pairs.matchAll(/(\w+)="/g), ([, label]) => label).join(),
    ]),
  );

const bounds = (text: string, metric: string): readonly string[] => [
  ...new Set(Array.from(text.matchAll(new RegExp(`^${metric}_bucket\\{.*le="([^"]+)"\\}`, 'gm')), ([, bound = '']) => bound)),
];

describe.skipIf(root === undefined)(`metrics ${root === undefined ? whyNoFixtures : ''}`, () => {
  test('have the names, types, labels and bounds of the genuine ones', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-metrics-'));
    const config = join(folder, 'monitoring.config');
    writeFileSync(config, 'prometheus_config: { enable: true, path: "/metrics/here" }');
    const base = join(root ?? '', 'reference', 'rest', 'models', 'half_plus_two');
    await using server = await runModelServer([
      '--model_name=half_plus_two',
      `--model_base_path=${base}`,
      `--monitoring_config_file=${config}`,
    ]);
    const post = (target: string, body: string): Promise<unknown> => ask(server.restPort, { method: 'POST', target, body });
    await post('/v1/models/half_plus_two:predict', '{"instances":[1]}');
    await post('/v1/models/half_plus_two:predict', '{"instances":["a"]}');
    await post('/v1/models/nope:predict', '{"instances":[1]}');
    await ask(server.restPort, { method: 'GET', target: '/v1/models/half_plus_two' });
    const ours = (await ask(server.restPort, { method: 'GET', target: '/metrics/here' })).body.toString();
    rmSync(folder, { recursive: true });
    const recorded = readRecordings(root ?? '').find(({ path, status }) => path.endsWith('/metrics') && status === 200);
    const theirs = recorded?.response_body ?? '';
    expect(types(ours).size).toBeGreaterThan(15);
    for (const [name, type] of types(ours)) expect([name, types(theirs).get(name)]).toEqual([name, type]);
    for (const [name, names] of labels(ours)) expect([name, labels(theirs).get(name)]).toEqual([name, names]);
    for (const metric of [
      ':tensorflow:serving:request_latency',
      ':tensorflow:serving:runtime_latency',
      ':tensorflow:core:graph_run_time_usecs_histogram',
    ])
      expect(bounds(ours, metric)).toEqual(bounds(theirs, metric));
    expect(ours.split('\n').filter((line) => /:request_(count|latency_count)\{/.test(line))).toEqual([
      ':tensorflow:serving:request_count{model_name="half_plus_two",status="INVALID_ARGUMENT"} 1',
      ':tensorflow:serving:request_count{model_name="half_plus_two",status="OK"} 2',
      ':tensorflow:serving:request_count{model_name="nope",status="NOT_FOUND"} 1',
      ':tensorflow:serving:request_latency_count{model_name="half_plus_two",API="",entrypoint="REST"} 1',
      ':tensorflow:serving:request_latency_count{model_name="half_plus_two",API="predict",entrypoint="REST"} 1',
    ]);
  });
});
