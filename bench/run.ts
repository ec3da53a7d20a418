import { benchInspect } from './inspect.ts';
import { benchServe } from './serve.ts';

/** Runs every benchmark; each prints ratios or times of this one run, and says what it could not run. */
await benchInspect();
await benchServe();
