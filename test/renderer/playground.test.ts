import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignatureInfo, VersionSummary } from '../../src/shared/contract/savedModel.ts';
import type { Serving } from '../../src/shared/contract/serving.ts';
import type { Model } from '../../src/shared/contract/state.ts';
import { choose, whichOf, type Wished } from '../../src/renderer/features/playground/choices.ts';
import { formatJson } from '../../src/renderer/features/playground/formatJson.ts';
import { servingOf } from './plan.ts';

describe('formatting a request', () => {
  it('puts rows on lines and leaves numbers as they were typed', () => {
    const text = '{"instances":[{"a":[1,-0,9007199254740993],"b":"x, [y]: \\" z"},{"a":[NaN,1e400,2],"b":""}]}';
    expect(formatJson(text)).toBe(
      [
        '{',
        '  "instances": [',
        '    {',
        '      "a": [1, -0, 9007199254740993],',
        '      "b": "x, [y]: \\" z"',
        '    },',
        '    {',
        '      "a": [NaN, 1e400, 2],',
        '      "b": ""',
        '    }',
        '  ]',
        '}',
      ].join('\n'),
    );
  });

  it('changes white space only, and once', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const formatted = formatJson(text);
        expect([JSON.parse(formatted), formatJson(formatted)]).toEqual([JSON.parse(text), formatted]);
      }),
    );
  });
});

const signature: SignatureInfo = { method_name: 'tensorflow/serving/predict', inputs: {}, outputs: {} };

function version(number: string, names: readonly string[]): VersionSummary {
  const signatures = Object.fromEntries(names.map((name) => [name, signature]));
  const graph = { tags: ['serve'], signatures, tensorflow_version: '', producer: 0, assets: [], ops: {} };
  const empty = { path: '', total_params: 0, size_bytes: 0, files: [], tensorflow_version: '', ops: {}, assets: [] };
  return { ...empty, version: number, meta_graphs: [graph], variable_count: 0, fingerprint: null, verified: false, problems: [] };
}

const model: Model = {
  id: 'm1',
  name: 'digits',
  path: '/home/ada/digits',
  source: 'linked',
  addedAt: '2026-11-24T14:00:00.000Z',
  versions: [version('10', ['embed', 'serving_default', '__saved_model_init_op']), version('9', ['classify'])],
  problems: [],
  mountAs: null,
  present: true,
  record: { tags: [], note: '', versions: [], arriving: [] },
};

describe('the choices of the playground', () => {
  const stopped = servingOf('old', { kind: 'stopped', reason: 'person' });
  const live = servingOf('live', { kind: 'serving', versions: ['9', '10'] });
  const nothing: Wished = { servingId: null, version: null, label: null, signature: null };
  const chosen = (wished: Partial<Wished>) => {
    const { serving, versions, version: one, signatures, signature: name } = choose({ ...nothing, ...wished }, [stopped, live], [model]);
    return { serving: serving?.id, versions, version: one, signatures, signature: name };
  };

  it('begin with a serving that answers, its latest version by number and serving_default', () => {
    expect(chosen({})).toEqual({
      serving: 'live',
      versions: ['10', '9'],
      version: null,
      signatures: ['embed', 'serving_default'],
      signature: 'serving_default',
    });
  });

  it('follow the version: another one has other signatures', () => {
    expect(chosen({ version: '9' })).toMatchObject({ version: '9', signatures: ['classify'], signature: 'classify' });
  });

  it('offer the labels of versions that are served, and ask by one of them', () => {
    const labelled: Serving = {
      ...live,
      plan: { ...live.plan, served: { mode: 'guarded', labels: { stable: '9', old: '3' }, admitted: ['10', '9'] } },
    };
    const choices = choose({ ...nothing, label: 'stable' }, [labelled], [model]);
    expect([choices.labels, choices.label, choices.answering, choices.signature, whichOf(choices)]).toEqual([
      [{ label: 'stable', version: '9' }],
      'stable',
      '9',
      'classify',
      { label: 'stable' },
    ]);
    expect(whichOf(choose({ ...nothing, label: 'old', version: '10' }, [labelled], [model]))).toEqual({ version: '10' });
  });

  it('forget a wish that is not there any more', () => {
    expect(chosen({ servingId: 'gone', version: '3', signature: 'gone' })).toMatchObject({
      serving: 'live',
      version: null,
      signature: 'serving_default',
    });
  });
});
