import { implement } from '@orpc/server';
import { playgroundContract } from '../../shared/contract/playground.ts';
import type { App } from '../app.ts';
import { findServing } from '../predict/findServing.ts';

const never = new AbortController().signal;

/** The playground's part of the contract. */
export function playgroundRoutes({ playground, tables, hub, recipes }: App) {
  const os = implement(playgroundContract);
  return {
    prepare: os.prepare.handler(({ input: { inputs, tensors, ...asked }, signal }) =>
      playground.prepare(asked, inputs, { tensors, signal: signal ?? never }),
    ),
    body: os.body.handler(({ input: { inputs, ...asked }, signal }) => playground.body(asked, inputs, { signal: signal ?? never })),
    features: os.features.handler(({ input, signal }) => playground.features(input, { signal: signal ?? never })),
    labels: os.labels.handler(({ input: { asset, ...asked }, signal }) => playground.labels(asked, asset, { signal: signal ?? never })),
    output: os.output.handler(({ input: { exchange, name } }) => playground.output(exchange, name)),
    inputs: os.inputs.handler(({ input: { exchange } }) => playground.inputs(exchange)),
    input: os.input.handler(({ input: { exchange, name } }) => playground.input(exchange, name)),
    process: os.process.handler(({ input: { exchange, name, steps }, signal }) =>
      playground.process(exchange, name, steps, { signal: signal ?? never }),
    ),
    raw: os.raw.handler(({ input: { exchange, side, offset, length } }) => playground.raw(exchange, side, offset, length)),
    saveAll: os.saveAll.handler(({ input: { exchange, side } }) => playground.saveAll(exchange, side)),
    recipe: os.recipe.handler(({ input: { modelId, signature } }) => recipes.get(modelId, signature)),
    saveRecipe: os.saveRecipe.handler(({ input: { modelId, signature, recipe } }) => {
      // MODEL_NOT_FOUND before the database says it in its words.
      playground.signature({ modelId, version: null, signature });
      recipes.put(modelId, signature, recipe);
    }),
    readTable: os.readTable.handler(async ({ input: { name, data, ...asked } }) =>
      tables.read(playground.signature(asked), name, Buffer.from(await data.arrayBuffer())),
    ),
    runTable: os.runTable.handler(({ input }) => {
      const { modelId } = findServing(hub, input.request.servingId);
      const { signature, version = null } = input.request;
      return tables.run(playground.signature({ modelId, version, signature }), input);
    }),
    tableResult: os.tableResult.handler(({ input: { taskId, offset, length } }) => tables.result(taskId, offset, length)),
    save: os.save.handler(({ input: { exchange, name, format } }) => playground.save(exchange, name, format)),
  };
}
