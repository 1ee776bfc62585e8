/** Every engine lintel can be registered with. */
import { buildkitRegistration } from './buildkit.ts'
import { containerdRegistration } from './containerd.ts'
import { crioRegistration } from './crio.ts'
import { dockerRegistration } from './docker.ts'
import { podmanRegistration } from './podman.ts'
import type { RegistrableEngine, Registration } from './registration.ts'

const byEngine: { readonly [engine in RegistrableEngine]: Registration } = {
  docker: dockerRegistration,
  containerd: containerdRegistration,
  crio: crioRegistration,
  podman: podmanRegistration,
  buildkit: buildkitRegistration,
}

/** The registration of one engine. */
export const registrationOf = (engine: RegistrableEngine): Registration => byEngine[engine]
