import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Dtype } from '../../../shared/tensor/dtype.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';
import { StatusError } from '../../tfserving/status.ts';

/** Threads of one session; 0 is the library's own choice. */
export interface SessionThreads {
  readonly intraOp: number;
  readonly interOp: number;
}

const typeNames: Readonly<Partial<Record<Dtype, OrtTensor.Type>>> = {
  DT_FLOAT: 'float32',
  DT_DOUBLE: 'float64',
  DT_INT32: 'int32',
  DT_INT64: 'int64',
  DT_BOOL: 'bool',
};

type Library = typeof import('onnxruntime-node');
let library: Promise<Library> | undefined;

/** The library is loaded when the first session is made: most small models never need it. */
function loadLibrary(): Promise<Library> {
  library ??= import('onnxruntime-node').then((module) => ('default' in module ? module.default : module));
  return library;
}

/** One ONNX model, ready to run. */
export class OnnxSession {
  readonly #ort: Library;
  readonly #session: InferenceSession;

  private constructor(ort: Library, session: InferenceSession) {
    this.#ort = ort;
    this.#session = session;
  }

  static async create(bytes: Uint8Array, { intraOp, interOp }: SessionThreads): Promise<OnnxSession> {
    const ort = await loadLibrary();
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      ...(intraOp > 0 ? { intraOpNumThreads: intraOp } : {}),
      ...(interOp > 0 ? { interOpNumThreads: interOp } : {}),
    });
    return new OnnxSession(ort, session);
  }

  /** Runs it once; throws whatever the library throws. */
  async run(
    names: readonly string[],
    inputs: readonly Tensor[],
    outputNames: readonly string[],
    outputTypes: readonly Dtype[],
  ): Promise<readonly Tensor[]> {
    const feeds: Record<string, OrtTensor> = {};
    for (const [index, name] of names.entries()) {
      const { dtype, shape, data } = inputs[index]!;
      const type = typeNames[dtype];
      if (type === undefined) throw new StatusError('INTERNAL', `${dtype} has no session type`);
      feeds[name] = new this.#ort.Tensor(type, data as Float32Array, shape);
    }
    const results = await this.#session.run(feeds);
    return outputNames.map((name, index) => {
      const { dims, data } = results[name]!;
      return { dtype: outputTypes[index]!, shape: dims, data: data as Float32Array };
    });
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
