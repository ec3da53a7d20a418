import { create } from 'zustand';

/** Whether the list of tasks is shown: the bar's button, a key and the palette open it. */
export const useTasksMenu = create<{ readonly opened: boolean }>()(() => ({ opened: false }));

export function showTasks(opened: boolean): void {
  useTasksMenu.setState({ opened });
}
