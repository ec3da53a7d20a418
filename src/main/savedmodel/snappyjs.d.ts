declare module 'snappyjs' {
  /** Inflates a raw Snappy block; throws where it is longer than `maxBytes` or malformed. */
  export function uncompress(block: Uint8Array, maxBytes?: number): Uint8Array;
}
