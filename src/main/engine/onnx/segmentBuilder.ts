import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { transpose } from '../ops/shape.ts';
import { channelsFirstAxis, type ValueType } from './lowering.ts';
import { OnnxModel, type OnnxAttribute } from './onnxModel.ts';

/** The two layouts that a value may be present in: as TensorFlow has it (channels last), or with channels first. */
interface Names {
  plain?: string;
  first?: string;
  /** The real and the imaginary part of complex numbers, whose plain layout is pairs of floats along one more axis. */
  parts?: readonly [re: string, im: string];
}

const toFirst = (rank: number): readonly number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 1)];
const toPlain = (rank: number): readonly number[] => [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1];

/**
 * One ONNX model in the making. Values keep the layout that their op made them in, and are transposed when, and only when, an op asks
 * for the other one: so a chain of convolutions stays with channels first.
 */
export class SegmentBuilder {
  readonly #model = new OnnxModel();
  readonly #names = new Map<number, Names>();
  readonly #types: (slot: number) => ValueType;
  readonly #inputs: number[] = [];
  readonly #numbers = new Map<string, string>();
  readonly #guarded: string[] = [];

  constructor(types: (slot: number) => ValueType) {
    this.#types = types;
  }

  type(slot: number): ValueType {
    return this.#types(slot);
  }

  /** Whether the value lies with channels first, or is a constant that may. */
  isFirst(slot: number): boolean {
    return this.#names.get(slot)?.first !== undefined;
  }

  #entry(slot: number): Names {
    const known = this.#names.get(slot);
    if (known !== undefined) return known;
    const made: Names = {};
    const { constant, dtype, dims } = this.type(slot);
    if (constant !== undefined) made.plain = this.#model.initializer(constant);
    else {
      made.plain =
        dtype === 'DT_COMPLEX64'
          ? this.#model.input('DT_FLOAT', dims === null ? null : [...dims, 2])
          : this.#model.input(dtype ?? 'DT_FLOAT', dims);
      this.#inputs.push(slot);
    }
    this.#names.set(slot, made);
    return made;
  }

  /** The value's name in TensorFlow's layout. */
  plain(slot: number): string {
    const names = this.#entry(slot);
    if (names.parts !== undefined)
      names.plain ??= this.op(
        'Concat',
        names.parts.map((part) => this.op('Unsqueeze', [part, this.int64([-1])])),
        { axis: -1 },
      );
    return (names.plain ??= this.op('Transpose', [names.first!], { perm: toPlain(this.type(slot).dims!.length) }));
  }

  /** The value's name with channels first; its rank must be known and at least 3. */
  first(slot: number): string {
    const { constant, dims } = this.type(slot);
    const rank = dims!.length;
    const known = this.#names.get(slot);
    if (known?.first !== undefined) return known.first;
    if (constant !== undefined) {
      const names = known ?? {};
      this.#names.set(slot, names);
      return (names.first = this.#model.initializer(transpose(constant, toFirst(rank))));
    }
    const names = this.#entry(slot);
    return (names.first ??= this.op('Transpose', [names.plain!], { perm: toFirst(rank) }));
  }

  /** The real and the imaginary part of a value of complex numbers. */
  parts(slot: number): readonly [re: string, im: string] {
    const names = this.#entry(slot);
    if (names.parts === undefined) {
      const [re, im] = this.ops('Split', [names.plain!, this.int64([1, 1])], { axis: -1 }, 2);
      names.parts = [this.op('Squeeze', [re!, this.int64([-1])]), this.op('Squeeze', [im!, this.int64([-1])])];
    }
    return names.parts;
  }

  defineParts(slot: number, re: string, im: string): void {
    this.#names.set(slot, { parts: [re, im] });
  }

  /** Says under which name an op left its result. */
  define(slot: number, name: string, layout: 'plain' | 'first' = 'plain'): void {
    this.#names.set(slot, { [layout]: name });
  }

  /** One node with one output; answers its name. */
  op(type: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    return this.#model.node(type, inputs, attributes)[0]!;
  }

  ops(type: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>>, count: number): readonly string[] {
    return this.#model.node(type, inputs, attributes, count);
  }

  constant(tensor: Tensor): string {
    return this.#model.initializer(tensor);
  }

  int64(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const key = `i${values.join()};${shape.join()}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const made = this.constant({ dtype: 'DT_INT64', shape, data: BigInt64Array.from(values, BigInt) });
    this.#numbers.set(key, made);
    return made;
  }

  float(value: number): string {
    const key = `f${value}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const made = this.constant({ dtype: 'DT_FLOAT', shape: [], data: Float32Array.of(value) });
    this.#numbers.set(key, made);
    return made;
  }

  /** For an op that forgets a NaN: where this value (channels first) has one, the session's answer does not count and the host's does. */
  guardNaN(first: string): void {
    // A mean is a NaN where a value is, and the library takes it in its own layout of channels.
    this.#guarded.push(this.op('ReduceSum', [this.op('GlobalAveragePool', [first])], { keepdims: 0 }));
  }

  /** A value's shape, of which only the batch is not known. */
  shape(slot: number): string {
    const { dims } = this.type(slot);
    const rest = dims!.slice(1);
    const { plain, first } = this.#entry(slot);
    const batch = this.op('Slice', [this.op('Shape', [plain ?? first!]), this.int64([0]), this.int64([1])]);
    return rest.length === 0 ? batch : this.op('Concat', [batch, this.int64(rest)], { axis: 0 });
  }

  /** Applies an elementwise op of one input in whatever layout it lies. */
  elementwise(input: number, output: number, apply: (name: string) => string): void {
    const first = this.isFirst(input);
    this.define(output, apply(first ? this.first(input) : this.plain(input)), first ? 'first' : 'plain');
  }

  /** Names of operands that are to be broadcast together, in one layout for all. */
  together(slots: readonly number[]): { readonly names: readonly string[]; readonly layout: 'plain' | 'first' } {
    const ranks = slots.map((slot) => this.type(slot).dims?.length ?? -1);
    const rank = Math.max(...ranks);
    const canBeFirst =
      slots.some((slot) => this.isFirst(slot)) && slots.every((slot, at) => ranks[at] === rank || this.#isSmallConstant(slot));
    if (!canBeFirst || rank < 3) return { names: slots.map((slot) => this.plain(slot)), layout: 'plain' };
    return { names: slots.map((slot, at) => (ranks[at] === rank ? this.first(slot) : this.#expanded(slot, rank))), layout: 'first' };
  }

  /** A scalar, or one value a channel. */
  #isSmallConstant(slot: number): boolean {
    const { constant, dims } = this.type(slot);
    return constant !== undefined && dims !== null && dims.length <= 1;
  }

  #expanded(slot: number, rank: number): string {
    const { constant } = this.type(slot);
    const [channels] = constant!.shape;
    return channels === undefined
      ? this.plain(slot)
      : this.constant({ ...constant!, shape: [channels, ...Array.from<number>({ length: rank - 2 }).fill(1)] });
  }

  axis(axis: number, rank: number, layout: 'plain' | 'first'): number {
    return layout === 'first' ? channelsFirstAxis(axis, rank) : axis;
  }

  /** Slots that must be fed, in the order of the model's inputs `t1`...; call after `finish`. */
  get inputs(): readonly number[] {
    return this.#inputs;
  }

  /** The input's name of a slot. */
  inputName(slot: number): string {
    return this.#names.get(slot)!.plain!;
  }

  /** Closes the model with its results. Where values are guarded one more result comes last: a NaN if one of them has any. */
  finish(outputs: readonly number[]): {
    readonly bytes: Uint8Array;
    readonly outputNames: readonly string[];
    readonly isGuarded: boolean;
  } {
    const outputNames = outputs.map((slot) => {
      // Two results may be one value, and ONNX wants each output once.
      const name = this.op('Identity', [this.plain(slot)]);
      const { dtype = 'DT_FLOAT' } = this.type(slot);
      this.#model.output(name, dtype === 'DT_COMPLEX64' ? 'DT_FLOAT' : dtype);
      return name;
    });
    const isGuarded = this.#guarded.length > 0;
    if (isGuarded) {
      outputNames.push(this.op('Sum', this.#guarded));
      this.#model.output(outputNames.at(-1)!, 'DT_FLOAT');
    }
    return { bytes: this.#model.bytes(), outputNames, isGuarded };
  }

  get initializerBytes(): number {
    return this.#model.initializerBytes;
  }
}
