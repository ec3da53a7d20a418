import { useEffect } from 'react';
import type { ErrorCode } from '../../../shared/contract/errors.ts';
import type { Serving } from '../../../shared/contract/serving.ts';
import type { Model } from '../../../shared/contract/state.ts';
import { useText, type Text } from '../../app/i18n.tsx';
import { useClient, useMirror } from '../../app/store.ts';
import { PathTree, type PathRow } from '../../ui/PathTree.tsx';
import styles from './serving.module.css';

/** Failures of how the folder lies, which two trees say faster than prose. */
const ofLayout: readonly ErrorCode[] = ['NO_VERSION_FOUND', 'BASE_PATH_MISSING', 'NO_SAVED_MODEL_PB'];

const lastPart = (path: string): string => path.split(/[\\/]/).findLast((part) => part !== '') ?? path;

function expected({ plan, name }: Serving): readonly PathRow[] {
  const version = plan.versions.kind === 'specific' ? plan.versions.versions[0] : undefined;
  return [
    { level: 1, name: `/models/${name}/`, mark: null, note: '' },
    { level: 2, name: `${version ?? '1'}/`, mark: null, note: '' },
    { level: 3, name: 'saved_model.pb', mark: null, note: '' },
  ];
}

function found({ path, present, versions, mountAs }: Model, { t }: Text): readonly PathRow[] {
  if (!present) return [{ level: 1, name: `${path}/`, mark: 'failed', note: t('models.gone') }];
  const base: PathRow = { level: 1, name: `${path}/`, mark: versions.length === 0 ? 'failed' : null, note: '' };
  if (mountAs !== null && mountAs.path === path)
    return [base, { level: 2, name: 'saved_model.pb', mark: 'failed', note: '' }, { level: 2, name: 'variables/', mark: null, note: '' }];
  return [
    base,
    ...versions.flatMap((version): readonly PathRow[] => [
      {
        level: 2,
        name: `${lastPart(version.path)}/`,
        mark: version.version === null ? 'failed' : null,
        note: version.version === null ? t('serving.notANumber') : '',
      },
      ...(version.files.some((file) => file.path.startsWith('saved_model.pb'))
        ? [{ level: 3, name: 'saved_model.pb', mark: null, note: '' }]
        : []),
    ]),
  ];
}

/** What TensorFlow Serving reads beside what the folder holds now: it is read again for this. Nothing for failures of another kind. */
export function ExpectedFound({ serving, code }: { readonly serving: Serving; readonly code: ErrorCode }) {
  const text = useText();
  const { t } = text;
  const client = useClient();
  const model = useMirror((state) => state.models.find(({ id }) => id === serving.modelId));
  const shown = ofLayout.includes(code);
  const { modelId } = serving;
  useEffect(() => {
    // Where the folder cannot be read, what is known of it stays.
    if (shown) client.models.refresh({ id: modelId }).catch(() => undefined);
  }, [client, modelId, shown]);
  if (!shown || model === undefined) return null;
  return (
    <section>
      <h2>{t('serving.expectedFound')}</h2>
      <div className={styles['sideBySide']}>
        <div>
          <p className={styles['caption']}>{t('serving.expected')}</p>
          <PathTree label={t('serving.expected')} rows={expected(serving)} />
        </div>
        <div>
          <p className={styles['caption']}>{t('serving.found')}</p>
          <PathTree label={t('serving.found')} rows={found(model, text)} />
        </div>
      </div>
    </section>
  );
}
