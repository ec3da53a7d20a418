import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';

const graphFiles = new Set(['saved_model.pb', 'saved_model.pbtxt', 'variables/variables.index']);
const maxAssetBytes = 16_000_000;

/** Whether a file is part of the model, by its path in the version's folder: its graph, variables and assets, and nothing beside them. */
export function isModelFile(path: string): boolean {
  return graphFiles.has(path) || /^(variables|assets)\//.test(path);
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * SHA-256 that recognises a version's content without reading its weights: over the path and size of every model file, sorted, and
 * the bytes of the graph, of variables.index (which holds every tensor's checksum as it was saved) and of assets up to 16 MB in all.
 */
export async function readContentFingerprint(
  folder: string,
  files: readonly { readonly path: string; readonly bytes: number }[],
): Promise<string> {
  const hash = createHash('sha256').update('slipway 1\n');
  let left = maxAssetBytes;
  for (const { path, bytes } of files.filter((file) => isModelFile(file.path)).toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const isAsset = path.startsWith('assets/') && bytes <= left;
    if (isAsset) left -= bytes;
    const content = graphFiles.has(path) || isAsset ? await hashOf(join(folder, path)) : '';
    hash.update(`${JSON.stringify(path)} ${bytes} ${content}\n`);
  }
  return hash.digest('hex');
}
