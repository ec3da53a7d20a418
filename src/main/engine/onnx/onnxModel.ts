import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { ProtoWriter } from '../../protobuf/wire.ts';

/** ONNX messages as far as lowerings need them. Field numbers are those of the published onnx.proto3; operator set 17. */

const opset = 17;
const irVersion = 8;

/** ONNX's enumeration of element types. */
const elementTypes: Readonly<Partial<Record<Dtype, number>>> = {
  DT_FLOAT: 1,
  DT_UINT8: 2,
  DT_INT8: 3,
  DT_UINT16: 4,
  DT_INT16: 5,
  DT_INT32: 6,
  DT_INT64: 7,
  DT_BOOL: 9,
  DT_HALF: 10,
  DT_DOUBLE: 11,
  DT_UINT32: 12,
  DT_UINT64: 13,
};

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** ONNX's number of a type; undefined where it has none. */
export const elementType = (dtype: Dtype): number | undefined => elementTypes[dtype];

/** A graph that grows node by node; names are made here. */
export class OnnxModel {
  readonly #nodes = new ProtoWriter();
  readonly #initializers: (readonly [name: string, tensor: Tensor])[] = [];
  readonly #inputs: (readonly [name: string, dtype: Dtype, dims: readonly number[] | null])[] = [];
  readonly #outputs: (readonly [name: string, dtype: Dtype])[] = [];
  #count = 0;
  initializerBytes = 0;

  #name(): string {
    this.#count += 1;
    return `t${this.#count}`;
  }

  /** Adds a node; answers the names of its outputs. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    outputCount = 1,
  ): readonly string[] {
    const outputs = Array.from({ length: outputCount }, () => this.#name());
    this.#nodes.message(1, (node) => {
      for (const input of inputs) node.string(1, input);
      for (const output of outputs) node.string(2, output);
      node.string(3, outputs[0]!).string(4, type);
      for (const [name, value] of Object.entries(attributes))
        node.message(5, (attribute) => writeAttribute(attribute.string(1, name), value));
    });
    return outputs;
  }

  initializer(tensor: Tensor): string {
    const name = this.#name();
    this.#initializers.push([name, tensor]);
    this.initializerBytes += (tensor.data as Float32Array).byteLength;
    return name;
  }

  /** An input; -1 is a dimension that is told at run time, null an unknown rank. */
  input(dtype: Dtype, dims: readonly number[] | null): string {
    const name = this.#name();
    this.#inputs.push([name, dtype, dims]);
    return name;
  }

  output(name: string, dtype: Dtype): void {
    this.#outputs.push([name, dtype]);
  }

  /** The ModelProto. */
  bytes(): Uint8Array {
    return new ProtoWriter()
      .varint(1, irVersion)
      .message(7, (graph) => {
        graph.raw(this.#nodes.finish()).string(2, 'segment');
        for (const [name, tensor] of this.#initializers) graph.message(5, (value) => writeTensor(value, name, tensor));
        for (const [name, dtype, dims] of this.#inputs) graph.message(11, (info) => writeValueInfo(info, name, dtype, dims));
        for (const [name, dtype] of this.#outputs) graph.message(12, (info) => writeValueInfo(info, name, dtype, null));
      })
      .message(8, (version) => version.string(1, '').varint(2, opset))
      .finish();
  }
}

function writeAttribute(writer: ProtoWriter, value: OnnxAttribute): void {
  if (typeof value === 'number') writer.varint(3, value).varint(20, 2);
  else if (typeof value === 'string') writer.string(4, value).varint(20, 3);
  else if ('float' in value) writer.float(2, value.float).varint(20, 1);
  else {
    for (const one of value) writer.varint(8, one);
    writer.varint(20, 7);
  }
}

function writeTensor(writer: ProtoWriter, name: string, { dtype, shape, data }: Tensor): void {
  for (const dim of shape) writer.varint(1, dim);
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  writer
    .varint(2, elementType(dtype) ?? 0)
    .string(8, name)
    .bytes(9, new Uint8Array(buffer, byteOffset, byteLength));
}

function writeValueInfo(writer: ProtoWriter, name: string, dtype: Dtype, dims: readonly number[] | null): void {
  writer.string(1, name).message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.varint(1, elementType(dtype) ?? 0);
      if (dims !== null)
        tensor.message(2, (shape) => {
          for (const [axis, dim] of dims.entries())
            shape.message(1, (one) => void (dim < 0 ? one.string(2, `${name}d${axis}`) : one.varint(1, dim)));
        });
    }),
  );
}
