import { implement } from '@orpc/server';
import { playgroundContract } from '../../shared/contract/playground.ts';
import type { App } from '../app.ts';

const never = new AbortController().signal;

/** The playground's part of the contract. */
export function playgroundRoutes({ playground }: App) {
  const os = implement(playgroundContract);
  return {
    prepare: os.prepare.handler(({ input: { inputs, tensors, ...asked }, signal }) =>
      playground.prepare(asked, inputs, { tensors, signal: signal ?? never }),
    ),
    features: os.features.handler(({ input, signal }) => playground.features(input, { signal: signal ?? never })),
    labels: os.labels.handler(({ input: { asset, ...asked }, signal }) => playground.labels(asked, asset, { signal: signal ?? never })),
    output: os.output.handler(({ input: { exchange, name } }) => playground.output(exchange, name)),
    process: os.process.handler(({ input: { exchange, name, steps }, signal }) =>
      playground.process(exchange, name, steps, { signal: signal ?? never }),
    ),
    raw: os.raw.handler(({ input: { exchange, side, offset, length } }) => playground.raw(exchange, side, offset, length)),
    save: os.save.handler(({ input: { exchange, name, format } }) => playground.save(exchange, name, format)),
  };
}
