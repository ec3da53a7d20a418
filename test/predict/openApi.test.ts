import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { openApiOf } from '../../src/main/predict/openApi.ts';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { runModelServer } from '../tfserving/runModelServer.ts';

const folder = join(fixtures() ?? '', 'models');
const signal = new AbortController().signal;

async function describeModel(model: string, rest: string): Promise<Record<string, unknown>> {
  const { versions } = await inspectFolder(join(folder, 'models', model), { verify: false, signal });
  return openApiOf({ rest: `${rest}/v1/models/${model}`, name: model, signatures: versions[0]?.meta_graphs[0]?.signatures ?? {} });
}

/** Validates a value against a named part of the document. */
function checker(document: Record<string, unknown>): (name: string, value: unknown) => readonly string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(document, 'document');
  return (name, value) => {
    const validate = ajv.getSchema(`document#/components/schemas/${name}`);
    if (validate === undefined) throw new Error(`there is no ${name}`);
    return (validate(value) as boolean)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  };
}

describe.skipIf(fixtures() === undefined)(`the OpenAPI document of a model ${fixtures() === undefined ? whyNoFixtures : ''}`, () => {
  const models = (fixtures() === undefined ? '[]' : readFileSync(join(folder, 'MANIFEST.json'), 'utf8')).matchAll(/"models\/(\w+)\/\d+"/g);
  const names = [...new Set([...models].map(([, name = '']) => name))];

  test('is valid OpenAPI 3.1 for every model of the corpus', async () => {
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      const { valid, errors } = await new Validator().validate(await describeModel(name, 'http://127.0.0.1:8501'));
      expect([name, valid, errors]).toEqual([name, true, undefined]);
    }
  });

  test('its schemas fit what a server takes and answers, and refuse what it refuses', async () => {
    await using server = await runModelServer([`--model_name=multi_io`, `--model_base_path=${join(folder, 'models', 'multi_io')}`]);
    const rest = `http://127.0.0.1:${server.restPort}`;
    const document = await describeModel('multi_io', rest);
    const check = checker(document);
    const row = { measurements: [0.5, 1, 2], item_ids: [1, 2, 3, 4, 0], color: ['red'] };
    const columns = { measurements: [row.measurements], item_ids: [row.item_ids], color: [row.color] };
    for (const body of [{ instances: [row, row] }, { inputs: columns }, { signature_name: 'serving_default', inputs: columns }]) {
      expect(check('serving_default.request', body)).toEqual([]);
      const answer = await fetch(`${rest}/v1/models/multi_io:predict`, { method: 'POST', body: JSON.stringify(body) });
      expect(answer.status).toBe(200);
      expect(check('serving_default.answer', await answer.json())).toEqual([]);
    }
    for (const body of [{ instances: [] }, { inputs: { ...columns, color: [[1]] } }, { inputs: { color: columns.color } }, {}])
      expect([body, check('serving_default.request', body)]).not.toEqual([body, []]);
    const refused = await fetch(`${rest}/v1/models/multi_io:predict`, { method: 'POST', body: '{}' });
    expect(refused.status).toBe(400);
    expect(check('Error', await refused.json())).toEqual([]);
    const [path, status] = Object.entries(document['paths'] as object)[0] as [string, object];
    expect([path, Object.keys(status)]).toEqual(['/v1/models/multi_io', ['get']]);
    expect(check('Status', await (await fetch(`${rest}${path}`)).json())).toEqual([]);
    expect(check('Metadata', await (await fetch(`${rest}${path}/metadata`)).json())).toEqual([]);
  });
});
