import { z } from 'zod';

/** What the person can set. Unknown keys of a newer version are kept by the file, not shown. */
export const settingsSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  language: z.enum(['system', 'en', 'zh']),
  /** An image reference; with a mirror it is pulled as MIRROR/REFERENCE and tagged as this. */
  image: z.string().min(1).max(512),
  mirror: z.string().max(256),
  /** The engine that the person chose; empty: the first that answers. */
  engineEndpoint: z.string().max(512),
  /** Limit of one container log file, and how many of them. */
  logMaxSizeMb: z.number().int().min(1).max(1024),
  logMaxFiles: z.number().int().min(1).max(20),
  askBeforeQuit: z.boolean(),
  /** Limit of the history of requests, in MB of a million bytes; 0 keeps none. */
  historyMaxMb: z.number().int().min(0).max(100_000),
});
export type Settings = z.infer<typeof settingsSchema>;
