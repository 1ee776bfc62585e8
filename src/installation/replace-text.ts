/** Configuration files, read and replaced as a whole. */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Host } from '../host/host.ts'

const maxConfigurationBytes = 16 * 1024 * 1024

/** Text of a file, links followed; undefined where there is none. Errors: one line that names it. */
export const readConfiguration = (host: Host, path: string): Result<string | undefined, string> => {
  const text = host.readText(path, maxConfigurationBytes, true)
  if (text.ok) return ok(text.value)
  const { code } = text.error
  return code === 'ENOENT' ? ok(undefined) : err(`${path} cannot be read (${code})`)
}

/**
 * A name to lay files of ours under. Not in a folder of drop-ins: CRI-O reads every file of its own, whatever it is
 * called (pkg/config UpdateFromPath), also what a killed process left there.
 */
export const sideOf = (path: string): string => {
  const [, parent = '', folder = '', name = ''] = /^(.*\/)?([^/]*\/)([^/]+)$/.exec(path) ?? []
  return folder.endsWith('.d/') ? parent + name : parent + folder + name
}

/** Where a new text of this file waits to be renamed. */
export const stagedFor = (path: string): string => `${sideOf(path)}.lintel-new`

/** The line that says why a file could not be changed. */
export const unwritable = (path: string, code: string): { readonly ok: false; readonly error: string } =>
  err(`${path} cannot be changed (${code}${code === 'EROFS' ? ': its file system is read-only' : ''})`)

/** Gives a file this text and keeps mode, owner and label; undefined: removes it. Errors: one line. */
export const replaceText = (
  host: AdministratorHost,
  path: string,
  text: string | undefined,
): Result<null, string> => {
  const found = host.realPath(path)
  const target = found.ok ? found.value : path
  if (text === undefined) {
    const removed = found.ok ? host.remove(target) : ok(null)
    return removed.ok ? ok(null) : unwritable(target, removed.error.code)
  }
  const staged = stagedFor(target)
  const made = host.createFile(staged, text, 0o644, found.ok ? target : undefined)
  const done = made.ok ? host.rename(staged, target) : made
  return done.ok ? ok(null) : unwritable(target, done.error.code)
}
