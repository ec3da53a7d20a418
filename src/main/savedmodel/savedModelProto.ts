import type { MetaGraphInfo, SignatureInfo, TensorInfo } from '../../shared/contract/savedModel.ts';
import { dtypeEnum, dtypeOfEnum, type DtypeName } from '../../shared/tensor/dtype.ts';
import { MalformedProto, ProtoReader } from '../protobuf/wire.ts';

/**
 * saved_model.pb as far as Slipway needs it. Field numbers are those of TensorFlow's saved_model.proto, meta_graph.proto,
 * graph.proto, node_def.proto, function.proto, saver.proto and tensor_shape.proto. Tensors' contents are never copied.
 */

/** A node of the main graph or of a function. `attr` reads one attribute when it is asked for. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** As written: `node`, `node:1`, `^control`; inside functions `node:output:0` or an argument's name. */
  readonly inputs: readonly string[];
  readonly attr: (name: string) => ProtoReader | undefined;
}

export interface GraphFunction {
  readonly name: string;
  readonly args: readonly string[];
  readonly nodes: readonly GraphNode[];
  /** Output argument -> `node:output:index`, in the order of the signature. */
  readonly returns: ReadonlyMap<string, string>;
  /** Nodes that run though no output needs them. */
  readonly controlReturns: readonly string[];
}

export interface MetaGraph extends MetaGraphInfo {
  readonly nodes: readonly GraphNode[];
  readonly functions: ReadonlyMap<string, GraphFunction>;
  /** The exporter's own list of op types: it lacks those used only in nested functions. */
  readonly strippedOps: readonly string[];
  readonly saver: { readonly filenameTensor: string; readonly restoreOp: string } | null;
  /** The tensor that is fed with each asset's path, by file name within `assets/`. */
  readonly assetTensors: readonly { readonly tensor: string; readonly filename: string }[];
  /** What a loader runs after the variables are restored; empty where there is nothing. */
  readonly initOp: string;
  /** SavedObjectGraph as it stands in the file; what its functions are called with is told by objectGraph.ts. */
  readonly objectGraph: Uint8Array | null;
}

/** More nodes than any model has; a file with more is told and not read further. */
export const maxNodes = 4_000_000;

const copyText = (reader: ProtoReader): string => reader.string();

/** Shape of a TensorShapeProto: null for an unknown rank. */
export function readShape(reader: ProtoReader): number[] | null {
  const dims: number[] = [];
  let unknownRank = false;
  while (reader.next()) {
    if (reader.field === 2 && reader.wireType === 2) {
      const dim = reader.message();
      let size = 0;
      while (dim.next()) {
        if (dim.field === 1 && dim.wireType === 0) size = dim.int();
        else dim.skip();
      }
      dims.push(size);
    } else if (reader.field === 3 && reader.wireType === 0) unknownRank = reader.varint() !== 0;
    else reader.skip();
  }
  return unknownRank ? null : dims;
}

function readTensorInfo(reader: ProtoReader): TensorInfo {
  let name = '';
  let dtype = 0;
  // TensorFlow's own reader takes an absent shape for a scalar's.
  let shape: number[] | null = [];
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) name = copyText(reader);
    else if (reader.field === 2 && reader.wireType === 0) dtype = reader.varint();
    else if (reader.field === 3 && reader.wireType === 2) shape = readShape(reader.message());
    else if (reader.field === 4 && reader.wireType === 2) name = readSparseValuesName(reader.message());
    else reader.skip();
  }
  const dtypeName: DtypeName = dtypeOfEnum(dtype) ?? 'DT_INVALID';
  return {
    name,
    dtype: dtypeName,
    dtype_enum: dtypeOfEnum(dtype) === undefined ? dtype : dtypeEnum(dtypeName),
    shape,
    unknown_rank: shape === null,
  };
}

/** A sparse input is named by its values' tensor. */
function readSparseValuesName(reader: ProtoReader): string {
  let name = '';
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) name = copyText(reader);
    else reader.skip();
  }
  return name;
}

function sortedRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  // A null prototype: a tensor may be called __proto__.
  const record: Record<string, T> = Object.create(null) as Record<string, T>;
  for (const [key, value] of [...entries].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) record[key] = value;
  return { ...record };
}

/** A SignatureDef. */
export function readSignature(reader: ProtoReader): SignatureInfo {
  const inputs = new Map<string, TensorInfo>();
  const outputs = new Map<string, TensorInfo>();
  const optional: string[] = [];
  let method = '';
  while (reader.next()) {
    if ((reader.field === 1 || reader.field === 2) && reader.wireType === 2) {
      const [key, value] = reader.mapEntry();
      (reader.field === 1 ? inputs : outputs).set(key, readTensorInfo(value));
    } else if (reader.field === 3 && reader.wireType === 2) method = copyText(reader);
    else if (reader.field === 4 && reader.wireType === 2) optional.push(reader.mapEntry()[0]);
    else reader.skip();
  }
  const info = { method_name: method, inputs: sortedRecord(inputs), outputs: sortedRecord(outputs) };
  return optional.length === 0 ? info : { ...info, optional: optional.toSorted() };
}

function readNode(reader: ProtoReader): GraphNode {
  let name = '';
  let op = '';
  const inputs: string[] = [];
  const attributes: Uint8Array[] = [];
  while (reader.next()) {
    if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 1) name = copyText(reader);
    else if (reader.field === 2) op = copyText(reader);
    else if (reader.field === 3) inputs.push(copyText(reader));
    else if (reader.field === 5) attributes.push(reader.bytes());
    else reader.skip();
  }
  return {
    name,
    op,
    inputs,
    attr(wanted) {
      for (const entry of attributes) {
        const pair = new ProtoReader(entry);
        let key = '';
        let value: ProtoReader | undefined;
        while (pair.next()) {
          if (pair.field === 1 && pair.wireType === 2) key = pair.string();
          else if (pair.field === 2 && pair.wireType === 2) value = pair.message();
          else pair.skip();
        }
        if (key === wanted) return value ?? new ProtoReader(entry, 0, 0);
      }
      return undefined;
    },
  };
}

class Budget {
  left = maxNodes;
  spend(): void {
    this.left -= 1;
    if (this.left < 0) throw new MalformedProto(`more than ${maxNodes} nodes`);
  }
}

/** Field 1 of an argument or of an op definition. */
function readArgName(reader: ProtoReader): string {
  let name = '';
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) name = copyText(reader);
    else reader.skip();
  }
  return name;
}

function readTextMap(reader: ProtoReader): readonly [string, string] {
  const entry = reader.message();
  let key = '';
  let value = '';
  while (entry.next()) {
    if (entry.field === 1 && entry.wireType === 2) key = copyText(entry);
    else if (entry.field === 2 && entry.wireType === 2) value = copyText(entry);
    else entry.skip();
  }
  return [key, value];
}

function readFunction(reader: ProtoReader, budget: Budget): GraphFunction {
  let name = '';
  const args: string[] = [];
  const outputs: string[] = [];
  const nodes: GraphNode[] = [];
  const named = new Map<string, string>();
  const controlReturns: string[] = [];
  while (reader.next()) {
    if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 1) {
      const signature = reader.message();
      while (signature.next()) {
        if (signature.field === 1 && signature.wireType === 2) name = copyText(signature);
        else if (signature.field === 2 && signature.wireType === 2) args.push(readArgName(signature.message()));
        else if (signature.field === 3 && signature.wireType === 2) outputs.push(readArgName(signature.message()));
        else signature.skip();
      }
    } else if (reader.field === 3) {
      budget.spend();
      nodes.push(readNode(reader.message()));
    } else if (reader.field === 4) {
      const [key, value] = readTextMap(reader);
      named.set(key, value);
    } else if (reader.field === 6) controlReturns.push(readTextMap(reader)[1]);
    else reader.skip();
  }
  const returns = new Map(outputs.filter((output) => named.has(output)).map((output) => [output, named.get(output) ?? '']));
  return { name, args, nodes, returns, controlReturns };
}

function readProducer(reader: ProtoReader): number {
  let producer = 0;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) producer = reader.varint();
    else reader.skip();
  }
  return producer;
}

function readGraph(reader: ProtoReader, budget: Budget): { nodes: GraphNode[]; functions: Map<string, GraphFunction>; producer: number } {
  const nodes: GraphNode[] = [];
  const functions = new Map<string, GraphFunction>();
  let producer = 0;
  while (reader.next()) {
    if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 1) {
      budget.spend();
      nodes.push(readNode(reader.message()));
    } else if (reader.field === 2) {
      const library = reader.message();
      while (library.next()) {
        if (library.field === 1 && library.wireType === 2) {
          const made = readFunction(library.message(), budget);
          functions.set(made.name, made);
        } else library.skip();
      }
    } else if (reader.field === 4) producer = readProducer(reader.message());
    else reader.skip();
  }
  return { nodes, functions, producer };
}

function readAsset(reader: ProtoReader): { tensor: string; filename: string } {
  let [tensor, filename] = ['', ''];
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) tensor = readArgName(reader.message());
    else if (reader.field === 2 && reader.wireType === 2) filename = copyText(reader);
    else reader.skip();
  }
  return { tensor, filename };
}

function readSaver(reader: ProtoReader): { filenameTensor: string; restoreOp: string } {
  let [filenameTensor, restoreOp] = ['', ''];
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) filenameTensor = copyText(reader);
    else if (reader.field === 3 && reader.wireType === 2) restoreOp = copyText(reader);
    else reader.skip();
  }
  return { filenameTensor, restoreOp };
}

/** Assets of the time before MetaGraphDef had a field for them: a collection of packed AssetFileDef. Source: meta_graph.proto, AnyList. */
function readAssetCollection(reader: ProtoReader): { tensor: string; filename: string }[] {
  const assets: { tensor: string; filename: string }[] = [];
  while (reader.next()) {
    if (reader.field !== 5 || reader.wireType !== 2) {
      reader.skip();
      continue;
    }
    const list = reader.message();
    while (list.next()) {
      if (list.field !== 1 || list.wireType !== 2) {
        list.skip();
        continue;
      }
      const any = list.message();
      while (any.next()) {
        if (any.field === 2 && any.wireType === 2) assets.push(readAsset(any.message()));
        else any.skip();
      }
    }
  }
  return assets;
}

/** The first node of a collection; empty where it lists none. */
function readFirstNode(reader: ProtoReader): string {
  let name = '';
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) name = readArgName(reader.message());
    else reader.skip();
  }
  return name;
}

function readMetaGraph(reader: ProtoReader, budget: Budget): MetaGraph {
  const tags: string[] = [];
  const strippedOps: string[] = [];
  let tensorflowVersion = '';
  let graph: ReturnType<typeof readGraph> = { nodes: [], functions: new Map(), producer: 0 };
  let saver: MetaGraph['saver'] = null;
  const signatures = new Map<string, SignatureInfo>();
  const assets: MetaGraph['assetTensors'][number][] = [];
  let collected: MetaGraph['assetTensors'] = [];
  let [mainOp, legacyInitOp] = ['', ''];
  let objectGraph: Uint8Array | null = null;
  while (reader.next()) {
    if (reader.wireType !== 2) {
      reader.skip();
      continue;
    }
    switch (reader.field) {
      case 1: {
        const info = reader.message();
        while (info.next()) {
          if (info.field === 2 && info.wireType === 2) {
            const list = info.message();
            while (list.next()) {
              if (list.field === 1 && list.wireType === 2) strippedOps.push(readArgName(list.message()));
              else list.skip();
            }
          } else if (info.field === 4 && info.wireType === 2) tags.push(copyText(info));
          else if (info.field === 5 && info.wireType === 2) tensorflowVersion = copyText(info);
          else info.skip();
        }
        break;
      }
      case 2:
        graph = readGraph(reader.message(), budget);
        break;
      case 3:
        saver = readSaver(reader.message());
        break;
      case 4: {
        const [key, value] = reader.mapEntry();
        if (key === 'saved_model_main_op') mainOp = readFirstNode(value);
        else if (key === 'legacy_init_op') legacyInitOp = readFirstNode(value);
        else if (key === 'saved_model_assets') collected = readAssetCollection(value);
        break;
      }
      case 5: {
        const [key, value] = reader.mapEntry();
        signatures.set(key, readSignature(value));
        break;
      }
      case 6:
        assets.push(readAsset(reader.message()));
        break;
      case 7:
        objectGraph = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  const counts = new Map<string, number>();
  for (const list of [graph.nodes, ...[...graph.functions.values()].map((one) => one.nodes)]) {
    for (const { op } of list) counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  return {
    tags,
    signatures: sortedRecord(signatures),
    tensorflow_version: tensorflowVersion,
    producer: graph.producer,
    assets: assets.map(({ filename }) => filename),
    assetTensors: assets.length > 0 ? assets : collected,
    initOp: signatures.get('__saved_model_init_op')?.outputs['__saved_model_init_op']?.name ?? (mainOp || legacyInitOp),
    ops: sortedRecord(counts),
    nodes: graph.nodes,
    functions: graph.functions,
    strippedOps,
    saver,
    objectGraph,
  };
}

/** The meta graphs of a SavedModel message, in the file's order. Throws MalformedProto. */
export function readSavedModelProto(bytes: Uint8Array): readonly MetaGraph[] {
  const graphs: MetaGraph[] = [];
  const budget = new Budget();
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 2 && reader.wireType === 2) graphs.push(readMetaGraph(reader.message(), budget));
    else reader.skip();
  }
  return graphs;
}
