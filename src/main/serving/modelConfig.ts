import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ServingPlan, VersionPolicy } from '../../shared/contract/serving.ts';
import type { ModelConfig, ServedVersions } from '../tfserving/modelServerConfig.ts';

/** A string in protobuf's text format. */
function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n');
  return `'${escaped}'`;
}

/** A policy as the server is told it. */
export function policyOf(versions: VersionPolicy): ServedVersions {
  if (versions.kind === 'latest') return { kind: 'latest', count: 1 };
  return versions.kind === 'all' ? versions : specific(versions.versions);
}

export const specific = (versions: readonly string[]): ServedVersions => ({ kind: 'specific', versions: versions.map(BigInt) });

/** The base folder as the plan's server sees it. */
export const basePathInServer = ({ engine, mount, inImage }: ServingPlan): string =>
  engine === 'embedded' ? mount.source : (inImage ?? mount.target.replace(/\/\d+$/, ''));

/** What a plan's server is told to serve under a base path: guarded, the admitted versions and no others. */
export function modelConfigOf(
  { name, versions, served }: Pick<ServingPlan, 'name' | 'versions' | 'served'>,
  basePath: string,
): ModelConfig {
  return {
    name,
    basePath,
    versions: served?.mode === 'guarded' ? specific(served.admitted) : policyOf(versions),
    labels: new Map(Object.entries(served?.labels ?? {}).map(([label, version]) => [label, BigInt(version)])),
  };
}

const policyText = (policy: ServedVersions): string =>
  policy.kind === 'specific' ? `specific { ${policy.versions.map((version) => `versions: ${version}`).join(' ')} }` : `${policy.kind} {}`;

/** models.config; source: model_server_config.proto in text format. */
export function modelConfigText(models: readonly ModelConfig[]): string {
  const config = ({ name, basePath, versions, labels }: ModelConfig): string => `
  config {
    name: ${quoted(name)}
    base_path: ${quoted(basePath)}
    model_platform: 'tensorflow'
    model_version_policy { ${policyText(versions)} }${[...labels].map(([key, value]) => `\n    version_labels { key: ${quoted(key)} value: ${value} }`).join('')}
  }`;
  return `model_config_list {${models.map(config).join('')}\n}\n`;
}

/**
 * Writes what a server serves from its next start on. The file is replaced whole: a server that starts at this moment reads the old
 * one or the new one. It is read by the container's user, who is not the data folder's owner.
 */
export async function writeModelConfig(path: string, models: readonly ModelConfig[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await chmod(dirname(path), 0o755);
  const part = `${path}.${randomUUID()}.part`;
  await writeFile(part, modelConfigText(models));
  await chmod(part, 0o644);
  await rename(part, path);
}
