import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inOrder } from '../../src/main/predict/inOrder.ts';
import { percentile } from '../../src/main/predict/percentile.ts';
import { createRowsResult, readRows, rowsAt } from '../../src/main/predict/rowsResult.ts';

describe('rows in a file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-rows-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('are read again one by one or as neighbours, whatever bytes their lines take', async () => {
    await using writer = await createRowsResult('rows.csv', join(folder, 'rows'));
    await writer.head('värde\r\n');
    await writer.rows(['a\r\n', 'größer\r\n'], [1]);
    await writer.rows(['数\r\n', 'd\r\n'], [0]);
    const { result } = writer;
    expect([result.failed, await readRows(result, [3, 0, 1, 2]), await readRows(result, [])]).toEqual([
      [1, 2],
      ['d\r\n', 'a\r\n', 'größer\r\n', '数\r\n'],
      [],
    ]);
  });

  test('come by pages: those that failed first, then the others, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (bad, count) => {
        const failed = bad.flatMap((is, row) => (is ? [row] : []));
        const result = { name: '', path: '', offsets: Array.from({ length: bad.length + 1 }, (_, row) => row), failed };
        const pages: number[] = [];
        for (let offset = 0; offset < bad.length; offset += count) pages.push(...rowsAt(result, offset, count));
        expect(pages).toEqual([...failed, ...bad.flatMap((is, row) => (is ? [] : [row]))]);
      }),
    );
  });
});

describe('works in their order', () => {
  test('are never more at once than wanted, and come as they were begun', async () => {
    let [under, most] = [0, 0];
    const doors = Array.from({ length: 7 }, () => Promise.withResolvers<undefined>());
    const found: number[] = [];
    const all = (async () => {
      for await (const index of inOrder(doors.length, 3, async (one) => {
        under += 1;
        most = Math.max(most, under);
        await doors[one]?.promise;
        under -= 1;
        return one;
      }))
        found.push(index);
    })();
    for (const door of doors.toReversed()) door.resolve(undefined);
    await all;
    expect([found, most]).toEqual([[0, 1, 2, 3, 4, 5, 6], 3]);
  });

  test('end with the first failure of their order, though a later one failed before it', async () => {
    const first = Promise.withResolvers<never>();
    const found = (async () => {
      for await (const _ of inOrder(3, 2, (index) => (index === 0 ? first.promise : Promise.reject(new Error('later')))));
    })();
    await Promise.resolve();
    first.reject(new Error('first'));
    await expect(found).rejects.toThrow('first');
  });
});

test('a percentile is one of the values', () => {
  const values = [30, 10, 20, 40];
  expect([percentile(values, 0.5), percentile(values, 0.95), percentile([7], 0.5), percentile([], 0.5)]).toEqual([20, 40, 7, null]);
});
