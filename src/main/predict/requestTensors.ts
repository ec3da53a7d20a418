import type { SignatureInfo, TensorInfo } from '../../shared/contract/savedModel.ts';
import { dtypeLabel, valueDtype } from '../../shared/tensor/dtype.ts';
import { base64Of, JsonSyntax, member, parseJson, type Json } from '../../shared/tensor/json.ts';
import { checkBody } from '../../shared/tensor/requestCheck.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { elementCount, newNumbers, putText } from '../../shared/tensor/tensorData.ts';
import { isStrings } from '../tfserving/tensorMessage.ts';
import { mismatch } from './fitTensor.ts';
import type { InputTensors } from './inputTensors.ts';

const isPlain = (json: Json): boolean => json.kind !== 'object' || base64Of(json) !== undefined;
const itemsOf = (json: Json | undefined): readonly Json[] => (json?.kind === 'list' ? json.items : []);

function bytesOfText(json: Json): Uint8Array {
  const encoded = base64Of(json);
  return new Uint8Array(encoded === undefined ? Buffer.from(json.kind === 'string' ? json.value : '') : Buffer.from(encoded, 'base64'));
}

/** Nested lists as one tensor; their shape has been compared with the signature's, or is the lists' own. */
function tensorOf(input: string, json: Json, info: TensorInfo): Tensor {
  const dtype = valueDtype(info.dtype);
  const shape: number[] = [];
  for (let rest: Json | undefined = json; rest?.kind === 'list'; rest = rest.items[0]) shape.push(rest.items.length);
  // An empty list tells nothing of the dimensions within it.
  if (shape.at(-1) === 0) for (const size of info.shape?.slice(shape.length) ?? []) shape.push(Math.max(0, size));
  const count = elementCount(shape);
  const strings: Uint8Array[] = [];
  const data = dtype === 'DT_STRING' ? strings : newNumbers(dtype, count);
  if (data === null) throw mismatch(`${input} is ${dtypeLabel(dtype)}, which no request carries.`);
  let at = 0;
  function take(value: Json): void {
    if (value.kind === 'list') {
      for (const item of value.items) take(item);
      return;
    }
    if (data === strings) strings.push(bytesOfText(value));
    else if (data !== null && !isStrings(data)) {
      const text = value.kind === 'number' ? value.text : value.kind === 'bool' ? String(Number(value.value)) : null;
      if (text === null || (/\D/.test(text.slice(1)) && (data instanceof BigInt64Array || data instanceof BigUint64Array)))
        throw mismatch(`${input} is ${dtypeLabel(dtype)}: not every value is.`);
      putText(data, at, dtype, text);
    }
    at += 1;
  }
  take(json);
  if (at !== count) throw mismatch(`${input} is ragged: ${at} values do not fill [${shape.join(', ')}].`);
  return { dtype, shape, data };
}

/**
 * TensorFlow Serving's JSON as tensors, for a request over gRPC: `inputs` as they are, `instances` put together row by row. Every type
 * can be given, whole numbers of 64 bits exactly. Throws REQUEST_MISMATCH; with `insist` shapes may differ from the signature's.
 */
export function requestTensors(signature: SignatureInfo, text: string, { insist }: { readonly insist: boolean }): InputTensors {
  let body: Json;
  try {
    body = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntax)) throw error;
    throw mismatch(`This is no JSON: ${error.message}.`);
  }
  if (member(body, 'examples') !== undefined)
    throw mismatch('Examples go over REST. Over gRPC give "inputs": serialized tf.Example messages as {"b64": "…"}.');
  const loose = ([name, info]: readonly [string, TensorInfo]): readonly [string, TensorInfo] => [name, { ...info, shape: null }];
  const inputs = insist ? Object.fromEntries(Object.entries(signature.inputs).map(loose)) : signature.inputs;
  const check = checkBody({ ...signature, inputs }, body, 'grpc');
  if (check.kind !== 'fits') throw mismatch(check.misfits.map(({ message }) => message).join(' '));
  const entries = Object.entries(inputs);
  const [columns, rows] = [member(body, 'inputs'), itemsOf(member(body, 'instances'))];
  const valueOf = (name: string): Json => {
    if (columns !== undefined)
      return entries.length === 1 && (isPlain(columns) || member(columns, name) === undefined)
        ? columns
        : (member(columns, name) ?? { kind: 'null' });
    return {
      kind: 'list',
      items: rows.map((row) => (entries.length === 1 && isPlain(row) ? row : (member(row, name) ?? { kind: 'null' }))),
    };
  };
  return Object.fromEntries(entries.map(([name, info]) => [name, tensorOf(name, valueOf(name), info)] as const));
}
