import { implement } from '@orpc/server';
import { playgroundContract } from '../../shared/contract/playground.ts';
import type { WireTensor } from '../../shared/contract/tensors.ts';
import type { TableTarget } from '../../shared/contract/tables.ts';
import type { App } from '../app.ts';
import { findServing } from '../predict/findServing.ts';
import type { AskedTarget } from '../predict/tables.ts';

const never = new AbortController().signal;

/** A tensor with a part of its data. */
function partOf(tensor: WireTensor, part: { readonly offset: number; readonly length: number } | undefined): WireTensor {
  return part === undefined ? tensor : { ...tensor, data: tensor.data.slice(part.offset, part.offset + part.length) };
}

/** The playground's part of the contract. */
export function playgroundRoutes({ playground, tables, hub, recipes }: App) {
  const os = implement(playgroundContract);
  const targetOf = (target: TableTarget): AskedTarget => {
    const serving = findServing(hub, target.servingId);
    const { signature, version = null } = target;
    return { target, serving, signature: playground.signature({ modelId: serving.modelId, version, signature }) };
  };
  return {
    prepare: os.prepare.handler(({ input: { inputs, tensors, ...asked }, signal }) =>
      playground.prepare(asked, inputs, { tensors, signal: signal ?? never }),
    ),
    body: os.body.handler(({ input: { inputs, ...asked }, signal }) => playground.body(asked, inputs, { signal: signal ?? never })),
    features: os.features.handler(({ input, signal }) => playground.features(input, { signal: signal ?? never })),
    labels: os.labels.handler(({ input: { asset, ...asked }, signal }) => playground.labels(asked, asset, { signal: signal ?? never })),
    output: os.output.handler(({ input: { exchange, name, part } }) => partOf(playground.output(exchange, name), part)),
    inputs: os.inputs.handler(({ input: { exchange } }) => playground.inputs(exchange)),
    input: os.input.handler(({ input: { exchange, name, part } }) => partOf(playground.input(exchange, name), part)),
    process: os.process.handler(async ({ input: { exchange, name, steps, part }, signal }) => {
      const made = await playground.process(exchange, name, steps, { signal: signal ?? never });
      return { ...made, tensor: partOf(made.tensor, part) };
    }),
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
    checkTable: os.checkTable.handler(({ input: { table, columns, ...asked } }) =>
      tables.check(playground.signature(asked), table, columns),
    ),
    tableBody: os.tableBody.handler(({ input: { table, columns, count, ...asked } }) =>
      tables.body(playground.signature(asked), table, columns, { name: asked.signature, count }),
    ),
    runTable: os.runTable.handler(({ input }) => tables.run(targetOf(input.request), input)),
    tableResult: os.tableResult.handler(({ input: { taskId, offset, length } }) => tables.result(taskId, offset, length)),
    tableRows: os.tableRows.handler(({ input: { taskId, offset, count } }) => tables.rows(taskId, offset, count)),
    compareTable: os.compareTable.handler(({ input }) => tables.compare([targetOf(input.targets[0]), targetOf(input.targets[1])], input)),
    tableAgreement: os.tableAgreement.handler(({ input: { taskId } }) => tables.agreement(taskId)),
    tableReport: os.tableReport.handler(({ input: { taskId, format } }) => tables.report(taskId, format)),
    save: os.save.handler(({ input: { exchange, name, format } }) => playground.save(exchange, name, format)),
  };
}
