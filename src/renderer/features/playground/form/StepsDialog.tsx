import { ActionIcon, Button, Checkbox, Menu, Modal } from '@mantine/core';
import { useState } from 'react';
import type { InputStep } from '../../../../shared/contract/processing.ts';
import { useClient } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import type { AskedSignature } from '../usePlayground.ts';
import type { FieldInput } from './fieldInput.ts';
import { useFormWords } from './formWords.ts';
import { firstStep, StepFields } from './StepFields.tsx';
import styles from './form.module.css';

type StepIn = NonNullable<FieldInput['steps']>[number];

const makers = ['image', 'audio', 'text', 'bytes'] as const;
const others = ['add-batch', 'drop-batch', 'cast', 'reshape', 'transpose', 'one-hot', 'affine'] as const;
const isMaker = ({ kind }: StepIn): boolean => (makers as readonly string[]).includes(kind);

export interface StepsDialogProps {
  readonly asked: AskedSignature;
  readonly name: string;
  readonly steps: readonly StepIn[];
  /** Whether the field holds files, which the first step makes numbers of. */
  readonly isFiles: boolean;
  readonly onClose: (steps: readonly StepIn[] | null) => void;
}

/** The chain of steps from a person's data to what the model gets; it may be kept with the model for the files that come next. */
export function StepsDialog({ asked, name, steps: given, isFiles, onClose }: StepsDialogProps) {
  const words = useFormWords();
  const client = useClient();
  const [steps, setSteps] = useState<readonly StepIn[]>(given);
  const [keeps, setKeeps] = useState(isFiles);
  const saving = useCall();
  const put = (at: number, step: StepIn): void => setSteps(steps.map((one, index) => (index === at ? step : one)));
  const move = (at: number, by: number): void => {
    const moved = [...steps];
    const [step] = moved.splice(at, 1);
    if (step !== undefined) moved.splice(at + by, 0, step);
    setSteps(moved);
  };
  const done = async (): Promise<void> => {
    if (!keeps) {
      onClose(steps);
      return;
    }
    const { modelId, signature } = asked;
    const saved = await saving.run(async () => {
      const before = await client.playground.recipe({ modelId, signature });
      const inputs = { ...before?.inputs, [name]: steps as readonly InputStep[] };
      await client.playground.saveRecipe({ modelId, signature, recipe: { version: 1, inputs, outputs: before?.outputs ?? {} } });
    });
    if (saved) onClose(steps);
  };
  const hasMaker = steps.some(isMaker);
  return (
    <Modal
      opened
      size={560}
      onClose={() => onClose(null)}
      title={words('stepsOf', { name })}
      closeButtonProps={{ 'aria-label': words('cancel') }}
    >
      <form
        className={styles['dialog']}
        onSubmit={(event) => {
          event.preventDefault();
          void done();
        }}
      >
        <p className={styles['dim']}>{words(isFiles ? 'stepsText' : 'stepsTensorText')}</p>
        <ol className={styles['steps']}>
          {steps.map((step, at) => (
            <li key={at} aria-label={words(`step.${step.kind}`)}>
              <div className={styles['stepHead']}>
                <b>{words(`step.${step.kind}`)}</b>
                <span className={styles['space']} />
                <ActionIcon size={24} aria-label={words('stepUp', { number: at + 1 })} disabled={at === 0} onClick={() => move(at, -1)}>
                  <span className={styles['up']}>
                    <Icon name="down" size={14} />
                  </span>
                </ActionIcon>
                <ActionIcon
                  size={24}
                  aria-label={words('stepDown', { number: at + 1 })}
                  disabled={at === steps.length - 1}
                  onClick={() => move(at, 1)}
                >
                  <Icon name="down" size={14} />
                </ActionIcon>
                <ActionIcon
                  size={24}
                  aria-label={words('stepAway', { number: at + 1 })}
                  onClick={() => setSteps(steps.filter((_, index) => index !== at))}
                >
                  <Icon name="close" size={14} />
                </ActionIcon>
              </div>
              <StepFields step={step} onChange={(changed) => put(at, changed)} />
            </li>
          ))}
        </ol>
        {steps.length === 0 ? <p className={styles['caption']}>{words('noSteps')}</p> : null}
        <div>
          <Menu position="bottom-start">
            <Menu.Target>
              <Button size="xs" leftSection={<Icon name="plus" size={14} />}>
                {words('addStep')}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {[...(isFiles && !hasMaker ? makers : []), ...others].map((kind) => (
                <Menu.Item
                  key={kind}
                  onClick={() =>
                    setSteps((makers as readonly string[]).includes(kind) ? [firstStep(kind), ...steps] : [...steps, firstStep(kind)])
                  }
                >
                  {words(`step.${kind}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </div>
        <Checkbox label={words('keepSteps')} checked={keeps} onChange={(event) => setKeeps(event.currentTarget.checked)} />
        <ErrorNote problem={saving.problem} />
        <div className={styles['dialogEnd']}>
          <Button onClick={() => onClose(null)}>{words('cancel')}</Button>
          <Button type="submit" variant="filled" loading={saving.busy}>
            {words('useSteps')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
