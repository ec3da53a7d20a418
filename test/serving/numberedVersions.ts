import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c, maskCrc } from '../../src/main/savedmodel/crc32c.ts';
import { fixtures } from '../fixtures.ts';

/** Where half_plus_two/1 has its variable b: the float in the shard, its checksum in the index, and the end of the index's only block. */
const [dataAt, checksumAt, blockEnd] = [4, 0x25, 0x42];

/**
 * Writes a version of half_plus_two that answers ten times its own number for 0, so that an answer tells who gave it. `corrupt`: the
 * weight changes without its checksum, which only loading it finds. It appears whole: under another name first.
 */
export function writeVersion(base: string, version: number, { corrupt = false }: { readonly corrupt?: boolean } = {}): string {
  const folder = join(base, String(version));
  const part = join(base, `.${version}.part`);
  mkdirSync(base, { recursive: true });
  cpSync(join(fixtures() ?? '', 'models', 'models', 'half_plus_two', '1'), part, { recursive: true });
  const dataPath = join(part, 'variables', 'variables.data-00000-of-00001');
  const data = readFileSync(dataPath);
  data.writeFloatLE(10 * version, dataAt);
  writeFileSync(dataPath, data);
  if (!corrupt) {
    const indexPath = join(part, 'variables', 'variables.index');
    const index = readFileSync(indexPath);
    index.writeUInt32LE(maskCrc(crc32c(data.subarray(dataAt, dataAt + 4))), checksumAt);
    // The block's type is part of its checksum.
    index.writeUInt32LE(maskCrc(crc32c(index.subarray(0, blockEnd + 1))), blockEnd + 1);
    writeFileSync(indexPath, index);
  }
  renameSync(part, folder);
  return folder;
}
