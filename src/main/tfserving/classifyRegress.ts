import type { SignatureInfo, TensorInfo } from '../../shared/contract/savedModel.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { JsonWriter } from './jsonWriter.ts';
import { invalid } from './status.ts';

/** TensorFlow Serving's Classify and Regress: examples in, labels with scores or one number each out. Source: its classifier and regressor. */

/** One class of one example; `label` is empty where the model names none. */
export interface ScoredClass {
  readonly label: Uint8Array;
  readonly score: number;
}

const indent = (text: string, by: string): string => text.replaceAll(/^(?=.)/gm, by);

function infoText({ name, dtype, shape }: TensorInfo): string {
  const dims = (shape ?? []).map((size) => (size === 0 ? '  dim {\n  }\n' : `  dim {\n    size: ${size}\n  }\n`)).join('');
  return `name: ${JSON.stringify(name)}\ndtype: ${dtype}\ntensor_shape {\n${shape === null ? '  unknown_rank: true\n' : dims}}\n`;
}

/** A signature as protobuf prints it. */
function signatureText({ inputs, outputs, method_name }: SignatureInfo): string {
  const side = (field: string, infos: Readonly<Record<string, TensorInfo>>): string =>
    Object.keys(infos)
      .toSorted()
      .map((key) => {
        const info = infos[key];
        return `${field} {\n  key: ${JSON.stringify(key)}\n  value {\n${info === undefined ? '' : indent(infoText(info), '    ')}  }\n}\n`;
      })
      .join('');
  return `${side('inputs', inputs)}${side('outputs', outputs)}method_name: ${JSON.stringify(method_name)}\n`;
}

export type ExampleMethod = 'classify' | 'regress';
const methodNames = { classify: 'tensorflow/serving/classify', regress: 'tensorflow/serving/regress' } as const;

/** Refuses a signature that cannot be used so; by its method's name, too, where `checkName` says so. Throws StatusError. */
export function checkExampleSignature(
  signature: SignatureInfo,
  method: ExampleMethod,
  { checkName }: { readonly checkName: boolean },
): void {
  const { inputs, outputs, method_name } = signature;
  const word = method === 'classify' ? 'classification' : 'regression';
  if (checkName && method_name !== methodNames[method])
    throw invalid(`Expected ${word} signature method_name to be ${methodNames[method]}. Was: ${method_name}`);
  if (Object.keys(inputs).length !== 1) throw invalid('Expected one input Tensor.');
  const count = Object.keys(outputs).length;
  if (method === 'classify' && count !== 1 && count !== 2) throw invalid(`Expected one or two output Tensors, found ${count}`);
  if (method === 'regress' && count !== 1) throw invalid('Expected one output Tensor.');
  if (!Object.hasOwn(inputs, 'inputs')) throw invalid(`No ${word} inputs found in SignatureDef: ${signatureText(signature)}`);
  const found = ['classes', 'scores'].filter((name) => Object.hasOwn(outputs, name)).length;
  if (method === 'classify' && found !== count)
    throw invalid(
      `Expected classification signature outputs to contain ${found === 0 ? 'at least one of "classes" or "scores"' : 'both "classes" and "scores"'}. Signature was: ${signatureText(signature)}`,
    );
  if (method === 'regress' && !Object.hasOwn(outputs, 'outputs'))
    throw invalid(`No regression outputs found in SignatureDef: ${signatureText(signature)}`);
}

/** Serialized examples as the one input that such a signature has. */
export function exampleInputs(examples: readonly Uint8Array[]): Readonly<Record<string, Tensor>> {
  if (examples.length === 0) throw invalid('Input is empty.');
  return { inputs: { dtype: 'DT_STRING', shape: [examples.length], data: examples } };
}

const noLabel = new Uint8Array();

/** Classes of each example. Throws StatusError where the outputs are not [examples, classes]. */
export function classesOf(outputs: Readonly<Record<string, Tensor>>, examples: number): readonly (readonly ScoredClass[])[] {
  const { classes, scores } = outputs;
  for (const [name, tensor] of [
    ['classes', classes],
    ['scores', scores],
  ] as const) {
    if (tensor === undefined) continue;
    const shown = `[${tensor.shape.join(',')}]`;
    if (tensor.shape.length !== 2) throw invalid(`Expected Tensor shape: [batch_size num_classes] but got ${shown}`);
    if (tensor.shape[0] !== examples) throw invalid(`Expected ${name} output batch size of ${examples}. Got: ${tensor.shape[0] ?? 0}`);
  }
  if (classes !== undefined && classes.dtype !== 'DT_STRING') throw invalid(`Expected classes Tensor of DT_STRING. Got: ${classes.dtype}`);
  if (scores !== undefined && scores.dtype !== 'DT_FLOAT') throw invalid(`Expected scores Tensor of DT_FLOAT. Got: ${scores.dtype}`);
  const columns = (classes ?? scores)?.shape[1] ?? 0;
  if (classes !== undefined && scores !== undefined && classes.shape[1] !== scores.shape[1])
    throw invalid('Tensors class and score should match in shape[1].');
  const labels = classes?.data as readonly Uint8Array[] | undefined;
  const values = scores?.data as Float32Array | undefined;
  return Array.from({ length: examples }, (_, row) =>
    Array.from({ length: columns }, (__, column) => ({
      label: labels?.[row * columns + column] ?? noLabel,
      score: values?.[row * columns + column] ?? 0,
    })),
  );
}

/** A number an example. Throws StatusError where the output is not one. */
export function regressionsOf(outputs: Readonly<Record<string, Tensor>>, examples: number): readonly number[] {
  const { outputs: output } = outputs;
  const shape = output?.shape ?? [];
  if (output === undefined || !(shape.length === 1 || (shape.length === 2 && shape[1] === 1)))
    throw invalid(`Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [${shape.join(',')}]`);
  if (shape[0] !== examples) throw invalid(`Input batch size did not match output batch size: ${examples} vs. ${shape[0] ?? 0}`);
  if (output.dtype !== 'DT_FLOAT') throw invalid(`Expected output Tensor of DT_FLOAT.  Got: ${output.dtype}`);
  return Array.from(output.data as Float32Array);
}

/** `{"results": [[["label", score], ...], ...]}`. */
export function writeClasses(results: readonly (readonly ScoredClass[])[]): Buffer {
  const writer = new JsonWriter();
  writer.open('object');
  writer.key('results');
  writer.open('list');
  writer.inLine = true;
  for (const classes of results) {
    writer.open('list');
    for (const { label, score } of classes) {
      writer.open('list');
      writer.string(label);
      writer.float(score);
      writer.close();
    }
    writer.close();
  }
  writer.inLine = false;
  writer.close();
  writer.close();
  return writer.finish();
}

/** `{"results": [number, ...]}`. */
export function writeRegressions(results: readonly number[]): Buffer {
  const writer = new JsonWriter();
  writer.open('object');
  writer.key('results');
  writer.open('list');
  writer.inLine = true;
  for (const value of results) writer.float(value);
  writer.close();
  writer.inLine = false;
  writer.close();
  return writer.finish();
}
