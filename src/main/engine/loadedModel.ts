import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';

export interface LoadOptions {
  /** Tags of the meta graph, as a set; `['serve']` by default. */
  readonly tags?: readonly string[];
  /** Threads within one op; 0: as many as the machine has cores. */
  readonly intraOpThreads?: number;
  /** Ops at the same time; 0: the library's own choice. */
  readonly interOpThreads?: number;
  readonly signal?: AbortSignal;
}

/** A version in memory, ready to answer. */
export interface LoadedModel extends AsyncDisposable {
  /** All signatures of the meta graph, `__saved_model_init_op` left out. */
  readonly signatures: Readonly<Record<string, SignatureInfo>>;
  /**
   * Runs one signature. Inputs are named as in the signature and are not checked against its shapes, only their dtypes and names:
   * as in TensorFlow, an op refuses what does not fit it. Runs of a stateful graph follow each other in the order of the calls.
   * Throws StatusError with TensorFlow's code and words.
   */
  run(
    signature: string,
    inputs: Readonly<Record<string, Tensor>>,
    options?: { readonly outputs?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<Readonly<Record<string, Tensor>>>;
}

/** Reads a version folder and compiles what its signatures need. Throws StatusError; every unsupported op is named in one error. */
export type LoadModel = (versionPath: string, options?: LoadOptions) => Promise<LoadedModel>;
