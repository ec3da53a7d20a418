import { dtypeLabel, dtypeOfEnum } from '../../shared/tensor/dtype.ts';
import { MalformedProto, ProtoReader } from '../protobuf/wire.ts';
import { readShape } from './savedModelProto.ts';

/**
 * The functions of a model's root object and what they may be called with, printed as TensorFlow's own tool prints them.
 * Field numbers: saved_object_graph.proto (SavedObjectGraph, SavedObject, SavedFunction, SavedConcreteFunction) and struct.proto.
 */

const maxLines = 1_000_000;

/** A value of Python as struct.proto holds it. */
type Structured =
  | { readonly kind: 'none' }
  | { readonly kind: 'number'; readonly type: 'float' | 'int'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'bool'; readonly text: string }
  | { readonly kind: 'tensor'; readonly name: string; readonly text: string }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly Structured[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [string, Structured])[] }
  | { readonly kind: 'other'; readonly type: string; readonly text: string };

const pythonShape = (shape: readonly number[] | null): string => {
  if (shape === null) return '<unknown>';
  const dims = shape.map((dim) => (dim < 0 ? 'None' : String(dim)));
  return dims.length === 1 ? `(${dims[0] ?? ''},)` : `(${dims.join(', ')})`;
};

function readTensorSpec(reader: ProtoReader): Structured {
  let name = '';
  let shape: readonly number[] | null = [];
  let dtype = 0;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) name = reader.string();
    else if (reader.field === 2 && reader.wireType === 2) shape = readShape(reader.message());
    else if (reader.field === 3 && reader.wireType === 0) dtype = reader.varint();
    else reader.skip();
  }
  const label = dtypeLabel(dtypeOfEnum(dtype) ?? 'DT_INVALID');
  const named = name === '' ? 'None' : `'${name}'`;
  return {
    kind: 'tensor',
    name: name === '' ? 'None' : name,
    text: `TensorSpec(shape=${pythonShape(shape)}, dtype=tf.${label}, name=${named})`,
  };
}

function readItems(reader: ProtoReader): readonly Structured[] {
  const items: Structured[] = [];
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) items.push(readStructured(reader.message()));
    else reader.skip();
  }
  return items;
}

function readDict(reader: ProtoReader): readonly (readonly [string, Structured])[] {
  const entries: (readonly [string, Structured])[] = [];
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) {
      const [key, value] = reader.mapEntry();
      entries.push([key, readStructured(value)]);
    } else reader.skip();
  }
  return entries;
}

const pythonFloat = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value));

function readStructured(reader: ProtoReader): Structured {
  let value: Structured = { kind: 'none' };
  while (reader.next()) {
    if (reader.field === 11 && reader.wireType === 1) value = { kind: 'number', type: 'float', text: pythonFloat(reader.double()) };
    else if (reader.field === 12 && reader.wireType === 0) {
      const zigzag = BigInt.asUintN(64, reader.bigint());
      value = { kind: 'number', type: 'int', text: String((zigzag >> 1n) ^ -(zigzag & 1n)) };
    } else if (reader.field === 13 && reader.wireType === 2) value = { kind: 'string', text: reader.string() };
    else if (reader.field === 14 && reader.wireType === 0) value = { kind: 'bool', text: reader.varint() === 0 ? 'False' : 'True' };
    else if ((reader.field === 33 || reader.field === 35) && reader.wireType === 2) value = readTensorSpec(reader.message());
    else if (reader.field === 51 && reader.wireType === 2) value = { kind: 'list', items: readItems(reader.message()) };
    else if (reader.field === 52 && reader.wireType === 2) value = { kind: 'tuple', items: readItems(reader.message()) };
    else if (reader.field === 53 && reader.wireType === 2) value = { kind: 'dict', entries: readDict(reader.message()) };
    else if (reader.field === 34) {
      reader.skip();
      value = { kind: 'other', type: 'TypeSpec', text: 'TypeSpec' };
    } else reader.skip();
  }
  return value;
}

const typeName = (value: Structured): string => {
  switch (value.kind) {
    case 'none':
      return 'NoneType';
    case 'number':
    case 'other':
      return value.type;
    case 'string':
      return 'str';
    case 'tensor':
      return 'TensorSpec';
    default:
      return value.kind;
  }
};

/** As Python's str() of the value; strings inside containers are quoted. */
function pythonText(value: Structured, quoted = false): string {
  switch (value.kind) {
    case 'none':
      return 'None';
    case 'string':
      return quoted ? `'${value.text}'` : value.text;
    case 'list':
      return `[${value.items.map((item) => pythonText(item, true)).join(', ')}]`;
    case 'tuple':
      return `(${value.items.map((item) => pythonText(item, true)).join(', ')}${value.items.length === 1 ? ',' : ''})`;
    case 'dict':
      return `{${value.entries.map(([key, item]) => `'${key}': ${pythonText(item, true)}`).join(', ')}}`;
    default:
      return value.text;
  }
}

function argumentLines(values: readonly Structured[], heading: string): readonly string[] {
  const indent = '        ';
  return values.flatMap((value, index) => {
    const lines = [`${indent}${heading} #${index + 1}`];
    if (value.kind === 'string') lines.push(`${indent}  ${value.text}`);
    else if (value.kind === 'tensor') lines.push(`${indent}  ${value.name}: ${value.text}`);
    else {
      lines.push(`${indent}  DType: ${typeName(value)}`);
      // The tool erases the separator after the last item by two backspaces.
      if (value.kind === 'list' || value.kind === 'tuple')
        lines.push(`${indent}  Value: [${value.items.map((item) => `${pythonText(item, true)}, `).join('')}\b\b]`);
      else if (value.kind === 'dict')
        lines.push(`${indent}  Value: {${value.entries.map(([key, item]) => `'${key}': ${pythonText(item, true)}, `).join('')}\b\b}`);
      else lines.push(`${indent}  Value: ${pythonText(value)}`);
    }
    return lines;
  });
}

interface SavedObject {
  readonly children: readonly (readonly [name: string, node: number])[];
  /** Names of concrete functions of a function; null for other objects. */
  readonly functions: readonly string[] | null;
}

function readObject(reader: ProtoReader): SavedObject {
  const children: [string, number][] = [];
  let functions: string[] | null = null;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) {
      const child = reader.message();
      let [name, node] = ['', 0];
      while (child.next()) {
        if (child.field === 1 && child.wireType === 0) node = child.varint();
        else if (child.field === 2 && child.wireType === 2) name = child.string();
        else child.skip();
      }
      children.push([name, node]);
    } else if ((reader.field === 6 || reader.field === 8) && reader.wireType === 2) {
      const called = reader.message();
      const names: string[] = [];
      while (called.next()) {
        if (called.field === 1 && called.wireType === 2) names.push(called.string());
        else called.skip();
      }
      functions = names;
    } else reader.skip();
  }
  return { children, functions };
}

/** The order of names after loading, where the trailing number is given anew in the order of the file. */
function byLoadedName(a: string, b: string): number {
  const split = (name: string): readonly [string, number] => [name.replace(/_\d+$/, ''), Number(/_(\d+)$/.exec(name)?.[1] ?? 0)];
  const [[nameA, numberA], [nameB, numberB]] = [split(a), split(b)];
  return nameA === nameB ? numberA - numberB : nameA < nameB ? -1 : 1;
}

/** The "Concrete Functions" part as lines: functions of the root by name, each option with its arguments. */
export function readConcreteFunctions(objectGraph: Uint8Array): readonly string[] {
  const objects: SavedObject[] = [];
  const inputs = new Map<string, Structured>();
  const reader = new ProtoReader(objectGraph);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) objects.push(readObject(reader.message()));
    else if (reader.field === 2 && reader.wireType === 2) {
      const [name, concrete] = reader.mapEntry();
      while (concrete.next()) {
        if (concrete.field === 3 && concrete.wireType === 2) inputs.set(name, readStructured(concrete.message()));
        else concrete.skip();
      }
    } else reader.skip();
  }
  const lines: string[] = [];
  // One line at a time: a spread of very many would pass the stack.
  const add = (more: readonly string[]): void => {
    if (lines.length + more.length > maxLines) throw new MalformedProto('more functions than can be shown');
    for (const line of more) lines.push(line);
  };
  const children = (objects[0]?.children ?? []).toSorted(([a], [b]) => (a < b ? -1 : 1));
  let [first, options] = [true, 0];
  for (const [name, node] of children) {
    const names = objects[node]?.functions;
    if (names === null || names === undefined) continue;
    if (!first) add(['']);
    first = false;
    add([`  Function Name: '${name}'`]);
    options += names.length;
    if (options > maxLines) throw new MalformedProto('more functions than can be shown');
    for (const [index, concrete] of names.toSorted(byLoadedName).entries()) {
      const signature = inputs.get(concrete);
      const [args, kwargs] = signature?.kind === 'tuple' ? signature.items : [];
      if (args?.kind === 'tuple' && args.items.length > 0) {
        add([`    Option #${index + 1}`, '      Callable with:']);
        add(argumentLines(args.items, 'Argument'));
      }
      if (kwargs?.kind === 'dict' && kwargs.entries.length > 0)
        add(
          argumentLines(
            kwargs.entries.map(([, value]) => value),
            'Named Argument',
          ),
        );
    }
  }
  return lines;
}
