import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { differenceOf } from './differences.ts';
import { bodyOf, comparable, readRecordings, type Recording } from './recordings.ts';
import { ask, runModelServer } from './runModelServer.ts';

const root = fixtures();
const rest = join(root ?? '', 'reference', 'rest');
const recordings = root === undefined ? [] : readRecordings(root);
const folder = mkdtempSync(join(tmpdir(), 'slipway-life-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What stands for /models in the recordings. */
const models = join(folder, 'models');
const copy = (from: string, to: string): void => {
  const staged = join(folder, 'staged');
  cpSync(join(rest, 'models', from), staged, { recursive: true });
  renameSync(staged, join(models, to));
};

/** The answer, or that it is the difference which was written down instead. */
async function answerTo(port: number, recording: Recording): Promise<unknown> {
  const { status, body } = await ask(port, { method: recording.method, target: recording.path, body: bodyOf(recording) });
  const text = body.toString().replaceAll(models, '/models');
  return differenceOf(recording)?.isOurs({ status, body: text }, recording) === true
    ? 'our difference'
    : { status, body: comparable(text) };
}

const expectedOf = (recording: Recording): unknown =>
  differenceOf(recording) === undefined ? { status: recording.status, body: comparable(recording.response_body ?? '') } : 'our difference';

/** Of what was asked again and again while something changed, the last answer; in the order of the questions. */
function lastAnswers(group: readonly Recording[]): readonly Recording[] {
  return [...new Map(group.map((one) => [`${one.note ?? ''} ${one.method} ${one.path} ${one.request_body ?? ''}`, one])).values()];
}

describe.skipIf(root === undefined)(`recorded lives of a server ${root === undefined ? whyNoFixtures : ''}`, () => {
  test('versions and models that come, break, go and come back, step by step', { timeout: 180_000 }, async () => {
    mkdirSync(join(models, 'm'), { recursive: true });
    copy('versions/1', 'm/1');
    for (const [from, to] of [
      ['dense', 'other'],
      ['corrupt', 'corr'],
      ['badop', 'bad'],
    ] as const)
      copy(from, to);
    const config = join(folder, 'd.config');
    const model = (name: string, more = ''): string =>
      `config { name: "${name}" base_path: "${models}/${name}" model_platform: "tensorflow" ${more} }\n`;
    const write = (...lines: readonly string[]): void => writeFileSync(config, `model_config_list {\n${lines.join('')}}\n`);
    const steps: Readonly<Record<string, () => void>> = {
      'version 2 dir appeared': () => copy('versions/2', 'm/2'),
      'corrupt version 3 appeared': () => copy('corrupt/1', 'm/3'),
      'v3 removed': () => rmSync(join(models, 'm', '3'), { recursive: true }),
      'model added to config file': () => write(model('m'), model('other')),
      'corrupt model added': () => write(model('m'), model('other'), model('corr')),
      'model removed from config': () => write(model('m')),
      'model with unregistered op in function': () => write(model('m'), model('bad')),
      'label to missing version': () => write(model('m', 'version_labels { key: "stable" value: 9 }')),
      label: () => write(model('m', 'version_labels { key: "stable" value: 2 }')),
      'config file became invalid': () => writeFileSync(config, 'nonsense {'),
      'model dir removed while serving': () => renameSync(join(models, 'm'), join(models, 'away')),
      'all versions removed': () => mkdirSync(join(models, 'm')),
      'empty config': () => writeFileSync(config, ''),
    };
    write(model('m'));
    await using server = await runModelServer([
      `--model_config_file=${config}`,
      '--model_config_file_poll_wait_seconds=1',
      '--max_num_load_retries=0',
    ]);
    let last = '';
    for (const recording of lastAnswers(recordings.filter((one) => one.server === 'D'))) {
      const { note = '', index } = recording;
      if (note !== last) steps[note]?.();
      last = note;
      await expect
        .poll(async () => [index, await answerTo(server.restPort, recording)], { timeout: 30_000, interval: 100 })
        .toEqual([index, expectedOf(recording)]);
    }
  });

  test('policies over folders of all kinds of names', async () => {
    mkdirSync(join(models, 'dyn3'), { recursive: true });
    for (const [version, from] of [
      ['0', '1'],
      ['1', '1'],
      ['2', '2'],
      ['3', '3'],
      ['00005', '3'],
      ['v4', '1'],
      ['-7', '1'],
      ['1.5', '1'],
    ] as const)
      copy(`versions/${from}`, `dyn3/${version}`);
    const config = join(folder, 'h.config');
    writeFileSync(config, readFileSync(join(rest, 'config', 'latest2.config'), 'utf8').replaceAll('/models/', `${models}/`));
    await using server = await runModelServer([`--model_config_file=${config}`]);
    for (const recording of recordings.filter((one) => one.server === 'H'))
      await expect
        .poll(async () => [recording.index, await answerTo(server.restPort, recording)], { timeout: 30_000, interval: 100 })
        .toEqual([recording.index, expectedOf(recording)]);
  });
});
