import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ProtoWriter } from '../../src/main/protobuf/wire.ts';
import { crc32c, maskCrc } from '../../src/main/savedmodel/crc32c.ts';
import { parseServerLine } from '../../src/main/doctor/serverLog.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { example, floats, predictMessage, specMessage } from './rawGrpc.ts';
import { ask, runModelServer, type RunningServer } from './runModelServer.ts';

const root = fixtures();
const models = join(root ?? '', 'reference', 'rest', 'models');
const folder = mkdtempSync(join(tmpdir(), 'slipway-warmup-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A TFRecord file: length, its checksum, data, its checksum. */
function tfRecords(records: readonly Uint8Array[]): Buffer {
  const checksum = (bytes: Uint8Array): Buffer => {
    const field = Buffer.alloc(4);
    field.writeUInt32LE(maskCrc(crc32c(bytes)));
    return field;
  };
  return Buffer.concat(
    records.flatMap((record) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(record.length));
      return [length, checksum(length), record, checksum(record)];
    }),
  );
}

/** A PredictionLog with a request in its field: 2 classify, 3 regress, 6 predict. */
const log = (field: number, request: Uint8Array): Uint8Array =>
  new ProtoWriter().message(field, (inner) => inner.bytes(1, request)).finish();

const withExample = (signature: string): Uint8Array =>
  specMessage('m', { signature })
    .message(2, (input) => input.message(1, (list) => list.bytes(1, example({ x: 0.5 }))))
    .finish();

let count = 0;
/** A model's base path whose only version has these warm-up requests. */
function baseWith(model: string, file: Uint8Array): string {
  count += 1;
  const base = join(folder, `base${count}`);
  cpSync(join(models, model), base, { recursive: true });
  const extra = join(base, '1', 'assets.extra');
  mkdirSync(extra);
  writeFileSync(join(extra, 'tf_serving_warmup_requests'), file);
  return base;
}

const start = (base: string, more: readonly string[] = []): Promise<RunningServer> => {
  const monitoring = join(folder, 'monitoring.config');
  writeFileSync(monitoring, 'prometheus_config { enable: true }');
  return runModelServer([
    '--model_name=m',
    `--model_base_path=${base}`,
    '--max_num_load_retries=0',
    `--monitoring_config_file=${monitoring}`,
    ...more,
  ]);
};

const messages = (server: RunningServer): string =>
  server.log.map((text) => parseServerLine({ time: '2026-01-01T00:00:00Z', stream: 'stderr', text }).message).join('\n');

async function metric(server: RunningServer, name: string): Promise<string | undefined> {
  const { body } = await ask(server.restPort, { method: 'GET', target: '/monitoring/prometheus/metrics' });
  return body
    .toString()
    .split('\n')
    .find((line) => line.startsWith(name));
}

describe.skipIf(root === undefined)(`warm-up requests ${root === undefined ? whyNoFixtures : ''}`, () => {
  const counts = tfRecords([log(6, predictMessage('m', { x: floats([1]) }))]);

  test('of all kinds are replayed before the version is available, as often as is wanted', async () => {
    const base = baseWith('tf1', tfRecords([log(2, withExample('serving_default')), log(3, withExample('reg'))]));
    await using server = await start(base, ['--num_request_iterations_for_warmup=3']);
    expect(messages(server)).toMatch(
      /Starting to read warmup data[^]*Number of warmup records read: 2\.[^]*Successfully loaded servable version \{name: m version: 1\}/,
    );
    expect(await metric(server, ':tensorflow:core:graph_runs{')).toBe(':tensorflow:core:graph_runs{} 6');
    expect(await metric(server, ':tensorflow:serving:model_warmup_records_read{')).toBe(
      `:tensorflow:serving:model_warmup_records_read{model_path="${join(base, '1')}",status="OK"} 2`,
    );
  });

  test('are left alone without --enable_model_warmup', async () => {
    await using server = await start(baseWith('scalar', counts), ['--enable_model_warmup=false']);
    expect(messages(server)).not.toContain('warmup data');
    expect(await metric(server, ':tensorflow:core:graph_runs{')).toBeUndefined();
  });

  test.each([
    [
      'a record that the model refuses',
      tfRecords([log(6, predictMessage('m', { zz: floats([1]) }))]),
      'INVALID_ARGUMENT: input size does not match signature',
    ],
    ['a kind that there is not', tfRecords([log(5, new Uint8Array())]), 'UNIMPLEMENTED: Unsupported log_type for warmup: 5'],
    [
      'a file that is cut short',
      counts.subarray(0, -3),
      'DATA_LOSS: truncated record at 0. Please verify your warmup data is in TFRecord format.',
    ],
    [
      'a file of another kind',
      Buffer.from('this is no TFRecord file at all'),
      'DATA_LOSS: corrupted record at 0. Please verify your warmup data is in TFRecord format.',
    ],
    [
      'too many records',
      tfRecords(Array.from({ length: 1001 }, () => log(6, predictMessage('m', { x: floats([1]) })))),
      'INVALID_ARGUMENT: Number of warmup records exceeds the maximum (1000)',
    ],
  ])('%s fails the load', async (_, file, words) => {
    await using server = await start(baseWith('scalar', file));
    expect(await server.ended).toEqual({ code: 255 });
    expect(server.log.at(-1)).toContain(`{{{name: m version: 1} due to error: ${words}`);
  });
});
