/** Finds the configuration that a path given to `lint` stands for: a bundle folder, a file, a tar, stdin. */
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { fileProblem } from '../runtime/load.ts'

const maxConfigBytes = 4 * 1024 * 1024

export interface ConfigText {
  /** What messages call it. */
  readonly path: string
  readonly text: string
}

/** Reads the configuration of a path; `-` is standard input. Errors: one line naming the path. */
export const readConfigText = (host: Host, path: string): Result<ConfigText, string> => {
  if (path === '-') return named('standard input', host.readDescriptor(0, maxConfigBytes))
  const stat = host.stat(path, true)
  if (!stat.ok) return err(fileProblem(path, stat.error))
  if (stat.value.kind === 'directory') return readBundle(host, path.replace(/\/+$/, '') || '/')
  const text = host.readText(path, maxConfigBytes, true)
  const mayBeTar = text.ok
    ? text.value.includes('\0')
    : text.error.code === 'EILSEQ' || text.error.code === 'EFBIG'
  if (!mayBeTar) return named(path, text)
  const member = host.readTarMember(path, 'config.json', maxConfigBytes)
  if (member.ok) return ok({ path: `${path}(config.json)`, text: member.value })
  const { code } = member.error
  if (code !== 'ENOENT' && code !== 'EINVAL') return err(fileProblem(`${path}(config.json)`, member.error))
  // Text with a NUL in it that is no archive (POSIX.1-1988 ustar magic): the parser says where.
  if (text.ok && text.value.slice(257, 262) !== 'ustar') return named(path, text)
  if (text.ok) return err(`${path} is a tar archive with no config.json at its top`)
  return err(`${fileProblem(path, text.error)}, and no tar archive with a config.json at its top`)
}

const readBundle = (host: Host, folder: string): Result<ConfigText, string> => {
  const path = `${folder}/config.json`
  const text = host.readText(path, maxConfigBytes, true)
  if (!text.ok && text.error.code === 'ENOENT')
    return err(`${folder} is a folder without a config.json: not a bundle`)
  return named(path, text)
}

const named = (path: string, text: ReturnType<Host['readText']>): Result<ConfigText, string> =>
  text.ok ? ok({ path, text: text.value }) : err(fileProblem(path, text.error))
