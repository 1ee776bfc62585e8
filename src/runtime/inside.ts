/** What a walk through a container's files asks of the host, each question asked once. */
import type { HostFiles, Look } from '../core/container-tree.ts'
import type { Host } from '../host/host.ts'

/** Looks at the host's files for a walk through a container. */
export const hostFiles = (host: Pick<Host, 'readLink' | 'realPath'>): HostFiles => {
  const looks = new Map<string, Look>()
  const resolved = new Map<string, string>()
  return {
    look: (path) => {
      const look = looks.get(path) ?? lookAt(host, path)
      looks.set(path, look)
      return look
    },
    resolve: (path) => {
      const real = resolved.get(path) ?? realPathOf(host, path)
      resolved.set(path, real)
      return real
    },
  }
}

const lookAt = (host: Pick<Host, 'readLink'>, path: string): Look => {
  const link = host.readLink(path)
  if (link.ok) return { exists: true, link: link.value }
  // EINVAL: there, and no link.
  return { exists: link.error.code === 'EINVAL' }
}

const realPathOf = (host: Pick<Host, 'realPath'>, path: string): string => {
  const real = host.realPath(path)
  return real.ok ? real.value : path
}
