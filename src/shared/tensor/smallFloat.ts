/**
 * The two floats of 16 bits. Source: IEEE 754 binary16 (5 bits of exponent, 10 of mantissa), and bfloat16, the upper half of a
 * binary32 (8 and 7).
 */

interface SmallFloat {
  /** The nearest value's bits, ties to even; past the largest it is an infinity. */
  readonly bits: (value: number) => number;
  readonly value: (bits: number) => number;
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

function smallFloatOf(exponentBits: number, mantissaBits: number): SmallFloat {
  const bias = 2 ** (exponentBits - 1) - 1;
  const one = 2 ** mantissaBits;
  const infinity = (2 ** exponentBits - 1) * one;
  const least = 2 ** (1 - bias);
  const largest = 2 ** bias * (2 - 1 / one);
  return {
    bits(value) {
      if (Number.isNaN(value)) return infinity + one / 2;
      const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
      const size = Math.abs(value);
      // The steps of a subnormal are those of the smallest normal. A mantissa that rounds up carries into the exponent.
      if (size < least) return sign + roundEven((size / least) * one);
      if (size >= largest + (2 ** bias / one) * 0.5) return sign + infinity;
      let exponent = Math.floor(Math.log2(size));
      if (2 ** exponent > size) exponent -= 1;
      else if (2 ** (exponent + 1) <= size) exponent += 1;
      return sign + (exponent + bias) * one + roundEven((size / 2 ** exponent - 1) * one);
    },
    value(bits) {
      const sign = (bits & 0x8000) === 0 ? 1 : -1;
      const size = bits & 0x7fff;
      const exponent = Math.floor(size / one);
      const mantissa = size % one;
      if (size >= infinity) return mantissa === 0 ? sign * Infinity : NaN;
      return sign * (exponent === 0 ? (mantissa / one) * least : (1 + mantissa / one) * 2 ** (exponent - bias));
    },
  };
}

/** By TensorFlow's type. */
export const smallFloat = { DT_HALF: smallFloatOf(5, 10), DT_BFLOAT16: smallFloatOf(8, 7) } as const;
