import { describe, expect, it } from 'vitest';
import type { Metric } from '../../src/shared/contract/library.ts';
import { commonMetrics, decimalsOf, differenceText, metricText, metricTitle } from '../../src/renderer/features/library/metricText.ts';
import { comparePath, olderFirst, refsOf } from '../../src/renderer/features/library/versionRefs.ts';
import { createNumbers } from '../../src/renderer/ui/format.ts';
import { niceTicks } from '../../src/renderer/ui/niceTicks.ts';

const number = createNumbers();
const metric = (name: string, scope: 'version' | 'model' = 'version'): Metric => ({
  name,
  value: 1,
  points: 0,
  source: { kind: 'metrics.json', file: 'metrics.json', scope },
});

describe('metrics in words', () => {
  it('gives a column the decimals that show three figures of its smallest value, at most four', () => {
    expect([[0.978, 0.981], [0.0812, 0.9], [12.345], [1, 0], [360, 12_000], [0.00001], []].map(decimalsOf)).toEqual([3, 4, 1, 2, 0, 4, 0]);
  });

  it('writes with an exponent what the column would show as zero, and signs with a true minus', () => {
    const texts = [metricText(0.00001, 4, number), metricText(-0.5, 3, number), metricText(12_345, 0, number), metricText(0, 3, number)];
    expect(texts).toEqual(['1.00e−5', '−0.500', '12\u202f345', '0.000']);
    expect([differenceText(0.003, 3, number), differenceText(-0.0069, 4, number)]).toEqual(['+0.003', '−0.0069']);
  });

  it('makes a heading of a name', () => {
    expect(['test_accuracy', 'AUC', 'val/acc'].map(metricTitle)).toEqual(['Test accuracy', 'AUC', 'Val/acc']);
  });

  it('takes the metrics that most versions have, and none that is told for all versions alike', () => {
    const records = [{ metrics: [metric('a'), metric('b'), metric('all', 'model')] }, { metrics: [metric('b'), metric('all', 'model')] }];
    expect(commonMetrics(records)).toEqual(['b', 'a']);
  });
});

describe('the address of a comparison', () => {
  it('is read as it was written, whatever a model is called', () => {
    const versions = [
      { modelId: 'a@b', version: '12345678901234567' },
      { modelId: 'x', version: '3' },
    ];
    expect(refsOf(comparePath(versions).split('/').at(-1) ?? '')).toEqual(versions);
    expect(refsOf('nothing,x@y')).toEqual([]);
  });

  it('puts the older version of one model first, by number and not by text', () => {
    const of = (modelId: string, ...versions: readonly string[]) => versions.map((version) => ({ modelId, version }));
    expect(olderFirst(of('a', '10', '9'))).toEqual(of('a', '9', '10'));
    expect(olderFirst([...of('a', '10'), ...of('b', '9')])).toEqual([...of('a', '10'), ...of('b', '9')]);
  });
});

describe('ticks', () => {
  it('are round numbers within the range', () => {
    expect(niceTicks(0.937, 0.988).map((tick) => tick.toFixed(2))).toEqual(['0.94', '0.96', '0.98']);
    expect(niceTicks(1, 20, 5)).toEqual([5, 10, 15, 20]);
    expect(niceTicks(3, 3)).toEqual([3]);
  });
});
