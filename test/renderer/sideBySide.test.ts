import { describe, expect, it } from 'vitest';
import { classRows, signedText } from '../../src/renderer/features/playground/compare/classRows.ts';
import { otherTargets, sidesOf } from '../../src/renderer/features/playground/compare/compareTargets.ts';
import type { Serving } from '../../src/shared/contract/serving.ts';
import type { Model } from '../../src/shared/contract/state.ts';

const model = { mountAs: null, versions: ['10', '9', '8'].map((version) => ({ version })) } as unknown as Model;
const serving = {
  id: 's1',
  engine: 'docker',
  state: { kind: 'serving', versions: ['10', '9'] },
  plan: { served: { mode: 'guarded', labels: { stable: '9' }, admitted: [] } },
} as unknown as Serving;
const present = { servingId: 's1' };

describe('what an answer can be compared with', () => {
  it('is the version before it first, by number, served or not, then the other protocol and the other engine', () => {
    expect(otherTargets(present, serving, model)).toEqual([
      { kind: 'version', version: '9', served: true, label: 'stable' },
      { kind: 'version', version: '8', served: false, label: null },
      { kind: 'protocol', mode: 'grpc' },
      { kind: 'engine', backend: 'embedded' },
    ]);
    expect(otherTargets({ ...present, label: 'stable', mode: 'grpc' }, serving, model).slice(0, 3)).toEqual([
      { kind: 'version', version: '8', served: false, label: null },
      { kind: 'version', version: '10', served: true, label: null },
      { kind: 'protocol', mode: 'auto' },
    ]);
  });

  it('stands on the left where its version is lower, and is asked by its number', () => {
    const version = (number: string) => ({ kind: 'version', version: number, served: true, label: null }) as const;
    expect(sidesOf(present, version('9'), serving)).toEqual([{ servingId: 's1', version: '9' }, present]);
    expect(sidesOf({ ...present, label: 'stable' }, version('10'), serving)).toEqual([
      { servingId: 's1', label: 'stable' },
      { servingId: 's1', version: '10' },
    ]);
  });
});

describe('classes of one row on both sides', () => {
  const texts = (...values: readonly number[]) => values.map(String);

  it('begin with the choice of each, then go by what the second side gives them', () => {
    const rows = classRows(texts(0, 0, 0, 0, 0.1, 0.6, 0.2, 0.1), texts(0, 0, 0, 0, 0.3, 0.1, 0.2, 0.4), { row: 1, width: 4 });
    expect(rows.map(({ index, values, tops }) => [index, ...values, ...tops])).toEqual([
      [3, 0.1, 0.4, false, true],
      [1, 0.6, 0.1, true, false],
      [0, 0.1, 0.3, false, false],
      [2, 0.2, 0.2, false, false],
    ]);
  });

  it('are none where the values of the row are not at hand', () => {
    expect(classRows(texts(1, 2), texts(1, 2), { row: 1, width: 2 })).toEqual([]);
  });

  it('differ by signed numbers that tell how small they are', () => {
    expect([0.1352, -0.0027, 0, 3e-7, -2.5].map(signedText)).toEqual(['+0.1352', '−0.0027', '0', '+3.0e−7', '−2.5000']);
  });
});
