const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, by: bigint): bigint => u64(value << by) | (value >> (64n - by));

/** SipHash-2-4 of bytes under a key of two halves. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF". */
export function sipHash(key0: bigint, key1: bigint, data: Uint8Array): bigint {
  let [a, b, c, d] = [key0 ^ 0x736f6d6570736575n, key1 ^ 0x646f72616e646f6dn, key0 ^ 0x6c7967656e657261n, key1 ^ 0x7465646279746573n];
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i += 1) {
      a = u64(a + b);
      c = u64(c + d);
      b = rotate(b, 13n) ^ a;
      d = rotate(d, 16n) ^ c;
      a = rotate(a, 32n);
      c = u64(c + b);
      a = u64(a + d);
      b = rotate(b, 17n) ^ c;
      d = rotate(d, 21n) ^ a;
      c = rotate(c, 32n);
    }
  };
  const padded = new Uint8Array(Math.floor(data.length / 8) * 8 + 8);
  padded.set(data);
  padded[padded.length - 1] = data.length & 0xff;
  const words = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 8) {
    const word = words.getBigUint64(at, true);
    d ^= word;
    rounds(2);
    a ^= word;
  }
  c ^= 0xffn;
  rounds(4);
  return a ^ b ^ c ^ d;
}
