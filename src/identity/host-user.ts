/** The user of the host whose process calls: passwd(5), group(5), and SELinux's seusers(5) for the clearance. */
import type { Requester } from '../core/requester.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { parseRange, type Range } from '../selinux/range.ts'

export interface HostUser {
  readonly user: string
  readonly groups: Requester['groups']
}

const maxBytes = 1024 * 1024

/**
 * Who calls, where that is not root: in a user namespace (rootless Podman) its root is the user who made it, as
 * uid_map tells (user_namespaces(7)). Errors: why nobody is known, as the end of a sentence.
 */
export const callingUser = (host: Host): Result<HostUser, string> => {
  const uid = callingUid(host)
  if (uid === 0) return err('the engine calls as root, for everybody')
  const entry = linesOf(host, '/etc/passwd').find((fields) => fields[2] === String(uid))
  const [user = '', , , group = ''] = entry ?? []
  if (user === '') return err(`uid ${uid}, which calls, has no name in /etc/passwd`)
  const groups = linesOf(host, '/etc/group').flatMap(([name = '', , id, members = '']) =>
    id === group || members.split(',').includes(user) ? [name] : [],
  )
  return ok({ user, groups })
}

const callingUid = (host: Host): number => {
  const { effectiveUid, initialUserNamespace } = host.process
  if (initialUserNamespace) return effectiveUid
  const map = host.readText('/proc/self/uid_map', maxBytes, true)
  for (const line of map.ok ? map.value.split('\n') : []) {
    const [inside = '', outside = '', count = ''] = line.trim().split(/ +/)
    const offset = effectiveUid - Number(inside)
    if (count !== '' && offset >= 0 && offset < Number(count)) return Number(outside) + offset
  }
  return 0
}

/**
 * The range that seusers gives a login, or one of its groups (`%group`). `__default__` clears nobody: it is everyone's.
 */
export const loginRange = (
  host: Pick<Host, 'readText'>,
  path: string,
  { user, groups }: HostUser,
): Range | undefined => {
  const lines = linesOf(host, path)
  const named = lines.find(([login]) => login === user)
  const found =
    named ?? lines.find(([login = '']) => login.startsWith('%') && groups.includes(login.slice(1)))
  const range = found === undefined ? undefined : parseRange(found.slice(2).join(':'))
  return range?.ok === true ? range.value : undefined
}

const linesOf = (host: Pick<Host, 'readText'>, path: string): readonly (readonly string[])[] => {
  const text = path === '' ? undefined : host.readText(path, maxBytes, true)
  if (text?.ok !== true) return []
  return text.value
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'))
}
