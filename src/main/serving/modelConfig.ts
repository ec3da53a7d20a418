import type { ServingPlan } from '../../shared/contract/serving.ts';

/** A string in protobuf's text format. */
function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n');
  return `'${escaped}'`;
}

/** models.config for a plan that serves all or certain versions, as seen by the server; source: model_server_config.proto in text format. */
export function modelConfigText({ name, versions }: Pick<ServingPlan, 'name' | 'versions'>, basePath: string): string {
  const policy =
    versions.kind === 'all'
      ? 'all {}'
      : versions.kind === 'latest'
        ? 'latest {}'
        : `specific { ${versions.versions.map((version) => `versions: ${version}`).join(' ')} }`;
  return `model_config_list {
  config {
    name: ${quoted(name)}
    base_path: ${quoted(basePath)}
    model_platform: 'tensorflow'
    model_version_policy { ${policy} }
  }
}
`;
}
