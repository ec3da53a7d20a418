import type { ExampleFeature } from '../../../../shared/contract/playground.ts';
import type { PreparedInputs } from '../../../../shared/contract/predict.ts';
import type { SignatureInfo } from '../../../../shared/contract/savedModel.ts';
import { base64Of, jsonText, JsonSyntax, member, parseJson, plainText, type Json } from '../../../../shared/tensor/json.ts';
import { inputValues } from '../../../../shared/tensor/jsonInputs.ts';
import type { Example } from './fieldInput.ts';

/** A typed request as inputs of the form, each number as it was typed; null where it is no JSON or no request. */
export function inputsOfBody(signature: SignatureInfo, features: readonly ExampleFeature[], text: string): PreparedInputs | null {
  let body: Json;
  try {
    body = parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntax) return null;
    throw error;
  }
  const names = Object.keys(signature.inputs);
  const examples = member(body, 'examples');
  if (examples !== undefined) {
    const [only] = names;
    if (only === undefined || examples.kind !== 'list' || examples.items.length === 0) return null;
    const rows = examples.items.map((item) => exampleOf(item, member(body, 'context'), features));
    return rows.every((row) => row !== null) ? { [only]: { source: { kind: 'examples', examples: rows } } } : null;
  }
  if (member(body, 'inputs') === undefined && member(body, 'instances') === undefined) return null;
  return Object.fromEntries(
    inputValues(signature, body)
      .filter(([, value]) => value.kind !== 'null')
      .map(([name, value]) => [name, { source: { kind: 'json', text: jsonText(value) } }]),
  );
}

/** Features as TensorFlow Serving's `examples` have them; a number's type is the model's, where it is told, else the number's own. */
function exampleOf(json: Json, context: Json | undefined, features: readonly ExampleFeature[]): Example | null {
  if (json.kind !== 'object') return null;
  const entries = [...(context?.kind === 'object' ? context.entries : []), ...json.entries];
  const read = entries.map(([name, value]) => {
    const items = value.kind === 'list' ? value.items : [value];
    const isText = items.some((item) => item.kind === 'string');
    const isBytes = items.some((item) => base64Of(item) !== undefined);
    const known = features.find((one) => one.name === name)?.dtype;
    const isFloat = known === undefined ? items.some((item) => item.kind === 'number' && !/^-?\d+$/.test(item.text)) : known === 'DT_FLOAT';
    const type = isBytes ? 'base64' : isText || known === 'DT_STRING' ? 'text' : isFloat ? 'float' : 'int64';
    const values = items.map((item) => {
      const bytes = base64Of(item);
      if (bytes !== undefined) return bytes;
      return isBytes ? btoa(String.fromCharCode(...new TextEncoder().encode(plainText(item)))) : plainText(item);
    });
    return [name, { type, values }] as const;
  });
  return Object.fromEntries(read);
}
