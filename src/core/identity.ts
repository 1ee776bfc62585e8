/** Who called, and for which container: proven facts apart from what annotations merely say. */

export const engineIds = ['docker', 'containerd', 'crio', 'podman', 'buildkit', 'none'] as const
export type EngineId = (typeof engineIds)[number]

/** Whose words a remedy uses: a flag of `docker run` is no help to someone who wrote a pod. */
export type Speaker = 'docker' | 'podman' | 'kubernetes' | 'ctr' | 'bundle'

export interface Identity {
  readonly engine: EngineId
  /** True when the calling process, root and bundle path agree on the engine. */
  readonly proven: boolean
  readonly speaker: Speaker
  readonly containerId: string
  readonly name: string | undefined
  readonly image: string | undefined
  /** Kubernetes namespace, or containerd namespace where there is no pod. */
  readonly namespace: string | undefined
  readonly pod: string | undefined
  /** Id of its pod's pause container, for that one its own; only where the engine's word for it is proven. */
  readonly sandboxId: string | undefined
  /** True for a pod's pause container, only when the engine is proven. */
  readonly sandbox: boolean
  /** True for a step of an image build, only when the engine is proven: its root file system is what it changes. */
  readonly buildStep: boolean
  /** What the calling process is, as recorded: e.g. `containerd-shim-runc-v2 -namespace moby`. */
  readonly caller: string
  /**
   * Host folders the engine keeps for this very container (its hosts file, shm, secrets); a bind from
   * there is the engine's own. Empty unless the engine is proven.
   */
  readonly ownFolders: readonly string[]
}

/** An identity nothing is known of: lint, or a call by hand. */
export const unknownIdentity: Identity = {
  engine: 'none',
  proven: false,
  speaker: 'bundle',
  containerId: '',
  name: undefined,
  image: undefined,
  namespace: undefined,
  pod: undefined,
  sandboxId: undefined,
  sandbox: false,
  buildStep: false,
  caller: '',
  ownFolders: [],
}
