import { ProtoReader } from '../protobuf/wire.ts';
import { readShape } from './savedModelProto.ts';

/** A TensorProto's claims and how many bytes of values it really holds; values themselves only where asked for (strings). */
export interface TensorClaim {
  readonly dtype: number;
  readonly shape: readonly number[] | null;
  readonly heldBytes: number;
}

/** What a constant claims, without reading its values. Source: tensor.proto. */
export function readTensorClaim(reader: ProtoReader): TensorClaim {
  let dtype = 0;
  let shape: readonly number[] | null = [];
  let heldBytes = 0;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) dtype = reader.varint();
    else if (reader.field === 2 && reader.wireType === 2) shape = readShape(reader.message());
    else if (reader.wireType === 2) heldBytes += reader.bytes().length;
    else {
      reader.skip();
      heldBytes += 1;
    }
  }
  return { dtype, shape, heldBytes };
}

/** The values of a string constant, at most `limit` of them. */
export function readStringValues(reader: ProtoReader, limit = 1_000_000): readonly string[] {
  const values: string[] = [];
  while (reader.next()) {
    if (reader.field === 8 && reader.wireType === 2 && values.length < limit) values.push(reader.string());
    else reader.skip();
  }
  return values;
}

/** The tensor inside an attribute (AttrValue field 8). */
export function attrTensor(value: ProtoReader | undefined): ProtoReader | undefined {
  while (value?.next() === true) {
    if (value.field === 8 && value.wireType === 2) return value.message();
    value.skip();
  }
  return undefined;
}

/** The shape inside an attribute (field 7): undefined where there is none, null for an unknown rank. */
export function attrShape(value: ProtoReader | undefined): readonly number[] | null | undefined {
  while (value?.next() === true) {
    if (value.field === 7 && value.wireType === 2) return readShape(value.message());
    value.skip();
  }
  return undefined;
}

/** Walks the list inside an attribute (field 1). */
function eachInList(value: ProtoReader | undefined, take: (list: ProtoReader) => void): void {
  while (value?.next() === true) {
    if (value.field !== 1 || value.wireType !== 2) {
      value.skip();
      continue;
    }
    const list = value.message();
    while (list.next()) take(list);
  }
}

/** The list of dtypes inside an attribute (list, field 1; types, field 6). */
export function attrTypes(value: ProtoReader | undefined): readonly number[] {
  const types: number[] = [];
  eachInList(value, (list) => (list.field === 6 ? list.ints(types) : list.skip()));
  return types;
}

/** The list of texts inside an attribute (list, field 1; s, field 2). */
export function attrTexts(value: ProtoReader | undefined): readonly string[] {
  const texts: string[] = [];
  eachInList(value, (list) => (list.field === 2 && list.wireType === 2 ? void texts.push(list.string()) : list.skip()));
  return texts;
}

/** The list of shapes inside an attribute (list, field 1; shape, field 7), null for an unknown rank. */
export function attrShapes(value: ProtoReader | undefined): readonly (readonly number[] | null)[] {
  const shapes: (readonly number[] | null)[] = [];
  eachInList(value, (list) => (list.field === 7 && list.wireType === 2 ? void shapes.push(readShape(list.message())) : list.skip()));
  return shapes;
}

/** Names of the functions inside an attribute: one (field 10) or a list (field 1 of it, field 9). */
export function attrFunctions(value: ProtoReader | undefined): readonly string[] {
  const names: string[] = [];
  const readName = (reader: ProtoReader): void => {
    while (reader.next()) {
      if (reader.field === 1 && reader.wireType === 2) names.push(reader.string());
      else reader.skip();
    }
  };
  while (value?.next() === true) {
    if (value.field === 10 && value.wireType === 2) readName(value.message());
    else if (value.field === 1 && value.wireType === 2) {
      const list = value.message();
      while (list.next()) {
        if (list.field === 9 && list.wireType === 2) readName(list.message());
        else list.skip();
      }
    } else value.skip();
  }
  return names;
}
