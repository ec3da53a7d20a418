const beginnings: readonly (readonly [type: string, bytes: readonly number[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/bmp', [0x42, 0x4d]],
];

/** A file of a picture by how it begins, PNG, JPEG, GIF or BMP; null for other bytes. */
export function encodedPicture(bytes: Uint8Array): Blob | null {
  const found = beginnings.find(([, start]) => bytes.length > 32 && start.every((byte, at) => bytes[at] === byte));
  return found === undefined ? null : new Blob([new Uint8Array(bytes)], { type: found[0] });
}
