/**
 * The typed door to every effect. The native binary implements it (`native/src/host`), `memory.ts` stands in
 * for it in tests. No function throws: each returns a value, or the error as a value.
 */

import type { FileKind, LevelClaim, PathFact, Probe } from '../core/facts.ts'
import type { TokenAlgorithm } from '../core/identity-settings.ts'
import type { Json } from '../core/json.ts'
import type { PatchOperation } from '../core/patch.ts'
import type { Result } from '../core/result.ts'

/** What a system call answered when it failed. */
export interface HostError {
  /** Symbolic errno such as `ENOENT`, or `EFBIG` for a size limit, `EILSEQ` for text that is not UTF-8. */
  readonly code: string
  readonly syscall: string
  readonly path: string
  /** Where the first byte that is no UTF-8 stands, from 1, for `EILSEQ` of a text read. */
  readonly line?: number
  readonly column?: number
}

export type HostResult<Value> = Result<Value, HostError>

/** Where a text stopped being acceptable. Line and column count from 1, in characters. */
export interface TextError {
  readonly message: string
  readonly line: number
  readonly column: number
}

/** What stat(2) says. `id` is `device:inode` in decimal, exact where a JavaScript number would not be. */
export interface FileStat {
  readonly id: string
  /** Decimal st_dev of the file system the file is on. */
  readonly device: string
  /** Decimal st_rdev: the device a block or character node stands for. */
  readonly represents: string
  readonly kind: FileKind
  /** Permission bits, e.g. 0o644. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Nanoseconds since the epoch, in decimal. */
  readonly modified: string
  readonly changed: string
}

export interface AppendedRecord {
  /** Number of the record in its chain, from 1. */
  readonly sequence: number
  /** SHA-256 of its line, without the line end. */
  readonly hash: string
  /** What stands in the line in place of the text's last brace. */
  readonly end: string
}

export interface SpawnResult {
  /** Exit status, or 128 + signal. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  readonly epochMilliseconds: number
  /** The same instant in RFC 3339, UTC, with microseconds. */
  readonly timestamp: string
  /** Monotonic microseconds since the process began. */
  readonly elapsedMicroseconds: number
}

export interface ProcessFacts {
  readonly argv: readonly string[]
  readonly pid: number
  readonly parentPid: number
  readonly effectiveUid: number
  /** True in the initial user namespace (uid_map is the identity over all ids). */
  readonly initialUserNamespace: boolean
  readonly hostname: string
  /** As uname(2) names the machine, e.g. `x86_64`. */
  readonly architecture: string
}

/** Definitions of schemas/oci-config.schema.json; empty: any JSON. */
export type DocumentKind = '' | 'config' | 'process' | 'resources'

export interface TomlDocument {
  readonly value: Json
  readonly lines: { readonly [pointer: string]: number }
}

export interface KeptPolicy {
  /** True when nothing it was compiled from has changed. */
  readonly fresh: boolean
  readonly runtimePaths: readonly string[]
  /** The compiled policy as JSON text. */
  readonly text: string
}

export interface PolicyToKeep {
  /** What it was compiled from: path and stamp before reading. */
  readonly watched: readonly { readonly path: string; readonly stamp: string }[]
  readonly runtimePaths: readonly string[]
  readonly text: string
}

/** A signature as RFC 7518 and 8037 have it; keys and signature as bytes, big-endian. */
export interface SignedText {
  readonly algorithm: TokenAlgorithm
  /** Modulus and exponent (RS256), x and y (ES256), the public key (EdDSA). */
  readonly key: readonly (readonly number[])[]
  readonly text: string
  /** ES256: r and s, 32 bytes each. */
  readonly signature: readonly number[]
}

/** Mode `warn` for a stated time, as root began it; times are RFC 3339, UTC. */
export interface BreakGlass {
  readonly since: string
  readonly until: string
  /** Who began it, in words. */
  readonly by: string
  readonly reason: string
  /** False once it is over by the clock, or the clock stands before its start. */
  readonly running: boolean
}

/** A token that admits one container, and the one it is brought for. */
export interface Admission {
  /** Digest; no blanks. */
  readonly token: string
  /** The same whenever it may be admitted again; empty where it never may. One line. */
  readonly holder: string
  /** Seconds since the epoch: when the token has ended for good, and now. */
  readonly ends: number
  readonly now: number
  /** Whether ended tokens are still told apart (the latest 4096). */
  readonly keepsEnded: boolean
}

export interface Host {
  readonly process: ProcessFacts
  clock(): Clock
  environment(name: string): string | undefined
  currentDirectory(): HostResult<string>
  readText(path: string, maxBytes: number, followLinks: boolean): HostResult<string>
  /** Text of a file of a tar archive (plain, not compressed), by its cleaned member name. */
  readTarMember(path: string, member: string, maxBytes: number): HostResult<string>
  readDescriptor(descriptor: number, maxBytes: number): HostResult<string>
  listDirectory(path: string): HostResult<readonly string[]>
  stat(path: string, followLinks: boolean): HostResult<FileStat>
  /**
   * One line a path that changes whenever the file or folder does (identity, owner, mode, size, ctime);
   * `absent` where there is nothing.
   */
  stamps(paths: readonly string[]): readonly string[]
  readLink(path: string): HostResult<string>
  realPath(path: string): HostResult<string>
  /** Facts of many paths in one call, in the order asked; mountinfo is read only if one asks for it. */
  probe(probes: readonly Probe[]): readonly PathFact[]
  /** SELinux label of a file, links followed; `ENODATA` or `EOPNOTSUPP` where it has none. */
  fileLabel(path: string): HostResult<string>
  /**
   * The label as the kernel writes it, aliases of types replaced (/sys/fs/selinux/context). `EINVAL` where the loaded
   * policy does not take it, `ENOENT` without SELinux.
   */
  canonicalLabel(label: string): HostResult<string>
  /**
   * Who else, alive, holds the level of this claim or one that dominates it or that it dominates; and notes the claim: `always`, only where nobody does (`free`), or
   * `never`. One container holds one level. `EPERM` for whoever is not root of the host.
   */
  claimLevel(claim: LevelClaim, when: 'always' | 'free' | 'never'): HostResult<readonly LevelClaim[]>
  /**
   * Whether the token admits this holder: nobody was admitted by it, or this holder was; and notes that, where it is to be
   * noted. Errors: `EPERM` for whoever is not root of the host, `EBADMSG`, `ENOSPC` and others where it cannot be noted.
   */
  admitOnce(admission: Admission, notes: boolean): HostResult<boolean>
  /** As many numbers below 2^31, from the kernel's randomness. */
  randomNumbers(count: number): HostResult<readonly number[]>
  /** Replaces a file's text: temporary file in its folder, same mode and owner, fsync, rename. */
  replaceFile(path: string, text: string): HostResult<null>
  /** Creates a file with this mode (and its folder, 0700) or replaces it, durably. */
  writeFile(path: string, text: string, mode: number): HostResult<null>
  /**
   * Appends a JSON object (text on one line) to a chained log, with its number and the hash of the line before it as
   * its last members (docs/trail.md); creates file and head with `mode`. On disk when it returns. Errors: `EINVAL` for
   * what is no file, `ETIMEDOUT` where the lock of the head cannot be had.
   */
  appendChained(path: string, text: string, mode: number): HostResult<AppendedRecord>
  /** Appends text with one write, no lock: for an engine's `--log` file and pipes. */
  append(path: string, text: string, mode: number): HostResult<null>
  makeDirectory(path: string, mode: number): HostResult<null>
  /** Writes to an open descriptor; a closed or broken one is not an error worth a caller's care. */
  write(descriptor: number, text: string): void
  /** Makes the text the process's standard input, for the runtime that is executed next. */
  replaceStdin(text: string): HostResult<null>
  isTerminal(descriptor: number): boolean
  /** Columns of the terminal, 80 where there is none. */
  terminalColumns(): number
  spawn(argv: readonly string[], stdin: string, timeoutMilliseconds: number): HostResult<SpawnResult>
  /** The compiled policy kept for a policy file (undefined: the site's), if this build of lintel kept one. */
  readKept(file: string | undefined): KeptPolicy | undefined
  /** Keeps a compiled policy in the root-only state folder, with what to watch for a change. */
  keep(file: string | undefined, policy: PolicyToKeep): void
  /** Break-glass as the root-only file in the state folder says; undefined where there is none that counts. */
  readBreakGlass(): BreakGlass | undefined
  /** Begins break-glass now, for so many milliseconds, in place of one that runs. `by` and `reason`: one line each. */
  beginBreakGlass(milliseconds: number, by: string, reason: string): HostResult<null>
  /** Takes the file away; `ENOENT` where there is none. */
  endBreakGlass(): HostResult<null>
  /** The first of these paths that is an executable file and not lintel itself (by device and inode). */
  findRuntime(paths: readonly string[]): string | undefined
  /** Becomes the program; comes back only with an error. */
  execve(path: string, argv: readonly string[]): HostResult<never>
  sendDatagram(socketPath: string, text: string): HostResult<null>
  /** Lower-case hexadecimal SHA-256 of the text's UTF-8. */
  sha256(text: string): string
  /** True where the key made the signature over the text; false for anything else, a key that is none included. */
  verifySignature(signed: SignedText): boolean
  /**
   * Strict RFC 8259 parse: no duplicate names, no lone surrogates, no NUL, bounded depth. With a kind also no
   * names that only case folding makes a member (runc's decoder would take them for it), and every member
   * lintel reads has the type of the runtime-spec. Members that are null are left out: absent to both runtimes.
   */
  parseJson(text: string, maxDepth: number, kind: DocumentKind): Result<Json, TextError>
  /** RFC 6902 operations applied to the text itself; untouched bytes stay as they are. */
  patchJson(text: string, operations: readonly PatchOperation[]): Result<string, TextError>
  /** TOML as JSON (dates as text), and the line of every member by its RFC 6901 pointer. */
  parseToml(text: string): Result<TomlDocument, TextError>
  /**
   * What the native side does if the script dies (exception, memory, deadline): called as soon as the answer
   * is known. Until then a call that names a guarded operation anywhere is refused.
   */
  setFailsafe(failsafe: Failsafe): void
  /**
   * Loads an embedded module that not every call needs and returns what its `main(host, argument)` answers:
   * `judge` decides about a guarded call (src/runtime/judge-main.ts), `policy` compiles the site's policy files
   * (src/policy/main.ts), `identity` proves who asks (src/identity/main.ts).
   */
  callModule(name: 'judge' | 'policy' | 'identity', argument: unknown, host: Host): unknown
}

/** What happens to the call if lintel itself breaks: DESIGN section 3, row "a bug in lintel". */
export interface Failsafe {
  /** True: refuse with exit 1. False: hand the call to the real runtime. */
  readonly deny: boolean
  readonly runtime: string
  readonly argv: readonly string[]
  /** The engine's `--log` file and format, where the refusal is written. */
  readonly log: string
  readonly logFormat: string
}
