/** The examples the namespace rules have in common: each way of being in the host's namespace, and of not being. */
import { hostFacts } from '../../core/example.ts'
import type { HostFacts } from '../../core/facts.ts'
import type { NamespaceType } from '../../core/namespaces.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const files = { network: 'net', pid: 'pid', ipc: 'ipc', uts: 'uts', user: 'user' } as const

const joining = (type: NamespaceType, path: string): object => ({ linux: { namespaces: [{ type, path }] } })

const facts = (type: NamespaceType, path: string, id: string): Partial<HostFacts> =>
  hostFacts({
    [`/proc/1/ns/${files[type]}`]: '4:1',
    [`/proc/self/ns/${files[type]}`]: '4:5',
    [path]: id === '' ? { error: 'ENOENT', id } : id,
  })

/** A namespace of the container's own, or of its pod. */
export const goodNamespaces = (type: NamespaceType): readonly Example[] => {
  const sandbox = `/proc/4711/ns/${files[type]}`
  return [
    { name: 'a namespace of its own', config: { linux: { namespaces: [{ type }] } } },
    {
      name: 'the namespace of the sandbox, as CRI writes it',
      config: joining(type, sandbox),
      facts: facts(type, sandbox, '4:2'),
    },
  ]
}

/** The host's namespace: by omission, by inode under any name, by name, and what cannot be told. */
export const badNamespaces = (type: NamespaceType): readonly BadExample<'host' | 'unresolved'>[] => {
  const sandbox = `/proc/4711/ns/${files[type]}`
  const copy = '/run/ns/copy'
  const host = { message: 'host' as const }
  const unresolved = { message: 'unresolved' as const, fixable: false }
  return [
    {
      name: 'no entry of the type means the namespace runc was called in',
      config: { linux: { namespaces: [{ type: 'mount' }] } },
      ...host,
    },
    {
      name: "a sandbox that is itself in the host's namespace, as CRI writes it",
      config: joining(type, sandbox),
      facts: facts(type, sandbox, '4:1'),
      ...host,
    },
    {
      name: "a bind-mounted copy of the host's namespace",
      config: joining(type, copy),
      facts: facts(type, copy, '4:1'),
      ...host,
    },
    {
      name: "the caller's namespace, where the engine itself runs in a container",
      config: joining(type, copy),
      facts: facts(type, copy, '4:5'),
      ...host,
    },
    { name: 'the host by name, away from it', config: joining(type, `/proc/1/ns/${files[type]}`), ...host },
    {
      name: 'a path that leads nowhere',
      config: joining(type, copy),
      facts: facts(type, copy, ''),
      ...unresolved,
    },
    { name: 'a path nobody can tell away from the host', config: joining(type, sandbox), ...unresolved },
  ]
}
