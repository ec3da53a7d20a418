import { describe, expect, it } from 'vitest';
import type { Figures } from '../../src/shared/contract/serving.ts';
import { timeRange } from '../../src/renderer/ui/chartColors.ts';
import { addFigures, noFigures, spanSeconds } from '../../src/renderer/features/servings/figureHistory.ts';

const start = Date.UTC(2026, 10, 24, 14, 0, 0);

function figures(second: number, networkOutBytes = 0, networkInBytes = 0): Figures {
  return {
    time: new Date(start + second * 1_000).toISOString(),
    cpuPercent: second,
    memoryBytes: 100,
    memoryLimitBytes: 1_000,
    networkInBytes,
    networkOutBytes,
  };
}

describe('the history of figures', () => {
  it('turns counters into rates, which takes two samples', () => {
    const history = [figures(0, 1_000), figures(2, 5_000, 600)].reduce(addFigures, noFigures);
    expect({ out: history.outPerSecond, in: history.inPerSecond }).toEqual({ out: [null, 2_000], in: [null, 300] });
  });

  it('says 0, not a negative rate, when a counter began anew', () => {
    expect([figures(0, 9_000), figures(1, 10)].reduce(addFigures, noFigures).outPerSecond).toEqual([null, 0]);
  });

  it('leaves out a sample that is not newer than the last', () => {
    const history = [figures(1), figures(1), figures(0)].reduce(addFigures, noFigures);
    expect(history.times).toEqual([start / 1_000 + 1]);
  });

  it('drops what is older than the span, in every column alike', () => {
    const history = Array.from({ length: spanSeconds + 50 }, (_, second) => figures(second)).reduce(addFigures, noFigures);
    const lengths = [history.times, history.cpuPercent, history.memoryBytes, history.inPerSecond, history.outPerSecond].map(
      ({ length }) => length,
    );
    expect({ lengths, first: history.cpuPercent[0] }).toEqual({ lengths: Array(5).fill(spanSeconds + 1), first: 49 });
  });
});

describe('the times of a plot', () => {
  it('reach back to what is known, at least a minute and at most the span', () => {
    expect([timeRange(990, 1_000, 300), timeRange(880, 1_000, 300), timeRange(100, 1_000, 300), timeRange(null, null, 300)]).toEqual([
      [940, 1_000],
      [880, 1_000],
      [700, 1_000],
      [-60, 0],
    ]);
  });
});
