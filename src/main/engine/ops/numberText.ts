import { dtypeSizeBytes, type Dtype } from '../../../shared/tensor/dtype.ts';
import { floatsOf } from '../float16.ts';
import type { MakeKernel, OpFamily } from '../kernel.ts';
import { allocate, cells, invalid, isComplex, isFloating, isWide, numbers, strings, tensorOf, typeText } from '../value.ts';
import { pairsOf } from './complex.ts';
import { formatFloat } from './formatNumber.ts';
import { text, bytes, stringTensor } from './string.ts';
/** Numbers as text, and text as numbers. */

const asString: MakeKernel = ({ attributes }) => {
  const [precision, scientific, shortest, width, fill] = [
    attributes.int('precision'),
    attributes.bool('scientific'),
    attributes.bool('shortest'),
    attributes.int('width'),
    attributes.text('fill'),
  ];
  if (scientific && shortest) throw invalid('Cannot select both scientific and shortest notation');
  const padded = (bare: string): string => {
    const value = (fill === ' ' || fill === '+') && !bare.startsWith('-') ? fill + bare : bare;
    if (width <= value.length) return value;
    if (fill === '-') return value.padEnd(width);
    if (fill === '0' && /\d/.test(value))
      return /^[+-]/.test(value) ? value[0]! + value.slice(1).padStart(width - 1, '0') : value.padStart(width, '0');
    return value.padStart(width);
  };
  // Beyond 1e21 toFixed answers an exponent.
  const fixed = (value: number, digits: number): string =>
    Math.abs(value) < 1e21 ? value.toFixed(digits) : `${BigInt(value)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`;
  const real = (value: number): string => {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
    const sign = Object.is(value, -0) ? '-' : '';
    if (scientific) return sign + value.toExponential(precision < 0 ? 6 : precision).replace(/e([+-])(\d)$/, 'e$10$2');
    if (shortest) return formatFloat(value, precision < 0 ? 6 : Math.max(1, precision));
    return sign + fixed(value, precision < 0 ? 6 : precision);
  };
  return (inputs) => {
    const x = tensorOf(inputs[0]);
    if (x.dtype === 'DT_STRING') return x;
    if (isComplex(x.dtype))
      return stringTensor(
        x.shape,
        pairsOf(x).map(([re, im]) => bytes(`(${padded(real(re))},${padded(real(im))})`)),
      );
    if (precision >= 0 && !isFloating(x.dtype)) throw invalid(`precision not supported for datatype ${typeText(x.dtype)}`);
    if (x.dtype === 'DT_BOOL')
      return stringTensor(
        x.shape,
        Array.from(numbers(x) as unknown as Uint8Array, (value) => bytes(padded(value === 0 ? 'false' : 'true'))),
      );
    if (isFloating(x.dtype))
      return stringTensor(
        x.shape,
        Array.from(floatsOf(x), (value) => bytes(padded(real(value)))),
      );
    return stringTensor(
      x.shape,
      Array.from(x.data as Int32Array, (value) => bytes(padded(String(value)))),
    );
  };
};

const floatText = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?|nan)$/i;
const hexText = /^[+-]?0x[\da-f]+$/i;

function parseNumber(value: string, dtype: Dtype): number | bigint {
  const trimmed = value.trim();
  const refused = invalid(`StringToNumberOp could not correctly convert string: ${value}`);
  if (isFloating(dtype)) {
    if (hexText.test(trimmed)) return Number(trimmed.replace(/^[+-]/, '')) * (trimmed.startsWith('-') ? -1 : 1);
    if (!floatText.test(trimmed)) throw refused;
    return Number(trimmed.replace(/^([+-]?)inf(inity)?$/i, '$1Infinity').replace(/^[+-]?nan$/i, 'NaN'));
  }
  if (!/^[+-]?\d+$/.test(trimmed)) throw refused;
  const whole = BigInt(trimmed);
  const bits = dtypeSizeBytes(dtype) * 8;
  const signed = !dtype.startsWith('DT_U');
  if ((signed ? BigInt.asIntN(bits, whole) : BigInt.asUintN(bits, whole)) !== whole) throw refused;
  return isWide(dtype) ? whole : Number(whole);
}

export const numberTextOps: OpFamily = {
  AsString: asString,
  StringToNumber: ({ attributes }) => {
    const dtype = attributes.type('out_type');
    return (inputs) => {
      const x = tensorOf(inputs[0]);
      const into = allocate(dtype, x.shape);
      const to = cells(into.data);
      for (const [at, value] of strings(x).entries()) to[at] = parseNumber(text(value), dtype);
      return into;
    };
  },
};
