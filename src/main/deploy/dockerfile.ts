import type { BakeDraft } from '../../shared/contract/deploy.ts';

/** The user in a baked image: not root, and a number, so that Kubernetes can check it (`runAsNonRoot`). */
export const imageUser = '1000:1000';

/** Where the files beside the model lie in the image. */
export const imageFiles = {
  manifest: 'slipway/manifest.json',
  batching: 'slipway/batching.config',
  monitoring: 'slipway/monitoring.config',
} as const;

/** MonitoringConfig as text; source: monitoring_config.proto. */
export const monitoringText = 'prometheus_config {\n  enable: true\n  path: "/monitoring/prometheus/metrics"\n}\n';

/** What a Dockerfile is made from. */
export interface DockerfileFacts {
  readonly name: string;
  /** As FROM names it. */
  readonly base: string;
  readonly baseDigest: string | null;
  readonly versions: readonly { readonly version: string; readonly fingerprint: string; readonly tensorflow_version: string }[];
}

/** Its value is the name of the model that an image holds. */
export const modelLabel = 'dev.slipway.model';
/** Its value is the numbers of its versions, with spaces between. */
export const versionsLabel = 'dev.slipway.versions';

/** A value of LABEL: quoted, with nothing left that the builder would expand or that would end the line. */
const quoted = (text: string): string => `"${text.replace(/[\\"$`]/g, '\\$&').replace(/\p{Cc}/gu, ' ')}"`;

/** The article's way: three lines. */
function simplest({ name, base }: DockerfileFacts): string {
  return `FROM ${base}\nCOPY models/${name} /models/${name}\nENV MODEL_NAME=${name}\n`;
}

function labelsOf({ name, base, baseDigest, versions }: DockerfileFacts): readonly (readonly [string, string])[] {
  const each = (pick: (one: DockerfileFacts['versions'][number]) => string): string => [...new Set(versions.map(pick))].join(' ');
  return [
    ['org.opencontainers.image.title', name],
    ['org.opencontainers.image.version', each(({ version }) => version)],
    ['org.opencontainers.image.base.name', base.replace(/@.*$/, '')],
    ...(baseDigest === null ? [] : [['org.opencontainers.image.base.digest', baseDigest] as const]),
    [modelLabel, name],
    [versionsLabel, each(({ version }) => version)],
    ['dev.slipway.fingerprint', each(({ fingerprint }) => fingerprint)],
    ['dev.slipway.tensorflow', each(({ tensorflow_version }) => tensorflow_version)],
  ];
}

/**
 * The Dockerfile of a bake. Its context holds `models/NAME/VERSION/…` and `slipway/…`, every folder, date, owner and mode fixed: what
 * `COPY . /` lays over the base is then the same layer each time. A COPY to `/models/NAME` would date `/models` anew at each build.
 */
export function dockerfileText(
  facts: DockerfileFacts,
  { form, monitoring, batching }: Pick<BakeDraft, 'form' | 'monitoring' | 'batching'>,
): string {
  if (form === 'simplest') return simplest(facts);
  const { name, base, versions } = facts;
  const flags = [
    ...(batching === undefined ? [] : ['--enable_batching', `--batching_parameters_file=/${imageFiles.batching}`]),
    ...(monitoring ? [`--monitoring_config_file=/${imageFiles.monitoring}`] : []),
  ];
  // Of several versions the server would load the newest only. The configuration is written at the start, since MODEL_NAME is in it.
  const several = versions.length > 1;
  const config = "model_config_list { config { name: '%s' base_path: '%s' model_platform: 'tensorflow' model_version_policy { all {} } } }";
  const script = [
    `path=$MODEL_BASE_PATH/$MODEL_NAME; [ -d $path ] || path=/models/${name};`,
    ...(several ? [`printf \\"${config}\\" $MODEL_NAME $path > /dev/shm/models.config;`] : []),
    `set -- tensorflow_model_server --port=8500 --rest_api_port=8501 --model_name=$MODEL_NAME --model_base_path=$path \\`,
    `  ${[...(several ? ['--model_config_file=/dev/shm/models.config'] : []), ...flags, '\\"$@\\"'].join(' ')};`,
    `[ $$ = 1 ] || exec \\"$@\\";`,
    `(exec \\"$@\\") & server=$!; trap 'kill $server' TERM INT;`,
    `wait $server; wait $server`,
  ];
  return `# What is copied: models/${name} with ${versions.map(({ version }) => version).join(', ')}, and what Slipway puts beside it.
FROM ${base}
COPY . /
ENV MODEL_NAME=${name}

# MODEL_NAME is the name in addresses; the model is served by another one too. Further flags go to the server.
# The first process of a container is ended by no signal that it does not handle, and the server handles none: the
# shell passes TERM on, so that docker stop takes no time. Where there is an init (--init), the server takes the shell's place.
ENTRYPOINT ["/bin/bash", "-c", "\\
${script.map((line) => `  ${line.replace(/ \\$/, '')} \\`).join('\n')}
  ", "serve"]

USER ${imageUser}
EXPOSE 8500 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=5m CMD ["/bin/bash", "-c", "\\
  exec 3<>/dev/tcp/127.0.0.1/8501 && \\
  printf 'GET /v1/models/%s HTTP/1.0\\\\r\\\\n\\\\r\\\\n' $MODEL_NAME >&3 && grep -q AVAILABLE <&3"]

LABEL ${labelsOf(facts)
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(' \\\n      ')}
`;
}

/** One instruction of a Dockerfile: its first line, from 1, and its text with its line breaks joined. */
export interface Instruction {
  readonly line: number;
  readonly text: string;
}

/** The instructions in order, as the classic builder numbers its steps. Heredocs, which it does not know, are not looked for. */
export function instructionsOf(dockerfile: string): readonly Instruction[] {
  const found: Instruction[] = [];
  let goesOn = false;
  for (const [index, raw] of dockerfile.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(raw)) continue;
    const before = goesOn ? found.pop() : undefined;
    goesOn = /\\\s*$/.test(raw);
    found.push({ line: before?.line ?? index + 1, text: `${before?.text ?? ''}${raw.replace(/\\\s*$/, '')}`.trim() });
  }
  return found;
}

/** The images that a Dockerfile begins with and that can be told before it is built. */
export function basesOf(dockerfile: string): readonly string[] {
  const stages = new Set<string>(['scratch']);
  const bases: string[] = [];
  for (const { text } of instructionsOf(dockerfile)) {
    const [, base = '', stage] = /^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(text) ?? [];
    if (base !== '' && !base.includes('$') && !stages.has(base.toLowerCase())) bases.push(base);
    if (stage !== undefined) stages.add(stage.toLowerCase());
  }
  return [...new Set(bases)];
}
