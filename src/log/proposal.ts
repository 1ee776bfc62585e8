/** Exemptions that would let pass what was refused: as narrow as what was seen, and not yet anybody's. */
import type { Selector } from '../core/policy.ts'
import type { Seen, SeenContainers, SeenRule } from './seen.ts'

/** One exemption to be signed. */
export interface Proposal {
  readonly where: Selector
  readonly rules: readonly SeenRule[]
  /** Why it deserves a second look; empty where it does not. */
  readonly cautions: readonly string[]
}

export interface Proposals {
  readonly proposals: readonly Proposal[]
  /** What was refused but cannot be told from other containers: nothing narrow can be written for it. */
  readonly untold: readonly { readonly where: Selector; readonly rules: readonly SeenRule[] }[]
}

/** Exempting from these gives the container the host, or a good part of it. */
const dangers: { readonly [rule: string]: string } = {
  privileged: 'a privileged container is root of the host',
  'docker-socket': 'who holds the control socket of an engine is root of the host',
  'host-network': "it shares the host's network: local services and their sockets are open to it",
  'host-pid': "it sees the host's processes and can signal them",
  'host-ipc': "it shares the host's memory segments",
  'host-userns': 'its root is root of the host',
  'host-uts': "it can change the host's name",
  'foreign-namespaces': 'it lives inside another container',
  'mount-namespace': "it shares the host's mounts",
  'sensitive-host-mounts': 'it reaches files that rule the host',
  'host-devices': 'it reaches devices of the host, past every file permission',
  hooks: 'a program of its choice runs on the host, as root',
  'kernel-helpers': 'it can have the kernel run its programs on the host, as root',
  'procfs-exposure': 'it reaches settings of the kernel',
  'masked-paths': 'it reaches settings and memory of the kernel',
  'writable-cgroups': 'it can change its own limits, and on cgroup v1 run programs on the host',
  'working-directory': 'it can begin outside its own root',
  'exec-privileged': 'the command is root of the host',
  'forged-annotations': 'it says of itself what only the engine may say',
  seccomp: 'system calls that reach the whole kernel are open to it',
}

/** As {@link Proposals}, the most frequent first. */
export const proposalsOf = (seen: Seen): Proposals => {
  const made = [...seen.containers.values()].flatMap(split)
  const merged = new Map<string, { where: Selector; rules: SeenRule[] }>()
  for (const { where, rule } of made) {
    const key = JSON.stringify([where, dangers[rule.rule] !== undefined])
    const known = merged.get(key)
    if (known === undefined) merged.set(key, { where, rules: [rule] })
    else known.rules.push(rule)
  }
  const all = [...merged.values()].toSorted((a, b) => times(b) - times(a))
  return {
    proposals: all
      .filter(({ where }) => isTold(where))
      .map((each) => ({ ...each, cautions: cautionsOf(each) })),
    untold: all.filter(({ where }) => !isTold(where)),
  }
}

const times = ({ rules }: { readonly rules: readonly SeenRule[] }): number =>
  rules.reduce((sum, { count }) => sum + count, 0)

/** More than the engine says which container is meant, and nothing in it would stand for more than itself. */
const isTold = ({ image, name, namespace }: Selector): boolean => {
  const given = [image, name, namespace].filter((each) => each !== undefined)
  return given.length > 0 && given.every((each) => each !== '' && !each.includes('*'))
}

/** Names an engine makes up where the user gave none (moby and podman: `adjective_surname`). */
const madeUp = /^[a-z]+_[a-z]+\d?$/

const mostNames = 5

/** By name where that tells what was seen; else by image and namespace alone. */
const split = ({ identity, rules }: SeenContainers): readonly { where: Selector; rule: SeenRule }[] => {
  const { engine, image, namespace } = identity
  const place: Selector = {
    engine,
    ...(image === undefined ? {} : { image }),
    ...(namespace === undefined ? {} : { namespace }),
  }
  return [...rules.values()].flatMap((rule) => {
    const names = [...rule.names.keys()]
    const areGiven = names.every((name) => name !== '' && !madeUp.test(name))
    if (areGiven && (names.length === 1 || (image === undefined && names.length <= mostNames)))
      return names.map((name) => ({ where: { ...place, name }, rule: { ...rule, names: only(rule, name) } }))
    return [{ where: place, rule }]
  })
}

const only = (rule: SeenRule, name: string): Map<string, number> =>
  new Map([[name, rule.names.get(name) ?? 0]])

const cautionsOf = ({ where, rules }: { where: Selector; rules: readonly SeenRule[] }): readonly string[] => {
  const dangerous = rules.flatMap(({ rule }) => {
    const danger = dangers[rule]
    return danger === undefined ? [] : [`${rule}: ${danger}`]
  })
  const { image, name, namespace } = where
  if (image !== undefined) return dangerous
  const whole =
    name === undefined ? `every container of the namespace ${namespace ?? ''}` : 'whatever has that name'
  return [...dangerous, `no image is known: ${whole} is meant`]
}
