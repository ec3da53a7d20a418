import { expect, test } from 'vitest';
import type { ListedImage } from '../../src/main/docker/dockerEngine.ts';
import { placeDiffers } from '../../src/main/serving/placeDiffers.ts';
import { servingImages } from '../../src/main/serving/servingImages.ts';
import type { ServingPlan } from '../../src/shared/contract/serving.ts';
import { planOf } from '../renderer/plan.ts';

const plan = planOf();

test.each<readonly [Partial<ServingPlan>, readonly string[]]>([
  [{}, []],
  [{ restPort: 9000, placePorts: { restPort: 1, grpcPort: 2 }, through: 'gateway' }, []],
  [{ image: 'tensorflow/serving:latest' }, ['image']],
  [{ engine: 'embedded', image: 'tensorflow/serving:latest', user: '1:1' }, ['engine']],
  [{ extraFlags: ['--enable_batching=true'], env: { A: '1' } }, ['flags', 'env']],
  [{ mount: { source: '/elsewhere', target: plan.mount.target } }, ['folder']],
  [{ memoryBytes: plan.memoryBytes * 2, user: '5:5', tags: ['gpu'] }, ['tags', 'memory', 'user']],
])('%j is a new container for %j', (changes, parts) => {
  expect(placeDiffers(plan, { ...plan, ...changes }, false)).toEqual(parts);
});

test('the order of an environment is no difference, and another image under the same name is one', () => {
  const [one, other] = [
    { ...plan, env: { A: '1', B: '2' } },
    { ...plan, env: { B: '2', A: '1' } },
  ];
  expect([placeDiffers(one, other, false), placeDiffers(one, other, true)]).toEqual([[], ['image']]);
});

const image = (names: readonly string[], more: Partial<ListedImage> = {}): ListedImage => ({
  id: `sha256:${names.join()}`,
  names,
  pinned: [],
  labels: {},
  sizeBytes: 1,
  createdAt: '2024-01-01T00:00:00.000Z',
  ...more,
});
const baked = { 'dev.slipway.model': 'iris' };
const all = [
  image(['tensorflow/serving:2.18.0'], { createdAt: '2023-01-01T00:00:00.000Z' }),
  image(['tensorflow/serving:2.19.1', 'registry.example:5000/ml/serving:2.19.1'], {
    pinned: ['tensorflow/serving@sha256:aa', 'registry.example:5000/ml/serving@sha256:bb'],
  }),
  image(['postgres:17']),
  image([]),
  image(['example/serving:iris', 'iris:3'], { labels: baked }),
  image(['iris:2'], { labels: baked }),
];

test('a serving can be moved to the images of its repository and of those called like it, newest first, each with its own digest', () => {
  const found = servingImages(all, { image: 'tensorflow/serving' }, 'tensorflow/serving:latest');
  expect(found.map(({ reference, digest }) => [reference, digest])).toEqual([
    ['tensorflow/serving:2.19.1', 'sha256:aa'],
    ['registry.example:5000/ml/serving:2.19.1', 'sha256:bb'],
    ['tensorflow/serving:2.18.0', null],
  ]);
});

test('what serves from an image that holds its model is moved to images of the same name', () => {
  const found = servingImages(all, { image: 'iris:3', inImage: '/models/iris' }, 'tensorflow/serving:latest');
  expect(found.map(({ reference }) => reference)).toEqual(['iris:3', 'iris:2']);
});
