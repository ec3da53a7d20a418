import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDiagnosis } from '../../src/main/doctor/causes.ts';
import { milestoneOf } from '../../src/shared/tfserving/milestones.ts';
import { parseServerLine } from '../../src/main/doctor/serverLog.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';

const readLog = (name: string) =>
  readFileSync(join(fixtures() ?? '', 'reference', 'logs', name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => parseServerLine({ time: '2026-11-24T10:00:00.123456789Z', stream: 'stderr', text }));

const diagnose = (name: string): string | null => {
  const diagnosis = createDiagnosis();
  for (const line of readLog(name)) diagnosis.feed(line);
  return diagnosis.current()?.cause.id ?? null;
};

test('a line in either shape loses its prefix and keeps its level', () => {
  const of = (text: string) => {
    const { message, level } = parseServerLine({ time: '2026-11-24T10:00:00Z', stream: 'stderr', text });
    return [level, message];
  };
  expect([
    of('2026-11-23 01:03:31.887917: W tensorflow_serving/sources/a.cc:314] No versions'),
    of('I0000 00:00:1795395811.887459    1770 server_core.cc:516] Adding/updating models.'),
    of('[evhttp_server.cc : 261] NET_LOG: Entering the event loop ...'),
    of('Failed to start server. Error: UNKNOWN'),
  ]).toEqual([
    ['warning', 'No versions'],
    ['info', 'Adding/updating models.'],
    ['info', 'NET_LOG: Entering the event loop ...'],
    ['error', 'Failed to start server. Error: UNKNOWN'],
  ]);
});

test('only what a failed start quotes is told as its cause', () => {
  const diagnosis = createDiagnosis();
  const text =
    "Failed to start server. Error: UNKNOWN: 1 servable(s) did not become available: {{{name: m version: 1} due to error: NOT_FOUND: Op type not registered 'MyOp' in binary}, }";
  expect(diagnosis.feed(parseServerLine({ time: '', stream: 'stderr', text }))).toMatchObject({
    cause: { id: 'F13' },
    error: { code: 'OP_UNKNOWN', data: { op: 'MyOp' } },
  });
});

describe.skipIf(!fixtures())(fixtures() ? "a genuine server's logs" : `a genuine server's logs [${whyNoFixtures}]`, () => {
  test.each([
    ['start_badop.log', 'F13'],
    ['start_badtag.log', 'F11'],
    ['start_corrupt.log', 'F36'],
    ['start_nodir.log', 'F04'],
    ['start_novers.log', 'F01'],
    ['start_empty.log', 'F36'],
    ['start_pointsatversion.log', 'F01'],
    ['start_portinuse.log', 'F23'],
    ['start_oneofseveral.log', 'F36'],
    ['F.log', null],
    ['H.log', null],
  ])('%s: its cause is %s', (name, want) => {
    expect(diagnose(name)).toBe(want);
  });

  test('a repeated line is one cause with a count', () => {
    const diagnosis = createDiagnosis();
    for (const line of readLog('start_novers.log')) diagnosis.feed(line);
    const { cause, mayPass } = diagnosis.current() ?? {};
    expect({ repeated: (cause?.times ?? 0) > 10, mayPass }).toEqual({ repeated: true, mayPass: true });
  });

  test('a good start passes every milestone in order', () => {
    const ids = readLog('F.log')
      .flatMap(({ message }) => milestoneOf(message) ?? [])
      .map(({ id, version }) => (version === null ? id : `${id} ${version}`));
    expect(ids.slice(0, 12)).toEqual([
      'config',
      'adding',
      'reserved 1',
      'loading 1',
      'reading 1',
      'restoring',
      'initialising',
      'loaded-graph',
      'loaded 1',
      'grpc',
      'rest',
      'serving',
    ]);
  });
});
