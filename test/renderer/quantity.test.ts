import { describe, expect, it } from 'vitest';
import { createNumbers } from '../../src/renderer/ui/format.ts';
import { quantityOf } from '../../src/renderer/ui/quantity.ts';

describe('a written quantity', () => {
  it('comes apart into number and unit, thousands staying with the number', () => {
    const number = createNumbers();
    expect([
      quantityOf(number.bytes(118_400_000)),
      quantityOf(number.percent(38.4)),
      quantityOf('11\u202f376\u202fms'),
      quantityOf('7'),
    ]).toEqual([
      { value: '118', unit: 'MB' },
      { value: '38.4', unit: '%' },
      { value: '11\u202f376', unit: 'ms' },
      { value: '7', unit: '' },
    ]);
  });
});
