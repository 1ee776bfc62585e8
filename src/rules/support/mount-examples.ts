/** Mounts for examples of the mount rules. */
import { hostTree } from '../../core/example-facts.ts'
import type { HostFacts, PathFact } from '../../core/facts.ts'
import type { Mount } from '../../core/oci.ts'

interface Mounts {
  readonly mounts: readonly Mount[]
}

/** A configuration with these options on one mount. */
export const mounted = (type: string, source: string, ...options: readonly string[]): Mounts => ({
  mounts: [{ destination: '/x', type, source, options }],
})

/** A configuration that binds these sources, as Docker writes it. */
export const binds = (...sources: readonly string[]): Mounts => ({
  mounts: sources.map((source, index) => ({
    destination: `/x${index}`,
    type: 'bind',
    source,
    options: ['rbind', 'rprivate'],
  })),
})

/** One source, bound, on a host where it looks like this. */
export const bound = (
  source: string,
  fact: Partial<PathFact> = {},
  ...options: readonly string[]
): { readonly config: Mounts; readonly facts: Partial<HostFacts> } => ({
  config: mounted('bind', source, 'rbind', 'rprivate', ...options),
  facts: hostTree({ [source]: fact }),
})

/** A configuration with a named volume at this place of the container. */
export const volumeAt = (destination: string, ...options: readonly string[]): Mounts => ({
  mounts: [
    {
      destination,
      type: 'bind',
      source: '/var/lib/docker/volumes/v/_data',
      options: ['rbind', 'rprivate', ...options],
    },
  ],
})
