import { z } from 'zod';

const port = z.number().int().min(1).max(65_535);
const ports = z.object({ restPort: port, grpcPort: port }).readonly();

/** What a gateway's owner asks of it: one line of JSON each, answered by one line with the same id. */
export const gatewayCommand = z.discriminatedUnion('do', [
  /** `ends`: the gateway ends when this connection does, as what ends with its owner must. */
  z.object({ id: z.number(), do: z.literal('own'), ends: z.boolean() }),
  /** Listens at the address, and lets requests to the place. PORT_TAKEN's cause is `error`. */
  z.object({ id: z.number(), do: z.literal('listen'), address: ports, place: ports }),
  /** New requests wait, those under way finish. */
  z.object({ id: z.number(), do: z.literal('hold') }),
  /** New requests go to this place; those under way finish where they began. */
  z.object({ id: z.number(), do: z.literal('point'), place: ports }),
  z.object({ id: z.number(), do: z.literal('release') }),
  /** Answered when nothing is under way at places before the present one, or after this time. */
  z.object({ id: z.number(), do: z.literal('drain'), limitMs: z.number().int().min(0).max(3_600_000) }),
  z.object({ id: z.number(), do: z.literal('state') }),
  /** Ends at once. */
  z.object({ id: z.number(), do: z.literal('stop') }),
]);
export type GatewayCommand = z.infer<typeof gatewayCommand>;

export const gatewayState = z.object({
  pid: z.number(),
  /** Null where it does not listen yet. */
  address: ports.nullable(),
  place: ports.nullable(),
  isHeld: z.boolean(),
  connections: z.number(),
  /** Requests under way in the present place, and in those before it. */
  underWay: z.object({ now: z.number(), before: z.number() }).readonly(),
});
export type GatewayState = Readonly<z.infer<typeof gatewayState>>;

export const gatewayAnswer = z.union([z.object({ id: z.number(), state: gatewayState }), z.object({ id: z.number(), error: z.string() })]);
export type GatewayAnswer = z.infer<typeof gatewayAnswer>;

/** A command or an answer is shorter. */
export const maxLineBytes = 16 * 1024;
