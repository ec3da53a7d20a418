import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';

/** The tensors of a request by the names of a signature's inputs. */
export type InputTensors = Readonly<Record<string, Tensor>>;

/** What a file is read with: the signature that it is for, and where to say what was done to its values on the way. */
export interface FileReading {
  readonly signature: SignatureInfo;
  readonly say: (note: string) => void;
  /** Sends also a shape that the signature does not have. */
  readonly insist: boolean;
}
