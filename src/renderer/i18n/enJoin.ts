/** English words of several models by one server. ICU message syntax. */
export const enJoin = {
  'join.open': 'Serve by another server…',
  'join.title': 'Serve {name} by a server that runs',
  'join.server': 'By the server of',
  'join.host': '{where}, REST port {port}',
  'join.none': 'No server runs that it could join. Serve another model first.',
  'join.looking': 'Looking at its folders and memory',
  'join.atOnce': 'It is loaded beside {name}, at the same address under its own name. {name} goes on answering.',
  'join.container':
    'The container of {name} does not see this folder: another one starts beside it and takes over first. No request fails.',
  'join.containerGap':
    'The container of {name} does not see this folder: another one starts beside it and takes over first. {name} has no gateway yet, so its address is refused for some tenths of a second.',
  'join.memory': 'It needs about {added} more: {used} of {limit} are in use.',
  'join.noMemory': 'It needs about {added} more, and {used} of {limit} are in use. Give {name} more memory first.',
  'join.serve': 'Serve there',
  'join.servedBy': 'Served by the server of',
  'join.alsoServes': 'Its server also serves',
} as const;
