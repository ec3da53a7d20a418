import { AppError } from '../../shared/contract/errors.ts';
import { addressesOf } from '../../shared/contract/addresses.ts';
import type { SnippetFile, SnippetRequest, Snippets } from '../../shared/contract/snippets.ts';
import { metaGraphFor } from '../../shared/contract/savedModel.ts';
import type { StateHub } from '../stateHub.ts';
import { openApiOf } from './openApi.ts';
import { findServing } from './findServing.ts';
import { methodOf, servedAt, versionUrl, withSignatureName } from './predict.ts';
import { requestTensors } from '../../shared/tensor/requestTensors.ts';
import { prepareInputs, tensorsOf } from './prepareInputs.ts';
import { requestBody } from './requestBody.ts';
import type { Asked } from './snippets/asked.ts';
import { snippetFiles, snippetsOf } from './snippets/snippets.ts';

interface Waiting {
  readonly signal: AbortSignal;
}

/** What a person takes from the playground into a program of their own. */
export interface TakeAway {
  /** Throws SIGNATURE_NOT_FOUND, SERVING_NOT_FOUND and SERVER_UNREACHABLE. */
  snippets(request: SnippetRequest, options: Waiting): Promise<Snippets>;
  snippetFiles(request: SnippetRequest, options: Waiting): Promise<readonly SnippetFile[]>;
  /** OpenAPI 3.1 of what a serving answers over REST, as JSON text. */
  openApi(servingId: string): string;
}

export function createTakeAway({ hub }: { readonly hub: StateHub }): TakeAway {
  async function asked(request: SnippetRequest, { signal }: Waiting): Promise<Asked> {
    const serving = findServing(hub, request.servingId);
    const { rest, signature } = servedAt(
      serving,
      hub.state.models.find(({ id }) => id === serving.modelId),
      request,
    );
    if (signature === null) throw new AppError('SIGNATURE_NOT_FOUND', { signature: request.signature, known: 'none' });
    const prepared = request.inputs === undefined ? null : tensorsOf(await prepareInputs(signature, request.inputs, { signal }));
    const body =
      prepared === null
        ? withSignatureName(request.body ?? '', request.signature)
        : requestBody(request.signature, prepared, 'columnar').toString('utf8');
    return {
      url: `${versionUrl(rest, request)}:${methodOf(signature, body)}`,
      grpcAddress: addressesOf(serving.plan).grpc,
      model: serving.name,
      version: request.version,
      label: request.label,
      signatureName: request.signature,
      signature,
      body,
      inputs: prepared ?? tensorsIn(signature, body),
    };
  }
  return {
    snippets: async (request, options) => snippetsOf(await asked(request, options)),
    snippetFiles: async (request, options) =>
      snippetFiles(await asked(request, options)).map(({ name, bytes }) => ({ name, bytes: new Blob([new Uint8Array(bytes)]) })),
    openApi(servingId) {
      const serving = findServing(hub, servingId);
      const model = hub.state.models.find(({ id }) => id === serving.modelId);
      const graph = model?.versions.flatMap((version) => metaGraphFor(version, serving.plan.tags) ?? [])[0];
      return `${JSON.stringify(openApiOf({ rest: addressesOf(serving.plan).rest, name: serving.name, signatures: graph?.signatures ?? {} }), null, 2)}\n`;
    },
  };
}

/** A body that has no form as tensors can still be sent as it is. */
function tensorsIn(signature: Asked['signature'], body: string): Asked['inputs'] {
  try {
    return requestTensors(signature, body, { insist: true });
  } catch (error) {
    if (error instanceof AppError && error.code === 'REQUEST_MISMATCH') return null;
    throw error;
  }
}
