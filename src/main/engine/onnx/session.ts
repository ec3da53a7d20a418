import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';
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
  DT_COMPLEX64: 'float32',
};

interface Library {
  readonly ort: Pick<typeof import('onnxruntime-web'), 'InferenceSession' | 'Tensor'>;
  /** Its execution provider. */
  readonly provider: 'cpu' | 'wasm';
}
let library: Promise<Library> | undefined;

async function nativeLibrary(): Promise<Library> {
  const module = await import('onnxruntime-node');
  return { ort: 'default' in module ? module.default : module, provider: 'cpu' };
}

/** One thread: its workers would outlive a process that is done. The .wasm is read from beside the module. */
async function webLibrary(): Promise<Library> {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  return { ort, provider: 'wasm' };
}

/** The library is loaded when the first session is made: most small models never need it. */
function loadLibrary(): Promise<Library> {
  library ??= (() => {
    switch (process.env['SLIPWAY_ONNX']) {
      case 'node':
        return nativeLibrary();
      case 'web':
        return webLibrary();
      case 'none':
        return Promise.reject(new Error('SLIPWAY_ONNX=none: no library is loaded'));
      default:
        return nativeLibrary().catch(webLibrary);
    }
  })();
  return library;
}

/** One ONNX model, ready to run. */
export class OnnxSession {
  readonly #ort: Library['ort'];
  readonly #session: InferenceSession;

  private constructor(ort: Library['ort'], session: InferenceSession) {
    this.#ort = ort;
    this.#session = session;
  }

  static async create(bytes: Uint8Array, { intraOp, interOp }: SessionThreads): Promise<OnnxSession> {
    const { ort, provider } = await loadLibrary();
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      ...(intraOp > 0 ? { intraOpNumThreads: intraOp } : {}),
      ...(interOp > 0 ? { interOpNumThreads: interOp } : {}),
    });
    return new OnnxSession(ort, session);
  }

  /** Runs it once, complex numbers as pairs of floats along one more axis; throws whatever the library throws. */
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
      feeds[name] = new this.#ort.Tensor(type, data as Float32Array, dtype === 'DT_COMPLEX64' ? [...shape, 2] : shape);
    }
    const results = await this.#session.run(feeds);
    return outputNames.map((name, index) => {
      const { dims, data } = results[name]!;
      const dtype = outputTypes[index]!;
      return { dtype, shape: dtype === 'DT_COMPLEX64' ? dims.slice(0, -1) : dims, data: data as Float32Array };
    });
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
