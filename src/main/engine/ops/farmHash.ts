/** FarmHash's Fingerprint64, which TensorFlow's hash buckets use. Source: the published algorithm (farmhash, "na" variant). */

const mask = 0xffff_ffff_ffff_ffffn;
const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;

const u64 = (value: bigint): bigint => value & mask;
const rotate = (value: bigint, by: bigint): bigint => ((value >> by) | (value << (64n - by))) & mask;
const shiftMix = (value: bigint): bigint => value ^ (value >> 47n);

function mix(u: bigint, v: bigint, mul: bigint): bigint {
  const a = shiftMix(u64((u ^ v) * mul));
  return u64(shiftMix(u64((v ^ a) * mul)) * mul);
}

export function fingerprint64(bytes: Uint8Array): bigint {
  const size = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const at = (place: number): bigint => view.getBigUint64(place, true);
  const length = BigInt(size);
  const mul = u64(k2 + length * 2n);
  if (size === 0) return k2;
  if (size < 4) {
    const y = BigInt(bytes[0]! + bytes[size >> 1]! * 256);
    const z = length + BigInt(bytes[size - 1]! * 4);
    return u64(shiftMix(u64(y * k2) ^ u64(z * k0)) * k2);
  }
  if (size < 8) return mix(length + BigInt(view.getUint32(0, true)) * 8n, BigInt(view.getUint32(size - 4, true)), mul);
  if (size <= 16) {
    const a = u64(at(0) + k2);
    const b = at(size - 8);
    return mix(u64(rotate(b, 37n) * mul + a), u64((rotate(a, 25n) + b) * mul), mul);
  }
  if (size <= 32) {
    const a = u64(at(0) * k1);
    const b = at(8);
    const c = u64(at(size - 8) * mul);
    const d = u64(at(size - 16) * k2);
    return mix(u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d), u64(a + rotate(u64(b + k2), 18n) + c), mul);
  }
  if (size <= 64) {
    const a = u64(at(0) * k2);
    const b = at(8);
    const c = u64(at(size - 8) * mul);
    const d = u64(at(size - 16) * k2);
    const y = u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d);
    const z = mix(y, u64(a + rotate(u64(b + k2), 18n) + c), mul);
    const e = u64(at(16) * mul);
    const f = at(24);
    const g = u64((y + at(size - 32)) * mul);
    const h = u64((z + at(size - 24)) * mul);
    return mix(u64(rotate(u64(e + f), 43n) + rotate(g, 30n) + h), u64(e + rotate(u64(f + a), 18n) + g), mul);
  }
  return long(at, size);
}

/** More than 64 bytes: 64 at a time, the last 64 once more. */
function long(at: (place: number) => bigint, size: number): bigint {
  const weak = (place: number, first: bigint, second: bigint): readonly [bigint, bigint] => {
    const [w, x, y, z] = [at(place), at(place + 8), at(place + 16), at(place + 24)];
    const a = u64(first + w);
    const b = rotate(u64(second + a + z), 21n);
    const c = u64(a + x + y);
    return [u64(c + z), u64(b + rotate(c, 44n) + a)];
  };
  let x = 81n;
  let y = u64(81n * k1 + 113n);
  let z = u64(shiftMix(u64(y * k2 + 113n)) * k2);
  let v: readonly [bigint, bigint] = [0n, 0n];
  let w: readonly [bigint, bigint] = [0n, 0n];
  x = u64(x * k2 + at(0));
  const end = Math.floor((size - 1) / 64) * 64;
  const step = (place: number, mul: bigint, last: boolean): void => {
    x = u64(rotate(u64(x + y + v[0] + at(place + 8)), 37n) * mul);
    y = u64(rotate(u64(y + v[1] + at(place + 48)), 42n) * mul);
    x ^= last ? u64(w[1] * 9n) : w[1];
    y = u64(y + (last ? v[0] * 9n : v[0]) + at(place + 40));
    z = u64(rotate(u64(z + w[0]), 33n) * mul);
    v = weak(place, u64(v[1] * mul), u64(x + w[0]));
    w = weak(place + 32, u64(z + w[1]), u64(y + at(place + 16)));
    [z, x] = [x, z];
  };
  for (let place = 0; place !== end; place += 64) step(place, k1, false);
  const mul = u64(k1 + ((z & 0xffn) << 1n));
  w = [u64(w[0] + BigInt((size - 1) & 63)), w[1]];
  v = [u64(v[0] + w[0]), v[1]];
  w = [u64(w[0] + v[0]), w[1]];
  step(size - 64, mul, true);
  return mix(u64(mix(v[0], w[0], mul) + u64(shiftMix(y) * k0) + z), u64(mix(v[1], w[1], mul) + x), mul);
}

/** One fingerprint of two, in this order. */
export function fingerprintCat64(first: bigint, second: bigint): bigint {
  const mul = 0xc6a4a7935bd1e995n;
  const mixed = u64((first ^ mul ^ u64(shiftMix(u64(second * mul)) * mul)) * mul);
  return shiftMix(u64(shiftMix(mixed) * mul));
}
