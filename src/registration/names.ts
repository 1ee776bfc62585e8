/** Names that registration gives and goes by. */

/** The runtime name lintel is registered by where it needs one of its own. */
export const runtimeName = 'lintel'

/** Base name of the drop-ins, without ending: last in the order they are read. */
export const dropInName = 'zz-lintel'

/** What a drop-in begins with. */
export const dropInBegin = '# Written by `lintel install`; `lintel uninstall` takes it away.\n'

/** The last part of a path. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** The folder of a path, with its ending slash. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

/** True where `version` (`1.6.20`, `v5.0.0-rc1`) is that release or later; false where there is none. */
export const isAtLeast = (version: string | undefined, major: number, minor: number): boolean => {
  const found = /(\d+)\.(\d+)/.exec(version ?? '')
  const [has, then] = [Number(found?.[1] ?? -1), Number(found?.[2] ?? -1)]
  return has > major || (has === major && then >= minor)
}
