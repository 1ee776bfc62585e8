/**
 * What yargs asks of its platform, for a machine without Node: the build puts this in the place of the shim of
 * yargs' browser build (yargs lib/platform-shims/browser.mjs).
 */
import cliui from 'cliui'
import Parser from 'yargs-parser/browser'

const unsupported = (): never => {
  throw new Error('not supported: lintel loads nothing at run time')
}

const baseName = (path: string, suffix = ''): string => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
}

const format = (text: string, values: readonly unknown[]): string => {
  let index = 0
  return text.replaceAll('%s', () => String(values[index++] ?? ''))
}

let readVariable: (name: string) => string | undefined = () => undefined

/** Lets yargs ask this for the shell that completes words (`SHELL`, `ZSH_NAME`); every other variable stays unset. */
export const shellKnownBy = (read: (name: string) => string | undefined): void => {
  readVariable = read
}

export default {
  assert: { notStrictEqual: (): void => undefined, strictEqual: (): void => undefined },
  cliui,
  findUp: (): undefined => undefined,
  getEnv: (name: string): string | undefined =>
    name === 'SHELL' || name === 'ZSH_NAME' ? readVariable(name) : undefined,
  inspect: String,
  getCallerFile: unsupported,
  getProcessArgvBin: (): string => 'lintel',
  mainFilename: 'lintel',
  Parser,
  path: {
    basename: baseName,
    dirname: (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/'))),
    extname: (path: string): string => /\.[^./]*$/.exec(path)?.[0] ?? '',
    relative: (_from: string, to: string): string => to,
    join: (...parts: readonly string[]): string => parts.join('/'),
  },
  process: {
    argv: (): readonly string[] => ['lintel'],
    cwd: (): string => '/',
    emitWarning: (): void => undefined,
    execPath: (): string => 'lintel',
    exit: (): void => undefined,
    nextTick: (task: () => void): void => task(),
    stdColumns: 100,
  },
  readFileSync: (): string => '',
  readdirSync: (): readonly string[] => [],
  require: unsupported,
  requireDirectory: unsupported,
  stringWidth: (text: string): number => [...text].length,
  y18n: {
    __: (text = '', ...values: readonly unknown[]): string => format(text, values),
    __n: (
      ...[one = '', many = '', count = 0, ...values]: readonly [string?, string?, number?, ...unknown[]]
    ): string => format(count === 1 ? one : many, values.length > 0 ? values : [count]),
    getLocale: (): string => 'en_US',
    setLocale: (): void => undefined,
    updateLocale: (): void => undefined,
  },
}
