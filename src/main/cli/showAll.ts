import { readFile } from 'node:fs/promises';
import type { SignatureInfo, TensorInfo, VersionInfo } from '../../shared/contract/savedModel.ts';
import { readConcreteFunctions } from '../savedmodel/objectGraph.ts';
import { readGraphs } from '../savedmodel/readGraphs.ts';

/** The text of TensorFlow's `saved_model_cli show --dir DIR --all`, with the ops of each graph sorted instead of in a set's order. */
export async function showAll(version: VersionInfo): Promise<string> {
  const lines: string[] = [];
  const read = await readGraphs(version.path, (path) => readFile(path));
  // The tool sorts the sets of tags.
  const graphs = read.toSorted((a, b) => (a.tags.join('\0') < b.tags.join('\0') ? -1 : 1));
  for (const { tags, signatures, strippedOps } of graphs) {
    lines.push('', `MetaGraphDef with tag-set: '${tags.join(', ')}' contains the following SignatureDefs:`);
    for (const [name, signature] of Object.entries(signatures)) lines.push('', `signature_def['${name}']:`, ...signatureLines(signature));
    const quoted = strippedOps.toSorted().map((op) => `'${op}'`);
    lines.push(
      `The MetaGraph with tag set [${tags.map((tag) => `'${tag}'`).join(', ')}] contains the following ops: {${quoted.join(', ')}}`,
    );
  }
  const functions = graphs.flatMap(({ objectGraph }) => (objectGraph === null ? [] : [readConcreteFunctions(objectGraph)]));
  if (functions.length > 0) lines.push('', 'Concrete Functions:', ...functions.flat());
  return `${lines.join('\n')}\n`;
}

function tensorLines(side: string, [key, { dtype, shape, name }]: readonly [string, TensorInfo]): readonly string[] {
  const dims = shape === null ? 'unknown_rank' : `(${shape.join(', ')})`;
  return [`    ${side}['${key}'] tensor_info:`, `        dtype: ${dtype}`, `        shape: ${dims}`, `        name: ${name}`];
}

function signatureLines({ inputs, outputs, method_name }: SignatureInfo): readonly string[] {
  return [
    '  The given SavedModel SignatureDef contains the following input(s):',
    ...Object.entries(inputs).flatMap((entry) => tensorLines('inputs', entry)),
    '  The given SavedModel SignatureDef contains the following output(s):',
    ...Object.entries(outputs).flatMap((entry) => tensorLines('outputs', entry)),
    `  Method name is: ${method_name}`,
  ];
}
