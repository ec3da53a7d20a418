import type { ServingPlan } from './serving.ts';

/** The addresses of a serving, ready to copy. */
export function addressesOf(plan: Pick<ServingPlan, 'restPort' | 'grpcPort' | 'name'>): { rest: string; grpc: string } {
  return {
    rest: `http://127.0.0.1:${plan.restPort}/v1/models/${encodeURIComponent(plan.name)}`,
    grpc: `127.0.0.1:${plan.grpcPort}`,
  };
}

/** Where a plan's place listens itself: at the address, or behind the gateway. */
export const placePortsOf = (plan: Pick<ServingPlan, 'restPort' | 'grpcPort' | 'placePorts'>): { restPort: number; grpcPort: number } =>
  plan.placePorts ?? { restPort: plan.restPort, grpcPort: plan.grpcPort };
