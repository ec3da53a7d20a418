import {
  ActionIcon,
  Button,
  createTheme,
  Menu,
  Modal,
  Table,
  Tooltip,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

/** The accent in ten steps; 6 is the light scheme's fill, 5 the dark one's. */
const slip: MantineColorsTuple = [
  '#E8EFFC',
  '#CFDDF8',
  '#A9C2F1',
  '#8DB4FF',
  '#5B8BE4',
  '#2F68D2',
  '#1F5BC4',
  '#1A4EA9',
  '#16428F',
  '#113574',
];

/** Mantine's own greys in the roles' colours, so that every part of the kit that names a grey is of this paper and ink. */
const gray: MantineColorsTuple = [
  '#F4F5F7',
  '#F0F2F5',
  '#E8EBEF',
  '#DFE3E8',
  '#C9CFD7',
  '#A3ACB8',
  '#7F8A9A',
  '#566273',
  '#2F3B49',
  '#16202C',
];
const dark: MantineColorsTuple = [
  '#E6EAF0',
  '#C3CBD6',
  '#9AA6B5',
  '#6C7888',
  '#2C3541',
  '#262E39',
  '#212833',
  '#191E26',
  '#12161C',
  '#0E1217',
];

const roles = {
  light: {
    canvas: '#F4F5F7',
    surface: '#FFFFFF',
    raised: '#FFFFFF',
    sunken: '#F0F2F5',
    line: '#DFE3E8',
    'line-strong': '#7F8A9A',
    text: '#16202C',
    dim: '#566273',
    accent: '#1F5BC4',
    'accent-fill': '#1F5BC4',
    'accent-soft': '#E8EFFC',
    ok: '#1B7340',
    'ok-soft': '#E4F4EA',
    warn: '#8F5300',
    'warn-soft': '#FCF0DC',
    bad: '#B8271F',
    'bad-soft': '#FCE9E7',
    info: '#1B6A80',
    'info-soft': '#E2F1F5',
    s1: '#1F5BC4',
    s2: '#D2650A',
    s3: '#00A488',
    s4: '#7A1F5C',
    s5: '#868E9A',
    scrim: 'rgba(22, 32, 44, 0.38)',
    'shadow-sheet': '0 1px 2px rgba(22, 32, 44, 0.1), 0 16px 48px rgba(22, 32, 44, 0.22)',
    'shadow-pop': '0 1px 2px rgba(22, 32, 44, 0.1), 0 6px 20px rgba(22, 32, 44, 0.14)',
  },
  dark: {
    canvas: '#12161C',
    surface: '#191E26',
    raised: '#212833',
    sunken: '#0E1217',
    line: '#2C3541',
    'line-strong': '#6C7888',
    text: '#E6EAF0',
    dim: '#9AA6B5',
    accent: '#8DB4FF',
    'accent-fill': '#2F68D2',
    'accent-soft': '#1B2C4C',
    ok: '#6CCB8F',
    'ok-soft': '#16301F',
    warn: '#E8B25C',
    'warn-soft': '#35280F',
    bad: '#FF9389',
    'bad-soft': '#3D1B19',
    info: '#74C5DB',
    'info-soft': '#12303A',
    s1: '#7FAAF8',
    s2: '#D97F2B',
    s3: '#63F0B8',
    s4: '#B25C9E',
    s5: '#98A2AE',
    scrim: 'rgba(4, 7, 11, 0.58)',
    'shadow-sheet': '0 0 0 1px #2C3541, 0 16px 48px rgba(0, 0, 0, 0.55)',
    'shadow-pop': '0 0 0 1px #2C3541, 0 6px 20px rgba(0, 0, 0, 0.45)',
  },
} as const;

const sans = 'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei UI", "Noto Sans CJK SC", sans-serif';
const mono = 'ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, Consolas, monospace';

/** Small, usual, and the page's one primary. */
const buttonSizes = {
  xs: { '--button-height': '26px', '--button-padding-x': '8px', '--button-fz': '12px' },
  sm: { '--button-height': '32px', '--button-padding-x': '12px', '--button-fz': '13px' },
  md: { '--button-height': '36px', '--button-padding-x': '18px', '--button-fz': '14px' },
} as const;

export const theme = createTheme({
  primaryColor: 'slip',
  primaryShade: { light: 6, dark: 5 },
  colors: { slip, gray, dark },
  defaultRadius: 6,
  fontFamily: sans,
  fontFamilyMonospace: mono,
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '16px', sm: '20px', md: '20px', lg: '22px', xl: '28px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '28px' },
      h2: { fontSize: '14px', lineHeight: '20px' },
      h3: { fontSize: '13px', lineHeight: '20px' },
    },
  },
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { size: 'sm', variant: 'default' },
      vars: (_, { size = 'sm', variant }) => ({
        root: {
          ...(size === 'xs' ? buttonSizes.xs : size === 'md' ? buttonSizes.md : buttonSizes.sm),
          ...(variant === 'subtle'
            ? { '--button-color': 'var(--sl-text)', '--button-hover': 'var(--sl-sunken)', '--button-padding-x': '8px' }
            : {}),
        },
      }),
      // A button keeps its words: in a row that is too narrow something else gives way.
      styles: { root: { flexShrink: 0, fontWeight: 500 } },
    }),
    ActionIcon: ActionIcon.extend({
      defaultProps: { variant: 'subtle' },
      vars: (_, { variant }) =>
        variant === 'subtle' ? { root: { '--ai-color': 'var(--sl-dim)', '--ai-hover': 'var(--sl-sunken)' } } : { root: {} },
    }),
    // What has the focus first is the first item: the kit's own placeholder is no child of a menu.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Table: Table.extend({ defaultProps: { striped: false } }),
    Modal: Modal.extend({
      defaultProps: {
        radius: 10,
        centered: true,
        transitionProps: { duration: 180, transition: 'fade-up' },
        overlayProps: { color: 'var(--sl-scrim)', backgroundOpacity: 1 },
      },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400 } }),
  },
});

const prefixed = (scheme: keyof typeof roles): Record<string, string> =>
  Object.fromEntries(Object.entries(roles[scheme]).map(([name, value]) => [`--sl-${name}`, value]));

const mapped = {
  '--mantine-color-body': 'var(--sl-surface)',
  '--mantine-color-text': 'var(--sl-text)',
  '--mantine-color-dimmed': 'var(--sl-dim)',
  '--mantine-color-placeholder': 'var(--sl-dim)',
  '--mantine-color-default': 'var(--sl-raised)',
  '--mantine-color-default-hover': 'var(--sl-sunken)',
  '--mantine-color-default-color': 'var(--sl-text)',
  '--mantine-color-default-border': 'var(--sl-line)',
  '--mantine-color-error': 'var(--sl-bad)',
  '--mantine-color-disabled': 'var(--sl-sunken)',
  '--mantine-color-disabled-color': 'var(--sl-dim)',
  '--mantine-color-disabled-border': 'var(--sl-line)',
  '--mantine-color-anchor': 'var(--sl-accent)',
  '--mantine-primary-color-filled': 'var(--sl-accent-fill)',
};

/** The roles of the visual language as `--sl-*`, and Mantine's own variables mapped onto them. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { '--sl-ui': sans, '--sl-mono': mono },
  light: { ...prefixed('light'), ...mapped },
  dark: { ...prefixed('dark'), ...mapped },
});
