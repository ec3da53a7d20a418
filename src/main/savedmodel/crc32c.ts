/**
 * CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), eight bytes a step by eight tables, and the masked form that
 * TensorFlow's tables and bundles store: rotated right by 15 and offset, so that a checksum of checksums stays good.
 */
const tables = ((): readonly Uint32Array[] => {
  const made = Array.from({ length: 8 }, () => new Uint32Array(256));
  const [first] = made;
  if (first === undefined) throw new Error('eight tables');
  for (let index = 0; index < 256; index += 1) {
    let crc = index;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    first[index] = crc >>> 0;
  }
  for (let step = 1; step < 8; step += 1) {
    for (let index = 0; index < 256; index += 1) {
      const before = made[step - 1]?.[index] ?? 0;
      const table = made[step];
      if (table !== undefined) table[index] = ((before >>> 8) ^ (first[before & 0xff] ?? 0)) >>> 0;
    }
  }
  return made;
})();

/** Continues a checksum over more bytes; start with 0. */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let state = ~crc;
  let at = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const end = bytes.length - 7; at < end; at += 8) {
    const low = state ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    state =
      (t7[low & 0xff] ?? 0) ^
      (t6[(low >>> 8) & 0xff] ?? 0) ^
      (t5[(low >>> 16) & 0xff] ?? 0) ^
      (t4[low >>> 24] ?? 0) ^
      (t3[high & 0xff] ?? 0) ^
      (t2[(high >>> 8) & 0xff] ?? 0) ^
      (t1[(high >>> 16) & 0xff] ?? 0) ^
      (t0[high >>> 24] ?? 0);
  }
  for (; at < bytes.length; at += 1) state = (state >>> 8) ^ (t0[(state ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return ~state >>> 0;
}

/** The stored form of a checksum. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
