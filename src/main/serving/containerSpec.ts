import { dirname, join } from 'node:path';
import { placePortsOf } from '../../shared/contract/addresses.ts';
import type { ServingPlan } from '../../shared/contract/serving.ts';
import { lifeLabel, ownerLabel, planLabel, type ContainerSpec } from '../docker/dockerEngine.ts';

const configTarget = '/slipway';

/** Whether a plan needs a models.config: the server's own flags know only "the latest version", and no labels. */
export const needsConfigFile = ({ versions, served }: ServingPlan): boolean => versions.kind !== 'latest' || served !== undefined;

/** Flags for a models.config, whose labels are all new to a server that starts. */
export const configFlags = (path: string): readonly string[] => [
  `--model_config_file=${path}`,
  '--allow_version_labels_for_unavailable_models=true',
];

/** The folder of a serving in the data folder. */
export const servingFolderOf = (dataFolder: string, servingId: string): string => join(dataFolder, 'servings', servingId);

/** Where a plan's models.config lies in the data folder; behind the gateway each place has its own. */
export const configFileOf = (dataFolder: string, { servingId, placePorts }: ServingPlan): string =>
  join(servingFolderOf(dataFolder, servingId), ...(placePorts === undefined ? [] : [String(placePorts.restPort)]), 'models.config');

function commandOf(plan: ServingPlan): readonly string[] {
  return [
    // A load that failed fails at once and with its cause, instead of five times a minute apart.
    '--max_num_load_retries=0',
    // An image whose entrypoint knows only MODEL_NAME looks for the model where it lies, too.
    ...(plan.inImage === undefined ? [] : [`--model_base_path=${plan.inImage}`]),
    ...(needsConfigFile(plan) ? configFlags(`${configTarget}/models.config`) : []),
    ...(plan.tags.length === 1 && plan.tags[0] === 'serve' ? [] : [`--saved_model_tags=${plan.tags.join(',')}`]),
    ...plan.extraFlags,
  ];
}

/** The container that a plan asks for. Its labels hold the whole plan, so that it can be adopted by whoever owns the data folder. */
export function containerSpec(
  plan: ServingPlan,
  { ownerId, dataFolder, log }: { readonly ownerId: string; readonly dataFolder: string; readonly log: ContainerSpec['log'] },
): ContainerSpec {
  const { restPort, grpcPort } = placePortsOf(plan);
  // Two places of one serving may run at once, while it changes.
  const suffix = plan.placePorts === undefined ? '' : `-${restPort}`;
  return {
    name: `slipway-${plan.name.slice(0, 80)}-${plan.servingId.slice(0, 8)}${suffix}`,
    image: plan.image,
    command: commandOf(plan),
    env: { ...plan.env, MODEL_NAME: plan.name },
    labels: { [ownerLabel]: ownerId, [lifeLabel]: plan.life, [planLabel]: JSON.stringify(plan) },
    mounts: [
      ...(plan.inImage === undefined ? [plan.mount] : []),
      ...(plan.mounts ?? []),
      // Its folder: a file that is replaced would stay the old one in the container.
      ...(needsConfigFile(plan) ? [{ source: dirname(configFileOf(dataFolder, plan)), target: configTarget }] : []),
    ],
    ports: { 8501: restPort, 8500: grpcPort },
    user: plan.user,
    memoryBytes: plan.memoryBytes,
    pidsLimit: 2_048,
    log,
  };
}

/** A word for a POSIX shell. */
const word = (text: string): string => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** A field of `--mount`, which is a line of CSV. */
const field = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A command line over several lines, each part's words quoted where they must be. */
export const shellLine = (parts: readonly (readonly string[])[]): string =>
  parts.map((part, index) => (index === 0 ? part.join(' ') : part.map(word).join(' '))).join(' \\\n  ');

/** The same container as a `docker run` line. */
export function dockerRunText(spec: ContainerSpec): string {
  return shellLine([
    ['docker run --detach --init --read-only --tmpfs /tmp:rw,nosuid,nodev --cap-drop ALL --security-opt no-new-privileges'],
    ['--name', spec.name],
    ['--user', spec.user],
    ['--memory', String(spec.memoryBytes)],
    ['--pids-limit', String(spec.pidsLimit)],
    ...Object.entries(spec.ports).map(([inside, outside]) => ['--publish', `127.0.0.1:${outside}:${inside}`]),
    ...spec.mounts.map(({ source, target }) => ['--mount', `type=bind,${field(`source=${source}`)},target=${target},readonly`]),
    ...Object.entries(spec.env).map(([name, value]) => ['--env', `${name}=${value}`]),
    ['--log-driver', 'json-file', '--log-opt', `max-size=${spec.log.maxSizeMb}m`, '--log-opt', `max-file=${spec.log.maxFiles}`],
    [spec.image, ...spec.command],
  ]);
}
