import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { differenceOf } from './differences.ts';
import { bodyOf, comparable, readRecordings, type Recording } from './recordings.ts';
import { ask, askRaw, runModelServer, type RunningServer } from './runModelServer.ts';

/** Groups of recordings that are replayed one by one against a server with the same configuration. */
const groups: Readonly<Record<string, readonly string[]>> = {
  A: ['--model_config_file={config}/all.config', '--monitoring_config_file={config}/monitoring.config'],
  B: ['--model_config_file={config}/batch.config', '--enable_batching', '--batching_parameters_file={config}/batch.params'],
  B2: ['--model_config_file={config}/batch.config', '--enable_batching', '--batching_parameters_file={config}/batch_allowed.params'],
  C: ['--model_config_file={config}/batch.config', '--rest_api_enable_cors_support', '--rest_api_timeout_in_ms=300'],
  E: ['--model_config_file={config}/e.config'],
  F: ['--model_name=ragged', '--model_base_path={models}/ragged'],
};

const root = fixtures();
const recordings = root === undefined ? [] : readRecordings(root);
const rest = join(root ?? '', 'reference', 'rest');

/** A recorded configuration, whose models lie under /models. */
const configText = (name: string): string =>
  readFileSync(join(rest, 'config', name), 'utf8').replaceAll('/models/', `${join(rest, 'models')}/`);

function copyConfigs(folder: string): void {
  for (const name of ['all.config', 'batch.config', 'batch.params', 'batch_allowed.params', 'e.config'])
    writeFileSync(join(folder, name), configText(name));
  writeFileSync(join(folder, 'monitoring.config'), 'prometheus_config { enable: true, path: "/monitoring/prometheus/metrics" }');
}

const titleOf = ({ index, method, path, note, request_body }: Recording): string =>
  `${index} ${method} ${path.slice(0, 60)} ${(request_body ?? '').slice(0, 60)}${note === undefined ? '' : ` (${note})`}`;

/** Raw exchanges have a suite of their own, and so do those that need others at the same time. */
const isPlain = ({ request_raw, note, path, status }: Recording): boolean =>
  request_raw === undefined && !/in parallel|concurrent pair/.test(note ?? '') && !(path.includes('prometheus') && status === 200);

describe.skipIf(root === undefined)(`recorded exchanges with a genuine server ${root === undefined ? whyNoFixtures : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-recordings-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  describe.each(Object.keys(groups))('group %s', (group) => {
    let server: RunningServer;
    beforeAll(async () => {
      copyConfigs(folder);
      const flags = (groups[group] ?? []).map((flag) => flag.replace('{config}', folder).replace('{models}', join(rest, 'models')));
      server = await runModelServer(flags);
    });
    afterAll(() => server[Symbol.asyncDispose]());

    // Two long ones were recorded without their ends.
    const raws = recordings.filter((one) => one.server === group && one.request_raw?.includes('\r\n\r\n') === true && one.status !== null);
    test.skipIf(raws.length === 0).each(raws.map((one) => [titleOf(one), one] as const))('%s', async (_, recording) => {
      const { status, body } = await askRaw(server.restPort, recording.request_raw ?? '');
      // Of requests that follow each other the first answer is compared; that all are answered is asserted elsewhere.
      const [first = ''] = (recording.response_body ?? '').split('HTTP/1.1');
      expect({ status, body: comparable(body) }).toEqual({ status: recording.status, body: comparable(first) });
    });

    test.each(recordings.filter((one) => one.server === group && isPlain(one)).map((one) => [titleOf(one), one] as const))(
      '%s',
      async (_, recording) => {
        const { status, body } = await ask(server.restPort, {
          method: recording.method,
          target: recording.path,
          body: bodyOf(recording),
          headers: recording.request_headers ?? {},
        });
        const answered = body.toString().replaceAll(join(rest, 'models'), '/models');
        const expected = { status: recording.status, body: comparable(recording.response_body ?? '') };
        const difference = differenceOf(recording);
        const isAllowed = difference?.isOurs({ status, body: answered }, recording) === true;
        // A difference stands for the recorded answer only where it is exactly the one that was written down.
        expect({ status, body: comparable(answered) }).toEqual(isAllowed ? { status, body: comparable(answered) } : expected);
        expect(isAllowed).toBe(difference !== undefined);
      },
    );
  });
});
