/** What Docker's own files of a container (config.v2.json, hostconfig.json) say of ports, restarts, health and networks. */
import { type EngineContext, known, type PublishedPort, type Told, unknown } from '../core/engine-context.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import { textAt, valueAt } from './engine.ts'

const unread = unknown('the files dockerd keeps of this container could not be read')

/**
 * The facts of both files; unknown where a file could not be read. dockerd writes them at `docker create`, before the
 * runtime is called (moby daemon/create.go); NetworkSettings.Ports only after it, so bindings are read as asked for.
 */
export const dockerContext = (container: Json | undefined, host: Json | undefined): EngineContext => ({
  ports: ofFile(host, portBindings),
  publishesAll: ofFile(host, (file) => valueAt(file, 'PublishAllPorts') === true),
  restart: ofFile(host, (file) => ({
    name: textAt(file, 'RestartPolicy', 'Name') ?? 'no',
    retries: numberAt(file, 'RestartPolicy', 'MaximumRetryCount'),
  })),
  healthCheck: ofFile(container, (file) => textsOf(valueAt(file, 'Config', 'Healthcheck', 'Test'))),
  networks: ofFile(host, (file) => networksOf(file, container)),
  image: imageOf(container),
})

const ofFile = <Value>(file: Json | undefined, read: (file: Json) => Value): Told<Value> =>
  file === undefined ? unread : known(read(file))

const imageOf = (container: Json | undefined): Told<string> => {
  const image = textAt(container, 'Config', 'Image')
  return image === undefined ? unread : known(image)
}

const textsOf = (node: Json | undefined): readonly string[] =>
  Array.isArray(node) ? node.filter((item) => typeof item === 'string') : []

const numberAt = (document: Json, ...names: readonly string[]): number => {
  const value = valueAt(document, ...names)
  return typeof value === 'number' ? value : 0
}

/** `PortBindings`: `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`; a port without a list is published nowhere. */
const portBindings = (file: Json): readonly PublishedPort[] => {
  const bindings = valueAt(file, 'PortBindings')
  if (bindings === undefined || !isJsonObject(bindings)) return []
  return Object.entries(bindings).flatMap(([container, places]) =>
    (Array.isArray(places) ? places : []).map((place) => ({
      container,
      hostIp: textAt(place, 'HostIp') ?? '',
      hostPort: textAt(place, 'HostPort') ?? '',
    })),
  )
}

/** What it is attached to, and what it asks for: `default` is Docker's word for its bridge. */
const networksOf = (host: Json, container: Json | undefined): readonly string[] => {
  const mode = textAt(host, 'NetworkMode') ?? 'default'
  const attached = valueAt(container, 'NetworkSettings', 'Networks')
  const names = attached !== undefined && isJsonObject(attached) ? Object.keys(attached) : []
  return [...new Set([mode === 'default' ? 'bridge' : mode, ...names])]
}
