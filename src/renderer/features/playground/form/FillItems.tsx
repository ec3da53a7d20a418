import { Menu } from '@mantine/core';
import type { Fill } from '../../../../shared/contract/processing.ts';
import { wholeRanges } from '../../../../shared/tensor/dtypeRanges.ts';
import type { Dtype } from '../../../../shared/tensor/dtype.ts';
import { uniformOf } from './fieldInput.ts';
import { useFormWords } from './formWords.ts';

export const fillKinds = ['uniform', 'normal', 'zeros', 'ones', 'range', 'one-hot', 'constant'] as const satisfies readonly Fill['kind'][];
export type FillKind = (typeof fillKinds)[number];

/** What a choice of the menu fills a type with; its numbers are changed at the field. */
export function fillOf(kind: FillKind, dtype: Dtype, seed: number): Fill {
  switch (kind) {
    case 'uniform':
      return uniformOf(dtype, seed);
    case 'normal':
      return { kind, mean: 0, deviation: wholeRanges[dtype] === undefined ? 1 : 10, seed };
    case 'range':
      return { kind, start: 0, step: 1 };
    case 'one-hot':
      return { kind, index: 0 };
    case 'constant':
      return { kind, value: dtype === 'DT_BOOL' ? 'true' : dtype === 'DT_STRING' ? 'text' : '1' };
    default:
      return { kind };
  }
}

/** The entries of a menu that fills. */
export function FillItems({ onFill }: { readonly onFill: (kind: FillKind) => void }) {
  const words = useFormWords();
  return (
    <>
      {fillKinds.map((kind) => (
        <Menu.Item key={kind} onClick={() => onFill(kind)} rightSection={kind === 'uniform' ? <kbd>F</kbd> : null}>
          {words(`fill.${kind}`)}
        </Menu.Item>
      ))}
    </>
  );
}
