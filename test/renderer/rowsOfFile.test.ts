import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Model } from '../../src/shared/contract/state.ts';
import { assignColumn, columnsText, readColumns } from '../../src/shared/tensor/columnPlaces.ts';
import { otherTarget, sameTarget, versionsOf, type Target } from '../../src/renderer/features/playground/table/targets.ts';
import { servingOf } from './plan.ts';

describe('columns as numbers', () => {
  test('are written as runs, and read with any dash, comma or space', () => {
    expect([columnsText([0, 1, 2, 3, 6]), columnsText([]), columnsText([3, 2, 1])]).toEqual(['1–4, 7', '', '4, 3, 2']);
    expect([readColumns('1-4,7', 7), readColumns(' 1–4， 7 ', 7), readColumns('', 7)]).toEqual([[0, 1, 2, 3, 6], [0, 1, 2, 3, 6], []]);
  });

  test('are refused where they are no numbers, or there is no such column', () => {
    expect(['0', '8', '4-2', 'x', '1-', '1-8'].map((text) => readColumns(text, 7))).toEqual([null, null, null, null, null, null]);
  });

  test('come back as they were, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 99 })), (places) => {
        expect(readColumns(columnsText(places), 100)).toEqual(places);
      }),
    );
  });

  test('belong to one input at most, in the order of the table', () => {
    const columns = { a: [0, 2], b: [1] };
    expect([assignColumn(columns, 1, 'a'), assignColumn(columns, 2, null), assignColumn(columns, 3, 'b')]).toEqual([
      { a: [0, 1, 2], b: [] },
      { a: [0], b: [1] },
      { a: [0, 2], b: [1, 3] },
    ]);
  });
});

describe('the other of two targets', () => {
  const model = { id: 'm1', mountAs: null, versions: [{ version: '3' }, { version: '2' }] } as unknown as Model;
  const rest = (servingId: string): Target => ({ servingId, version: null, over: 'rest' });
  const serving = (engine: 'docker' | 'embedded', ...versions: readonly string[]) =>
    servingOf('s', { kind: 'serving', versions }, { engine });

  test('is the version before, where it is served', () => {
    expect(otherTarget(rest('s'), serving('docker', '2', '10', '9'), [model])).toEqual({ servingId: 's', version: '9', over: 'rest' });
  });

  test('is the embedded engine beside Docker, and beside the engine another version that it can open, else gRPC', () => {
    expect([
      otherTarget(rest('s'), serving('docker', '3'), [model]),
      otherTarget(rest('s'), serving('embedded', '3'), [model]),
      otherTarget(rest('s'), serving('embedded', '3'), []),
    ]).toEqual([
      { servingId: 's', version: null, over: 'embedded' },
      { servingId: 's', version: '2', over: 'embedded' },
      { servingId: 's', version: null, over: 'grpc' },
    ]);
  });

  test('is the same where the latest is that version', () => {
    const three = { ...rest('s'), version: '3' };
    expect([sameTarget(rest('s'), three, '3'), sameTarget(rest('s'), three, '4'), sameTarget(rest('s'), rest('t'), '3')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('asks versions that are served, and beside a serving all that there are', () => {
    const one = serving('docker', '3');
    expect([versionsOf(one, [model], 'rest'), versionsOf(one, [model], 'embedded'), versionsOf(undefined, [model], 'rest')]).toEqual([
      ['3'],
      ['3', '2'],
      [],
    ]);
  });
});
