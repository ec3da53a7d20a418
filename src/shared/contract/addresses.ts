import type { ServingPlan } from './serving.ts';

/** The addresses of a serving, ready to copy. */
export function addressesOf(plan: Pick<ServingPlan, 'restPort' | 'grpcPort' | 'name'>): { rest: string; grpc: string } {
  return {
    rest: `http://127.0.0.1:${plan.restPort}/v1/models/${encodeURIComponent(plan.name)}`,
    grpc: `127.0.0.1:${plan.grpcPort}`,
  };
}
