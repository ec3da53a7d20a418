import { z } from 'zod';
import { predictRequest } from './predict.ts';

const { servingId, signature, version, label, body, inputs } = predictRequest.shape;
/** One request as it stands in the playground, to be taken away as code: text as it was typed, or inputs. */
export const snippetRequest = z
  .object({ servingId, signature, version, label, body, inputs })
  .refine((request) => (request.body === undefined) !== (request.inputs === undefined), 'either body or inputs');
export type SnippetRequest = z.input<typeof snippetRequest>;

export const snippetKinds = ['curl', 'python', 'python-grpc', 'javascript', 'javascript-grpc', 'go', 'java', 'csharp'] as const;
export type SnippetKind = (typeof snippetKinds)[number];

/** A program that asks the same and prints status, shapes and first values; it runs as it is. */
export interface Snippet {
  readonly kind: SnippetKind;
  /** What it is called: `predict.py`. */
  readonly file: string;
  readonly text: string;
  /** Files beside it that it reads, where the input is too large to stand in the text. */
  readonly reads: readonly string[];
  /** How to run it, with what to install first. */
  readonly run: string;
}

export interface Snippets {
  readonly snippets: readonly Snippet[];
  /** Why a kind is missing: `examples` have no form over gRPC here. */
  readonly missing: Readonly<Partial<Record<SnippetKind, string>>>;
}

/** A file that a snippet reads: the request as it was typed, or one tensor's bytes. */
export interface SnippetFile {
  readonly name: string;
  readonly bytes: Blob;
}
