/** How an engine is told to call lintel: from the texts of its files to the files as they are to be. Pure. */
import type { Result } from '../core/result.ts'

export type RegistrableEngine = 'docker' | 'containerd' | 'crio' | 'podman' | 'buildkit'

/** Files of the host by absolute path; undefined: the file does not exist. */
export interface Texts {
  readonly [path: string]: string | undefined
}

/** One file as it is and as it is to be; undefined: absent. */
export interface FileChange {
  readonly path: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** The engine as it was found on this host. */
export interface Installation {
  readonly engine: RegistrableEngine
  /** Absolute path of the engine's program. */
  readonly program: string
  /** As the program says (`1.6.20`); undefined where it does not. */
  readonly version: string | undefined
  /** Absolute path of its main configuration file: as its daemon was told on its command line, or the default. */
  readonly configuration: string
  /** The daemon's process id; undefined where none runs or the engine has none. */
  readonly daemon: number | undefined
  /** Its command line, the program's name first; absent where none runs. */
  readonly argv?: readonly string[] | undefined
}

export interface Wanted {
  /** Absolute path of the executable the engine is to call. */
  readonly runtime: string
  /** Docker only: mutually authenticated TLS on this port with ca.pem, server-cert.pem and server-key.pem of a folder. */
  readonly tls: { readonly port: number; readonly folder: string } | undefined
  /** Absolute path of the runtime lintel becomes here; its base name tells whose handlers it can stand in for (`runc`). */
  readonly becomes?: string | undefined
}

/** What taking lintel out of an engine's files goes by. */
export interface Undoing {
  /** The files that registration changed, as they were (undefined: absent); of a file not in it nothing is known. */
  readonly before: Texts
  readonly wanted: Wanted
  readonly keepName?: boolean | undefined
}

/** One runtime an engine can be asked for by name. */
export interface Handler {
  /** Docker's runtime name, containerd's handler, CRI-O's and Podman's table name, BuildKit's worker. */
  readonly name: string
  /** The executable it calls, as written; undefined where the engine finds one by itself. */
  readonly binary: string | undefined
  readonly isDefault: boolean
  /** containerd's `runtime_type`, Docker's `runtimeType`, as written; undefined where none is. */
  readonly shim?: string | undefined
  /** Whether that executable is `Wanted.runtime`. */
  readonly throughLintel: boolean
  /** Where it is written; undefined where it comes from the engine itself. */
  readonly place: { readonly file: string; readonly line: number } | undefined
}

/** One engine's configuration files; each engine is one file of this folder, and `engines.ts` lists them. */
export interface Registration {
  readonly engine: RegistrableEngine
  /**
   * Files, and folders ending in `/` (all files directly in it), whose texts the functions below need. Files name
   * further ones (containerd's `imports`): with the texts read so far, the answer may be longer; ask until it is not.
   */
  readonly reads: (installation: Installation, texts?: Texts) => readonly string[]
  /**
   * The changes that register lintel; none where it is registered already. The error is one line, `file:line:column:
   * what is wrong, what to do`, and means that nothing may be touched.
   */
  readonly register: (
    installation: Installation,
    texts: Texts,
    wanted: Wanted,
  ) => Result<readonly FileChange[], string>
  /**
   * The changes that take lintel out again of files somebody has edited since (files nobody touched are restored
   * from what was there before, byte by byte). Without `before` only what names lintel leaves. `keepName`:
   * containers are pinned to the runtime name lintel was registered by; the name stays, as nobody's default.
   */
  readonly unregister: (
    installation: Installation,
    texts: Texts,
    { before, wanted, keepName }: Undoing,
  ) => Result<readonly FileChange[], string>
  /** What the files say now, lintel or not. */
  readonly handlers: (
    installation: Installation,
    texts: Texts,
    wanted: Wanted,
  ) => Result<readonly Handler[], string>
}
