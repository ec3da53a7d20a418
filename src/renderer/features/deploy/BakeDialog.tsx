import { Modal } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { Model } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { useClient } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { BakeForm } from './BakeForm.tsx';
import { BakeProgress } from './BakeProgress.tsx';
import { BakeResult } from './BakeResult.tsx';
import { draftOf, untouchedFields, type BakeFields } from './bakeDraft.ts';
import { useBake } from './useBake.ts';
import { usePreview } from './usePreview.ts';

/** From choices to an image: the Dockerfile, the bake as it goes, and what can be done with what came of it. */
export function BakeDialog({ model, opened, onClose }: { readonly model: Model; readonly opened: boolean; readonly onClose: () => void }) {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const [fields, setFields] = useState<BakeFields>(() => untouchedFields(model));
  const [bakeId, setBakeId] = useState<string | null>(null);
  const [changing, setChanging] = useState(false);
  const [begunHere, setBegunHere] = useState(false);
  const bake = useBake(opened ? bakeId : null);
  const made = usePreview(opened && fields.versions.length > 0 ? draftOf(model, fields) : null);
  // A bake of before, perhaps begun in another window, is what the person comes back to.
  const latest = made.preview?.latestBake ?? null;
  const looked = useRef(false);
  useEffect(() => {
    if (made.preview === null || looked.current) return;
    looked.current = true;
    setBakeId((id) => id ?? latest);
  }, [made.preview, latest]);

  const begin = (reference: string): void =>
    void call.run(async () => {
      const { dockerfile } = fields;
      const { bakeId: id } = await client.deploy.bake({
        ...draftOf(model, fields),
        reference,
        ...(dockerfile === null ? {} : { dockerfile }),
      });
      setBakeId(id);
      setBegunHere(true);
      setChanging(false);
    });
  const again = (): void => setChanging(true);
  const open = (id: string): void => {
    setBakeId(id);
    setBegunHere(true);
    setChanging(false);
  };
  // One of before that came to nothing is nothing to come back to.
  const stale = bake !== null && !begunHere && (bake.state === 'failed' || bake.state === 'cancelled');
  const shown = changing || stale ? null : bake;

  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('bake.title', { name: model.name })}
      size={860}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      {shown === null ? (
        <BakeForm
          model={model}
          fields={fields}
          change={(next) => setFields((before) => ({ ...before, ...next }))}
          made={made}
          problem={call.problem ?? (changing && bake?.state === 'failed' ? bake.problem : null)}
          busy={call.busy}
          onBake={begin}
          onOpen={open}
          onClose={onClose}
        />
      ) : shown.image === null ? (
        <BakeProgress bake={shown} onChange={again} />
      ) : (
        <BakeResult bake={shown} image={shown.image} onAnother={again} onClose={onClose} />
      )}
    </Modal>
  );
}
