import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Serving } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { FactList } from '../../ui/FactList.tsx';
import { useMirror } from '../../app/store.ts';
import { EngineDifferences } from '../../ui/EngineDifferences.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { shortDigest } from './servingWords.ts';
import { useServingActs } from './useServingActs.ts';
import styles from './serving.module.css';

/** The plan as facts: all that decides what runs, and the same as a `docker run` line. */
export function WhatWillRun({ serving }: { readonly serving: Serving }) {
  const { t, number } = useText();
  const settings = useMirror((state) => state.settings);
  const acts = useServingActs(serving);
  const { plan } = serving;
  const running = serving.state.kind === 'serving';
  const newest = useMirror((state) => state.models.find(({ id }) => id === serving.modelId)?.versions[0]?.version);
  const inDocker = plan.engine === 'docker';
  const place: readonly (readonly [string, ReactNode])[] = inDocker
    ? [
        [
          t('plan.image'),
          <>
            <code>{plan.image}</code>
            {serving.imageDigest === null ? null : (
              <div className={styles['caption']}>
                <code title={serving.imageDigest}>{shortDigest(serving.imageDigest)}</code>
              </div>
            )}
          </>,
        ],
        [
          t('plan.mount'),
          plan.inImage === undefined ? (
            <>
              <code>
                {plan.mount.source} → {plan.mount.target}
              </code>{' '}
              <span className={styles['chip']}>{t('plan.readOnly')}</span>
            </>
          ) : (
            <>
              <code>{plan.inImage}</code> <span className={styles['chip']}>{t('plan.inImage')}</span>
            </>
          ),
        ],
        ['REST', <code key="rest">127.0.0.1:{plan.restPort} → 8501</code>],
        ['gRPC', <code key="grpc">127.0.0.1:{plan.grpcPort} → 8500</code>],
      ]
    : [
        [
          t('plan.engine'),
          <>
            {t('servings.embedded')} <EngineDifferences />
          </>,
        ],
        [t('plan.folder'), <code key="folder">{plan.mount.source}</code>],
        ['REST', <code key="rest">127.0.0.1:{plan.restPort}</code>],
        ['gRPC', <code key="grpc">127.0.0.1:{plan.grpcPort}</code>],
      ];
  const limits: readonly (readonly [string, ReactNode])[] = inDocker
    ? [
        [t('plan.user'), <code key="user">{plan.user}</code>],
        [
          t('plan.limits'),
          t('plan.limitWords', {
            memory: number.binaryBytes(plan.memoryBytes),
            files: settings.logMaxFiles,
            size: settings.logMaxSizeMb,
          }),
        ],
      ]
    : [[t('plan.limits'), t('plan.engineLimit', { memory: number.binaryBytes(plan.memoryBytes) })]];
  const rows: readonly (readonly [string, ReactNode])[] = [
    ...place,
    [t('plan.versions'), versionWords()],
    ...limits,
    ...(plan.extraFlags.length === 0 ? [] : [[t('plan.flags'), <code key="flags">{plan.extraFlags.join(' ')}</code>] as const]),
    ...(Object.keys(plan.env).length === 0
      ? []
      : [
          [
            t('plan.env'),
            <code key="env">
              {Object.entries(plan.env)
                .map(([name, value]) => `${name}=${value}`)
                .join(' ')}
            </code>,
          ] as const,
        ]),
  ];

  return (
    <section className={styles['card']} aria-label={running ? t('plan.running') : t('plan.title')}>
      <div className={styles['cardHead']}>
        <h2>{running ? t('plan.running') : t('plan.title')}</h2>
        <span className={styles['space']} />
        <Button variant="subtle" size="xs" leftSection={<Icon name="copy" size={14} />} onClick={acts.copyDockerRun}>
          {acts.copied ? t('copied') : t(inDocker ? 'serving.copyDockerRun' : 'serving.copyCommand')}
        </Button>
      </div>
      <FactList rows={rows} className={styles['facts']} />
    </section>
  );

  function versionWords(): ReactNode {
    if (plan.versions.kind === 'latest') return newest == null ? t('plan.latest') : t('plan.latestNow', { version: newest });
    if (plan.versions.kind === 'all') return t('plan.all');
    return plan.versions.versions.map((version) => `v${version}`).join(', ');
  }
}
