import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSavedModelProto, type MetaGraph } from './savedModelProto.ts';
import { savedModelFromText } from './textProto.ts';

/** The meta graphs of a version's folder, from saved_model.pb, else saved_model.pbtxt, as TensorFlow's loader looks for them. */
export async function readGraphs(versionPath: string, readBytes: (path: string) => Promise<Uint8Array>): Promise<readonly MetaGraph[]> {
  const binary = join(versionPath, 'saved_model.pb');
  if (existsSync(binary)) return readSavedModelProto(await readBytes(binary));
  const text = await readBytes(join(versionPath, 'saved_model.pbtxt'));
  return readSavedModelProto(savedModelFromText(new TextDecoder().decode(text)));
}
