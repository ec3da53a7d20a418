import { dtypeOfEnum, valueDtype, type Dtype } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { ProtoReader, ProtoWriter } from '../protobuf/wire.ts';
import { readShape, type GraphNode } from '../savedmodel/savedModelProto.ts';
import { attrFunctions } from '../savedmodel/tensorProto.ts';
import { readTensor } from './constant.ts';
import { opDefinition } from './opDefinition.ts';
import { invalid } from './value.ts';

const dtypeOf = (number: number): Dtype => valueDtype(dtypeOfEnum(number) ?? 'DT_INVALID');
const asFloat = new DataView(new ArrayBuffer(4));

/** Wire format of each scalar of an AttrValue and of its ListValue, by the same field numbers. Source: attr_value.proto. */
function readScalar(reader: ProtoReader, field: number, into: unknown[]): void {
  if (field === 2 && reader.wireType === 2) into.push(Buffer.from(reader.bytes()).toString('latin1'));
  else if (field === 3 || field === 6) reader.ints(into as number[]);
  else if (field === 4 && reader.wireType === 5) into.push(floatOf(reader.fixed32()));
  else if (field === 4 && reader.wireType === 2) {
    const packed = reader.bytes();
    const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
    for (let at = 0; at + 4 <= packed.length; at += 4) into.push(view.getFloat32(at, true));
  } else if (field === 5) {
    const values: number[] = [];
    reader.ints(values);
    into.push(...values.map((value) => value !== 0));
  } else if (field === 7 && reader.wireType === 2) into.push(readShape(reader.message()));
  else reader.skip();
}

function floatOf(bits: number): number {
  asFloat.setUint32(0, bits);
  return asFloat.getFloat32(0);
}

/** The attributes of one node, the op definition's defaults behind them. Strings are Latin-1 of their bytes. */
export class Attributes {
  readonly #node: GraphNode;
  constructor(node: GraphNode) {
    this.#node = node;
  }

  #values(name: string, field: number): readonly unknown[] {
    const reader = this.#node.attr(name);
    const values: unknown[] = [];
    if (reader === undefined) {
      const fallback = opDefinition(this.#node.op)?.defaults[name];
      return fallback === undefined ? [] : Array.isArray(fallback) ? fallback : [fallback];
    }
    while (reader.next()) {
      if (reader.field === field) readScalar(reader, field, values);
      else if (reader.field === 1 && reader.wireType === 2) {
        const list = reader.message();
        while (list.next()) {
          if (list.field === field) readScalar(list, field, values);
          else list.skip();
        }
      } else reader.skip();
    }
    return values;
  }

  #one(name: string, field: number, kind: string): unknown {
    const value = this.#values(name, field)[0];
    if (value === undefined)
      throw invalid(`NodeDef missing attr '${name}' of type ${kind} from Op<name=${this.#node.op}>; NodeDef: ${this.#node.name}`);
    return value;
  }

  /** The same with other integers or another text under some names. */
  with(others: Readonly<Record<string, readonly number[] | string>>): Attributes {
    const attr = (name: string): ProtoReader | undefined => {
      const other = others[name];
      if (other === undefined) return this.#node.attr(name);
      const value = new ProtoWriter();
      if (typeof other === 'string') value.string(2, other);
      else value.message(1, (list) => other.forEach((one) => list.varint(3, one)));
      return new ProtoReader(value.finish());
    };
    return new Attributes({ ...this.#node, attr });
  }

  has(name: string): boolean {
    return this.#node.attr(name) !== undefined;
  }
  int(name: string): number {
    return this.#one(name, 3, 'int') as number;
  }
  ints(name: string): readonly number[] {
    return this.#values(name, 3) as readonly number[];
  }
  float(name: string): number {
    return Number(this.#one(name, 4, 'float'));
  }
  floats(name: string): readonly number[] {
    return this.#values(name, 4) as readonly number[];
  }
  bool(name: string): boolean {
    return this.#one(name, 5, 'bool') === true;
  }
  text(name: string): string {
    return this.#one(name, 2, 'string') as string;
  }
  /** A string attribute that is text. */
  utf8(name: string): string {
    return Buffer.from(this.text(name), 'latin1').toString();
  }
  texts(name: string): readonly string[] {
    return this.#values(name, 2) as readonly string[];
  }
  type(name: string): Dtype {
    return dtypeOf(this.#one(name, 6, 'type') as number);
  }
  types(name: string): readonly Dtype[] {
    return (this.#values(name, 6) as readonly number[]).map(dtypeOf);
  }
  /** The one shape; null for an unknown rank or where there is none. */
  shape(name: string): readonly number[] | null {
    return (this.#values(name, 7)[0] ?? null) as readonly number[] | null;
  }
  shapes(name: string): readonly (readonly number[] | null)[] {
    return this.#values(name, 7) as readonly (readonly number[] | null)[];
  }
  functions(name: string): readonly string[] {
    return attrFunctions(this.#node.attr(name));
  }
  tensor(name: string): Tensor {
    const reader = this.#node.attr(name);
    while (reader?.next() === true) {
      if (reader.field === 8 && reader.wireType === 2) return readTensor(reader.message());
      reader.skip();
    }
    throw invalid(`NodeDef missing attr '${name}' of type tensor from Op<name=${this.#node.op}>; NodeDef: ${this.#node.name}`);
  }
}
