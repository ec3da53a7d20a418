import type { Tensor } from '../../shared/tensor/tensor.ts';
import { MalformedProto, ProtoReader, ProtoWriter } from '../protobuf/wire.ts';
import { readSpec, writeSpec, type SpecMessage } from './modelSpecMessage.ts';

/** Classify and Regress, client side, by the field numbers of input.proto, classification.proto and regression.proto. */

/** A ClassificationRequest or a RegressionRequest, which have the same fields; `examples` are serialized tf.Examples. */
export function exampleMessage(spec: SpecMessage, examples: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new ProtoWriter()
    .message(1, (asked) => writeSpec(asked, spec))
    .message(2, (input) =>
      input.message(1, (list) => {
        for (const example of examples) list.bytes(1, example);
      }),
    )
    .finish();
}

const single = (bits: number): number => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
};

interface Scored {
  label: Uint8Array;
  score: number;
}

function readClass(reader: ProtoReader): Scored {
  const one: Scored = { label: new Uint8Array(), score: 0 };
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) one.label = reader.bytes().slice();
    else if (reader.field === 2 && reader.wireType === 5) one.score = single(reader.fixed32());
    else reader.skip();
  }
  return one;
}

function readValue(reader: ProtoReader): number {
  let value = 0;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 5) value = single(reader.fixed32());
    else reader.skip();
  }
  return value;
}

function classTensors(rows: readonly (readonly Scored[])[]): Readonly<Record<string, Tensor>> {
  const columns = rows[0]?.length ?? 0;
  if (rows.some(({ length }) => length !== columns)) throw new MalformedProto('examples of different numbers of classes');
  const shape = [rows.length, columns];
  const all = rows.flat();
  return {
    classes: { dtype: 'DT_STRING', shape, data: all.map(({ label }) => label) },
    scores: { dtype: 'DT_FLOAT', shape, data: Float32Array.from(all, ({ score }) => score) },
  };
}

/**
 * A ClassificationResponse as `classes` and `scores`, both [examples, classes], or a RegressionResponse as `outputs`, [examples].
 * Throws MalformedProto.
 */
export function readExampleAnswer(
  response: Uint8Array,
  method: 'classify' | 'regress',
): { readonly spec: SpecMessage; readonly outputs: Readonly<Record<string, Tensor>> } {
  let spec: SpecMessage = { name: '', signatureName: '' };
  const classes: Scored[][] = [];
  const values: number[] = [];
  const reader = new ProtoReader(response);
  while (reader.next()) {
    if (reader.field === 2 && reader.wireType === 2) spec = readSpec(reader.message());
    else if (reader.field === 1 && reader.wireType === 2) {
      const result = reader.message();
      while (result.next()) {
        if (result.field !== 1 || result.wireType !== 2) {
          result.skip();
          continue;
        }
        const row = result.message();
        if (method === 'regress') {
          values.push(readValue(row));
          continue;
        }
        const scored: Scored[] = [];
        while (row.next()) {
          if (row.field === 1 && row.wireType === 2) scored.push(readClass(row.message()));
          else row.skip();
        }
        classes.push(scored);
      }
    } else reader.skip();
  }
  return {
    spec,
    outputs:
      method === 'regress'
        ? { outputs: { dtype: 'DT_FLOAT', shape: [values.length], data: Float32Array.from(values) } }
        : classTensors(classes),
  };
}
