/** What nerdctl's annotations say: it copies the labels it keeps of a container into the configuration. */
import {
  type EngineContext,
  everyFact,
  inapplicable,
  known,
  type PublishedPort,
  type Told,
  unknown,
} from '../core/engine-context.ts'
import type { Json } from '../core/json.ts'
import type { Host } from '../host/host.ts'
import { textAt, valueAt } from './engine.ts'

type Annotations = { readonly [key: string]: string }

/** The facts nerdctl never tells a runtime. */
export const silentInNerdctl = {
  publishesAll: inapplicable('nerdctl writes out every published port'),
  restart: unknown('containerd keeps it in its database'),
  image: unknown('containerd keeps it in its database'),
} satisfies Partial<EngineContext>

/** True when the configuration was written by nerdctl. */
export const isNerdctl = (annotations: Annotations): boolean => annotations['nerdctl/namespace'] !== undefined

/** Ports, health check and networks of the annotations; newer releases keep ports elsewhere, which leaves them unknown. */
export const nerdctlContext = (annotations: Annotations, host: Host): EngineContext => {
  const read = (key: string): Json | undefined => {
    const text = annotations[`nerdctl/${key}`]
    const parsed = text === undefined ? undefined : host.parseJson(text, 16, '')
    return parsed?.ok === true ? parsed.value : undefined
  }
  return {
    ...everyFact(unknown('nerdctl does not tell')),
    ...silentInNerdctl,
    ports: portsOf(read('ports')),
    healthCheck: listOf(read('healthcheck'), (check) => textsOf(valueAt(check, 'Test'))) ?? known([]),
    networks: listOf(read('networks'), textsOf) ?? unknown('nerdctl names no networks'),
  }
}

const listOf = <Value>(node: Json | undefined, read: (node: Json) => Value): Told<Value> | undefined =>
  node === undefined ? undefined : known(read(node))

const textsOf = (node: Json | undefined): readonly string[] =>
  Array.isArray(node) ? node.filter((item) => typeof item === 'string') : []

const portsOf = (node: Json | undefined): EngineContext['ports'] => {
  if (!Array.isArray(node)) return unknown('nerdctl keeps published ports in its own folder')
  return known(
    node.map(
      (port): PublishedPort => ({
        container: `${numberText(port, 'ContainerPort')}/${textAt(port, 'Protocol') ?? 'tcp'}`,
        hostIp: textAt(port, 'HostIP') ?? '',
        hostPort: numberText(port, 'HostPort'),
      }),
    ),
  )
}

const numberText = (node: Json, name: string): string => {
  const value = valueAt(node, name)
  return typeof value === 'number' ? String(value) : ''
}
