import { AppError } from '../contract/errors.ts';
import type { SignatureInfo, TensorInfo } from '../contract/savedModel.ts';
import { base64Bytes, utf8Bytes } from './bytesText.ts';
import { dtypeLabel, valueDtype } from './dtype.ts';
import { base64Of, JsonSyntax, member, parseJson, type Json } from './json.ts';
import { inputValues } from './jsonInputs.ts';
import { checkBody } from './requestCheck.ts';
import type { Tensor } from './tensor.ts';
import { elementCount, isStrings, newNumbers, putText } from './tensorData.ts';

const mismatch = (detail: string): AppError => new AppError('REQUEST_MISMATCH', { detail });

function bytesOfText(input: string, json: Json): Uint8Array {
  const encoded = base64Of(json);
  if (encoded === undefined) return utf8Bytes(json.kind === 'string' ? json.value : '');
  try {
    return base64Bytes(encoded);
  } catch {
    throw mismatch(`${input} has a b64 that is no standard base64: ${encoded.slice(0, 40)}.`);
  }
}

/** Nested lists as one tensor; their shape has been compared with the signature's, or is the lists' own. Throws REQUEST_MISMATCH. */
export function jsonTensor(input: string, json: Json, info: TensorInfo): Tensor {
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
    if (data === strings) strings.push(bytesOfText(input, value));
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
export function requestTensors(
  signature: SignatureInfo,
  text: string,
  { insist }: { readonly insist: boolean },
): Readonly<Record<string, Tensor>> {
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
  return Object.fromEntries(
    inputValues({ ...signature, inputs }, body).flatMap(([name, value]) => {
      const info = inputs[name];
      return info === undefined ? [] : [[name, jsonTensor(name, value, info)] as const];
    }),
  );
}
