import { AppError } from '../../shared/contract/errors.ts';
import type { ServeRequest, Serving, ServingPlan } from '../../shared/contract/serving.ts';
import type { Settings } from '../../shared/contract/settings.ts';
import type { EngineStatus, Model } from '../../shared/contract/state.ts';
import { mountToJoin, seenAt } from './joinedPlace.ts';
import { checkReadable, planServing } from './planServing.ts';

/** The plan of a model that joins the server of another serving. CANNOT_JOIN and NOT_SERVING say why it could not. */
export async function planJoined(
  request: ServeRequest,
  {
    servingId,
    model,
    host,
    settings,
    engine,
    dataFolder,
  }: {
    readonly servingId: string;
    readonly model: Model;
    readonly host: Serving;
    readonly settings: Settings;
    readonly engine: EngineStatus;
    readonly dataFolder: string;
  },
): Promise<ServingPlan> {
  const { plan: server } = host;
  const name = request.name ?? model.name;
  const refuse = (detail: string): never => {
    throw new AppError('CANNOT_JOIN', { name, host: host.name, detail });
  };
  if (host.id === servingId) refuse('It is its own.');
  if (server.inServerOf !== undefined) refuse(`${host.name} is itself served by another one's server: join that.`);
  if (server.served === undefined) refuse(`${host.name} serves one version or image alone.`);
  if (model.mountAs !== null) refuse('It is the folder of one version: add the folder above it.');
  if (request.inImage !== undefined) refuse('It lies in an image of its own.');
  if (host.state.kind !== 'serving') throw new AppError('NOT_SERVING', { name: host.name });
  const plan = await planServing(
    { ...request, engine: server.engine, tags: server.tags, extraFlags: [], env: {}, through: 'direct', user: server.user },
    { servingId, model, settings, engine, ports: { rest: server.restPort, grpc: server.grpcPort } },
  );
  if (server.engine === 'docker') await checkReadable(model.path, server.user);
  const target = seenAt(server, model.path) ?? seenAt({ mount: mountToJoin({ ...model, name }, dataFolder) }, model.path);
  return {
    ...plan,
    image: server.image,
    memoryBytes: server.memoryBytes,
    inServerOf: host.id,
    mount: { source: model.path, target: target ?? plan.mount.target },
  };
}
