import type { ServeRequest, ServingPlan, VersionPolicy } from '../../../shared/contract/serving.ts';

/** What can be changed when a serving starts again. */
export type ServingChanges = Omit<ServeRequest, 'modelId'>;

/** A plan as the request that would make it: the changes of a start again begin with it, so that what is not named stays. */
export function changesOf(plan: ServingPlan): ServingChanges {
  return {
    name: plan.name,
    engine: plan.engine,
    image: plan.image,
    restPort: plan.restPort,
    grpcPort: plan.grpcPort,
    versions: plan.versions,
    tags: [...plan.tags],
    extraFlags: [...plan.extraFlags],
    env: { ...plan.env },
    ...(plan.memoryBytes > 0 ? { memoryBytes: plan.memoryBytes } : {}),
    ...(plan.user === '' ? {} : { user: plan.user }),
    life: plan.life,
    through: plan.through ?? 'direct',
  };
}

const mebibyte = 1024 * 1024;

/** The changes as they are typed. Numbers may be empty: then Slipway chooses. */
export interface ChangesDraft {
  readonly engine: ServingPlan['engine'];
  readonly versions: VersionPolicy['kind'];
  readonly versionList: string;
  readonly restPort: number | string;
  readonly grpcPort: number | string;
  readonly image: string;
  readonly memoryMb: number | string;
  readonly user: string;
  readonly flags: string;
  readonly env: string;
  readonly through: NonNullable<ServingPlan['through']>;
}

/** The plan as it is, ready to be edited. */
export function draftOf(plan: ServingPlan): ChangesDraft {
  return {
    engine: plan.engine,
    versions: plan.versions.kind,
    versionList: plan.versions.kind === 'specific' ? plan.versions.versions.join(', ') : '',
    restPort: plan.restPort,
    grpcPort: plan.grpcPort,
    image: plan.image,
    memoryMb: Math.round(plan.memoryBytes / mebibyte),
    user: plan.user,
    flags: plan.extraFlags.join('\n'),
    env: Object.entries(plan.env)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
    through: plan.through ?? 'direct',
  };
}

/** The draft as changes, or the first field that cannot be read. An empty number means: choose for me. */
export function readDraft(draft: ChangesDraft): {
  readonly changes: Partial<ServingChanges> | null;
  readonly wrong: 'versions' | 'user' | 'env' | null;
} {
  const versions = draft.versionList.split(/[\s,]+/).filter((version) => version !== '');
  if (draft.versions === 'specific' && (versions.length === 0 || !versions.every((version) => /^\d{1,19}$/.test(version))))
    return { changes: null, wrong: 'versions' };
  const user = draft.user.trim();
  if (user !== '' && !/^\d+(:\d+)?$/.test(user)) return { changes: null, wrong: 'user' };
  const lines = draft.env.split('\n').filter((line) => line.trim() !== '');
  if (!lines.every((line) => /^[^=\s][^=]*=/.test(line))) return { changes: null, wrong: 'env' };
  const image = draft.image.trim();
  return {
    wrong: null,
    changes: {
      engine: draft.engine,
      through: draft.through,
      versions: draft.versions === 'specific' ? { kind: 'specific', versions } : { kind: draft.versions },
      restPort: Number(draft.restPort) || 0,
      grpcPort: Number(draft.grpcPort) || 0,
      extraFlags: draft.flags
        .split('\n')
        .map((flag) => flag.trim())
        .filter((flag) => flag !== ''),
      env: Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1)])),
      ...(image === '' ? {} : { image }),
      ...(user === '' ? {} : { user }),
      ...(Number(draft.memoryMb) > 0 ? { memoryBytes: Math.round(Number(draft.memoryMb) * mebibyte) } : {}),
    },
  };
}
