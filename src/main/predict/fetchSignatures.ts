import type { SignatureInfo, TensorInfo } from '../../shared/contract/savedModel.ts';
import { dtypeEnum, type DtypeName } from '../../shared/tensor/dtype.ts';
import { sendRest } from './sendRest.ts';

interface MetadataTensor {
  readonly dtype?: DtypeName;
  readonly name?: string;
  readonly tensor_shape?: { readonly dim?: readonly { readonly size?: string }[]; readonly unknown_rank?: boolean };
}

interface MetadataSignature {
  readonly inputs?: Readonly<Record<string, MetadataTensor>>;
  readonly outputs?: Readonly<Record<string, MetadataTensor>>;
  readonly method_name?: string;
}

function tensorInfo({ dtype = 'DT_INVALID', name = '', tensor_shape: shape }: MetadataTensor): TensorInfo {
  const unknown = shape?.unknown_rank === true;
  return {
    name,
    dtype,
    dtype_enum: dtypeEnum(dtype),
    shape: unknown ? null : (shape?.dim ?? []).map(({ size = '0' }) => Number(size)),
    unknown_rank: unknown,
  };
}

const tensors = (all: Readonly<Record<string, MetadataTensor>> = {}): Readonly<Record<string, TensorInfo>> =>
  Object.fromEntries(Object.entries(all).map(([name, tensor]) => [name, tensorInfo(tensor)] as const));

/**
 * The signatures that a server tells at `{base}[/versions/N|/labels/L]/metadata`; null where it answers something else, as a proxy
 * may. Source: the REST API's documentation; the map is nested twice, sizes are text. SERVER_UNREACHABLE where nothing answers.
 */
export async function fetchSignatures(
  url: string,
  waiting: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Readonly<Record<string, SignatureInfo>> | null> {
  const { status, body } = await sendRest(`${url}/metadata`, null, waiting);
  if (status !== 200) return null;
  try {
    const { metadata } = JSON.parse(body.toString('utf8')) as {
      readonly metadata?: { readonly signature_def?: { readonly signature_def?: Readonly<Record<string, MetadataSignature>> } };
    };
    const all = Object.entries(metadata?.signature_def?.signature_def ?? {}).filter(([name]) => name !== '__saved_model_init_op');
    if (all.length === 0) return null;
    return Object.fromEntries(
      all.map(
        ([name, { inputs, outputs, method_name = '' }]) =>
          [name, { method_name, inputs: tensors(inputs), outputs: tensors(outputs) }] as const,
      ),
    );
  } catch {
    // No metadata of TensorFlow Serving's.
    return null;
  }
}
