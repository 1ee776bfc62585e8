/** What the runtime's command line asks for besides the documents: flags that rules judge. */

export interface CallFlags {
  /** create, run, restore `--no-pivot`: the root is changed without pivot_root(2). */
  readonly noPivot: boolean
  /** create, run `--no-new-keyring`: the container keeps the session keyring of its caller. */
  readonly noNewKeyring: boolean
  /** How many descriptors from 3 on the container inherits (`--preserve-fds`). */
  readonly preservedDescriptors: number
  /** exec `--cgroup`: cgroups the command joins instead of the container's own, as written. */
  readonly cgroups: readonly string[]
  /** True where flags and not a file describe the process or resources: there is nothing to repair. */
  readonly described: boolean
  /** restore: absolute folder of the checkpoint (`--image-path`, else the runtime's default); empty elsewhere. */
  readonly checkpoint: string
  /** restore `--lsm-profile` and `--lsm-mount-context`; empty where not given. */
  readonly lsmProfile: string
  readonly lsmMountContext: string
  /** restore `--empty-ns`: kinds of namespaces restored empty. */
  readonly emptyNamespaces: readonly string[]
  /** `--systemd-cgroup`: cgroupsPath is `slice:prefix:name`. */
  readonly systemdCgroup: boolean
}

/** A call without flags. */
export const noFlags: CallFlags = {
  noPivot: false,
  noNewKeyring: false,
  preservedDescriptors: 0,
  cgroups: [],
  described: false,
  checkpoint: '',
  lsmProfile: '',
  lsmMountContext: '',
  emptyNamespaces: [],
  systemdCgroup: false,
}
