import fc from 'fast-check';

/** Some bytes changed, cut, doubled or put in. */
export const mutated = (original: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.record({ at: fc.nat(original.length - 1), kind: fc.constantFrom('set', 'cut', 'insert', 'flip'), byte: fc.nat(255) }), {
      minLength: 1,
      maxLength: 6,
    })
    .map((changes) => {
      let bytes = Buffer.from(original);
      for (const { at, kind, byte } of changes) {
        const place = Math.min(at, Math.max(0, bytes.length - 1));
        if (kind === 'set') bytes[place] = byte;
        else if (kind === 'flip') bytes[place] = (bytes[place] ?? 0) ^ (1 << (byte % 8));
        else if (kind === 'cut') bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + byte)]);
        else bytes = Buffer.concat([bytes.subarray(0, place), Buffer.alloc(1 + (byte % 20), byte), bytes.subarray(place)]);
      }
      return new Uint8Array(bytes);
    });
