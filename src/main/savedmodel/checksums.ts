import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem, VariableInfo } from '../../shared/contract/savedModel.ts';
import { crc32c, maskCrc } from './crc32c.ts';
import { problem } from './problem.ts';
import { shardFile } from './variablesIndex.ts';

const chunkBytes = 4 * 1024 * 1024;

/** The checksum of a stretch of a file, read in chunks; null where the file ends before it. */
async function fileCrc(file: FileHandle, offset: number, bytes: number, signal: AbortSignal): Promise<number | null> {
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunkBytes, bytes)));
  let crc = 0;
  for (let done = 0; done < bytes;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytes - done), offset + done);
    if (bytesRead === 0) return null;
    crc = crc32c(buffer.subarray(0, bytesRead), crc);
    done += bytesRead;
  }
  return crc;
}

/**
 * The checksum of a string tensor (tensor_bundle.cc): lengths as varints, a masked checksum of the lengths, then the strings.
 * What is summed is each length as 4 bytes (8 where longer), then those four bytes, then the strings.
 */
async function stringCrc(
  file: FileHandle,
  variable: VariableInfo,
  offset: number,
  bytes: number,
  signal: AbortSignal,
): Promise<number | null> {
  const count = variable.shape.reduce((product, dim) => product * dim, 1);
  const lengthsBytes = Math.min(bytes, count * 10 + 4);
  if (lengthsBytes > 256 * 1024 * 1024) return null;
  const head = Buffer.alloc(lengthsBytes);
  const { bytesRead } = await file.read(head, 0, lengthsBytes, offset);
  if (bytesRead < lengthsBytes) return null;
  let at = 0;
  let crc = 0;
  const four = Buffer.alloc(4);
  for (let index = 0; index < count; index += 1) {
    let length = 0;
    let scale = 1;
    for (;;) {
      const byte = head[at];
      if (byte === undefined) return null;
      at += 1;
      length += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) break;
    }
    if (length > 0xffffffff) return null;
    four.writeUInt32LE(length);
    crc = crc32c(four, crc);
  }
  crc = crc32c(head.subarray(at, at + 4), crc);
  const rest = bytes - at - 4;
  if (rest < 0) return null;
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunkBytes, rest)));
  for (let done = 0; done < rest;) {
    signal.throwIfAborted();
    const { bytesRead: got } = await file.read(buffer, 0, Math.min(buffer.length, rest - done), offset + at + 4 + done);
    if (got === 0) return null;
    crc = crc32c(buffer.subarray(0, got), crc);
    done += got;
  }
  return crc;
}

/**
 * Compares the checksum of every variable with the bytes on disk; empty where all are equal. `onProgress` gets bytes done and
 * bytes in all. Reads in chunks of 4 MB; a missing or short shard is not told here but by inspectFolder.
 */
export async function verifyChecksums(
  versionPath: string,
  variables: readonly VariableInfo[],
  {
    signal,
    shards,
    onProgress,
  }: { readonly signal: AbortSignal; readonly shards?: number; readonly onProgress?: (doneBytes: number, totalBytes: number) => void },
): Promise<readonly Problem[]> {
  const parts = variables.flatMap((variable) => (variable.slices ?? [variable]).map((part) => ({ variable, part })));
  const totalBytes = parts.reduce((sum, { part }) => sum + part.bytes, 0);
  const shardCount = shards ?? Math.max(0, ...parts.map(({ part }) => part.shard)) + 1;
  const bad: { key: string; file: string }[] = [];
  let doneBytes = 0;
  for (const [shard, inShard] of Map.groupBy(parts, ({ part }) => part.shard)) {
    const name = shardFile(shard, shardCount);
    await using file = await open(join(versionPath, 'variables', name));
    for (const { variable, part } of inShard) {
      const crc =
        variable.dtype === 'DT_STRING'
          ? await stringCrc(file, variable, part.offset, part.bytes, signal)
          : await fileCrc(file, part.offset, part.bytes, signal);
      if (crc === null || maskCrc(crc) !== part.crc32c) bad.push({ key: variable.key, file: `variables/${name}` });
      doneBytes += part.bytes;
      onProgress?.(doneBytes, totalBytes);
    }
  }
  const [first] = bad;
  if (first === undefined) return [];
  return [problem('CHECKSUM_MISMATCH', { key: first.key, file: first.file, more: bad.length - 1 })];
}
