import { benchAnswer } from './answer.ts';
import { benchBake } from './bake.ts';
import { benchEngine } from './engine.ts';
import { benchGateway } from './gateway.ts';
import { benchInspect } from './inspect.ts';
import { benchRecovery } from './recovery.ts';
import { benchLibrary } from './library.ts';
import { benchJson } from './json.ts';
import { benchLoad } from './load.ts';
import { benchMemory } from './memory.ts';
import { benchPlaceGap } from './placeGap.ts';
import { benchPredict } from './predict.ts';
import { benchServe } from './serve.ts';

/** Every benchmark, or those that are named; each prints ratios or times of this one run, and says what it could not run. */
const benches = {
  inspect: benchInspect,
  serve: benchServe,
  bake: benchBake,
  recovery: benchRecovery,
  json: benchJson,
  predict: benchPredict,
  load: benchLoad,
  gateway: benchGateway,
  placeGap: benchPlaceGap,
  memory: benchMemory,
  engine: benchEngine,
  library: benchLibrary,
  answer: benchAnswer,
} as const;
const named = process.argv.slice(2);
for (const [name, bench] of Object.entries(benches)) if (named.length === 0 || named.includes(name)) await bench();
