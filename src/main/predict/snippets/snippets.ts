import type { SnippetKind, Snippets } from '../../../shared/contract/snippets.ts';
import { isInline, requestFile, valueField, type Asked } from './asked.ts';
import { javascriptGrpc, pythonGrpc } from './grpc.ts';
import { csharp, curl, go, java, javascript, python } from './rest.ts';
import { tensorFile, type FileBeside } from './tensorSource.ts';

/** One request as programs in the languages that clients are written in. */
export function snippetsOf(asked: Asked): Snippets {
  const { inputs } = asked;
  const overRest = [curl, python, javascript, go, java, csharp].map((write) => write(asked));
  const why = whyNoGrpc(asked);
  const overGrpc = inputs === null || why !== null ? [] : [pythonGrpc(asked, inputs), javascriptGrpc(asked, inputs)];
  const missing: Partial<Record<SnippetKind, string>> = why === null ? {} : { 'python-grpc': why, 'javascript-grpc': why };
  const order: readonly SnippetKind[] = ['curl', 'python', 'python-grpc', 'javascript', 'javascript-grpc', 'go', 'java', 'csharp'];
  const snippets = [...overRest, ...overGrpc].toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  return { snippets, missing };
}

/** The files that the programs read. */
export function snippetFiles(asked: Asked): readonly FileBeside[] {
  return [
    ...(isInline(asked) ? [] : [{ name: requestFile, bytes: Buffer.from(asked.body) }]),
    ...Object.entries(asked.inputs ?? {}).flatMap(([name, tensor]) => tensorFile(name, tensor) ?? []),
  ];
}

function whyNoGrpc({ inputs }: Asked): string | null {
  if (inputs === null) return 'This request has no form as tensors.';
  const odd = Object.entries(inputs).find(([, { dtype }]) => valueField(dtype) === undefined);
  return odd === undefined ? null : `${odd[0]} is ${odd[1].dtype}, which these programs do not carry.`;
}
