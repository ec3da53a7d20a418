import facts from '../../../package.json' with { type: 'json' };

/** The program's version, of package.json. */
export const version: string = facts.version;
