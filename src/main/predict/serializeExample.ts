import { AppError } from '../../shared/contract/errors.ts';
import type { InputSource } from '../../shared/contract/predict.ts';
import { utf8Bytes } from '../../shared/tensor/bytesText.ts';
import { wholeRanges } from '../../shared/tensor/dtypeRanges.ts';
import { ProtoWriter } from '../protobuf/wire.ts';

type Example = Extract<InputSource, { kind: 'examples' }>['examples'][number];
type Feature = Example[string];

/** Field numbers of a Feature's lists in feature.proto. */
const listField = { text: 1, base64: 1, float: 2, int64: 3 } as const;
const [least, most] = wholeRanges.DT_INT64 ?? [0n, 0n];

function writeValue(list: ProtoWriter, name: string, type: Feature['type'], text: string): void {
  const refuse = (): never => {
    throw new AppError('REQUEST_MISMATCH', {
      detail: `Feature ${name}: ${JSON.stringify(text.slice(0, 40))} is not ${type}.`,
      input: name,
    });
  };
  switch (type) {
    case 'text':
      list.bytes(1, utf8Bytes(text));
      return;
    case 'base64':
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) refuse();
      list.bytes(1, Buffer.from(text, 'base64'));
      return;
    case 'float':
      if (!/^-?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|Inf(?:inity)?)$|^NaN$/.test(text)) refuse();
      list.float(1, Number(text.replace(/Inf$/, 'Infinity')));
      return;
    case 'int64': {
      if (!/^-?\d+$/.test(text)) refuse();
      const value = BigInt(text);
      if (value < least || value > most) refuse();
      list.varint(1, value);
    }
  }
}

/** A tf.Example of named features, by the field numbers of example.proto and feature.proto. REQUEST_MISMATCH names a feature whose value is of another type. */
export function serializeExample(example: Example): Uint8Array {
  return new ProtoWriter()
    .message(1, (features) => {
      for (const [name, { type, values }] of Object.entries(example))
        features.message(1, (pair) =>
          pair.string(1, name).message(2, (feature) =>
            feature.message(listField[type], (list) => {
              for (const text of values) writeValue(list, name, type, text);
            }),
          ),
        );
    })
    .finish()
    .slice();
}
