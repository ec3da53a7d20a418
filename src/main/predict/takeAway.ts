import { AppError } from '../../shared/contract/errors.ts';
import { addressesOf } from '../../shared/contract/addresses.ts';
import type { SnippetFile, SnippetRequest, Snippets } from '../../shared/contract/snippets.ts';
import { metaGraphFor } from '../../shared/contract/savedModel.ts';
import type { StateHub } from '../stateHub.ts';
import { openApiOf } from './openApi.ts';
import { findServing } from './findServing.ts';
import { methodOf, servedAt, versionUrl, withSignatureName } from './predict.ts';
import { requestTensors } from '../../shared/tensor/requestTensors.ts';
import type { Asked } from './snippets/asked.ts';
import { snippetFiles, snippetsOf } from './snippets/snippets.ts';

/** What a person takes from the playground into a program of their own. */
export interface TakeAway {
  /** Throws SIGNATURE_NOT_FOUND, SERVING_NOT_FOUND and SERVER_UNREACHABLE. */
  snippets(request: SnippetRequest): Snippets;
  snippetFiles(request: SnippetRequest): readonly SnippetFile[];
  /** OpenAPI 3.1 of what a serving answers over REST, as JSON text. */
  openApi(servingId: string): string;
}

export function createTakeAway({ hub }: { readonly hub: StateHub }): TakeAway {
  function asked(request: SnippetRequest): Asked {
    const serving = findServing(hub, request.servingId);
    const { rest, signature } = servedAt(
      serving,
      hub.state.models.find(({ id }) => id === serving.modelId),
      request,
    );
    if (signature === null) throw new AppError('SIGNATURE_NOT_FOUND', { signature: request.signature, known: 'none' });
    const body = withSignatureName(request.body, request.signature);
    return {
      url: `${versionUrl(rest, request)}:${methodOf(signature, body)}`,
      grpcAddress: addressesOf(serving.plan).grpc,
      model: serving.name,
      version: request.version,
      label: request.label,
      signatureName: request.signature,
      signature,
      body,
      inputs: tensorsIn(signature, body),
    };
  }
  return {
    snippets: (request) => snippetsOf(asked(request)),
    snippetFiles: (request) => snippetFiles(asked(request)).map(({ name, bytes }) => ({ name, bytes: new Blob([new Uint8Array(bytes)]) })),
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
