import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../src/shared/contract/serving.ts';
import { collapseLog, findInLog } from '../../src/renderer/ui/collapseLog.ts';

function line(message: string, second: number, level: LogLine['level'] = 'info'): LogLine {
  return { time: `2026-11-24T14:06:0${second}.000Z`, stream: 'stderr', message, raw: `W file.cc:1] ${message}`, level };
}

describe('the rows of a log', () => {
  it('join neighbours that say the same, keep their order, and remember the first place and the last time', () => {
    const lines = [line('a', 1), line('a', 2), line('a', 3), line('b', 4), line('a', 5)];
    expect(collapseLog(lines).map(({ index, line: { message }, times, lastTime }) => [index, message, times, lastTime])).toEqual([
      [0, 'a', 3, '2026-11-24T14:06:03.000Z'],
      [3, 'b', 1, '2026-11-24T14:06:04.000Z'],
      [4, 'a', 1, '2026-11-24T14:06:05.000Z'],
    ]);
  });

  it('do not join the same words of another level', () => {
    expect(collapseLog([line('a', 1), line('a', 2, 'error')]).map(({ times }) => times)).toEqual([1, 1]);
  });

  it('are found by words of the message or of the raw text, in any letter case', () => {
    const rows = collapseLog([line('No versions of servable', 1), line('Adding', 2)]);
    const found = (wanted: string): readonly number[] => findInLog(rows, wanted).map(({ index }) => index);
    expect([found('SERVABLE'), found('file.cc'), found('  '), found('nothing like it')]).toEqual([[0], [0, 1], [0, 1], []]);
  });
});
