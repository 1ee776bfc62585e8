/** The part of the door that only the command line has: an engine's files are changed and its daemon is spoken to. */
import type { Host, HostResult } from './host.ts'

export interface AdministratorHost extends Host {
  /**
   * Makes a file with this text, in place of a leftover of that name, and flushes it. `like`: an existing file whose
   * mode, owner, SELinux label and access list it gets; without one its mode is `mode` and its owner the caller.
   */
  createFile(path: string, text: string, mode: number, like: string | undefined): HostResult<null>
  /** Gives a file a second name, durably; `EEXIST` where the name is taken. */
  link(from: string, to: string): HostResult<null>
  /** Renames, replacing what has the new name, durably. */
  rename(from: string, to: string): HostResult<null>
  /** Removes a file or an empty folder, durably. */
  remove(path: string): HostResult<null>
  /** Holds this file (made if it is missing) locked until the process ends; `EAGAIN` where another process does. */
  lock(path: string): HostResult<null>
  /** Copies a file to a free name: bytes, owner, mode, times and extended attributes; on disk when it returns. */
  copyFile(from: string, to: string): HostResult<null>
  /** Makes a symbolic link; `EEXIST` where the name is taken. */
  symbolicLink(target: string, path: string): HostResult<null>
  /** Whether two names stand for one file, or for files of the same bytes. */
  areEqual(one: string, other: string): HostResult<boolean>
  /** True where the file, links followed, is lintel: this build or another. */
  isLintel(path: string): boolean
  /** Sends a signal by its number to one process; `ESRCH` where there is none. */
  signal(process: number, signal: number): HostResult<null>
  /**
   * Sends a text to a unix stream socket and answers all that comes until the other side ends. Errors: `EAGAIN` where
   * it was silent for `milliseconds`, `EFBIG` over `maxBytes`.
   */
  exchange(socket: string, text: string, maxBytes: number, milliseconds: number): HostResult<string>
  sleep(milliseconds: number): void
  /** Opens a log for reading by lines; one that begins like gzip is read unpacked. */
  openLines(path: string): HostResult<OpenedLines>
  closeLines(handle: number): void
  /**
   * The lines wanted of a piece (a megabyte or a line, what is more) that begins at byte `from`, a line's start. Unpacked
   * ones come in order: `from` is then what the reading before gave as `next`, or 0. Errors: `EBADMSG` for damaged gzip.
   */
  linesAfter(handle: number, from: number, wanted: WantedLines): HostResult<Lines>
  /** Those of a piece that ends before byte `end`, a line's start or the end of the file; last one first. Not of gzip. */
  linesBefore(handle: number, end: number, wanted: WantedLines): HostResult<Lines>
  /** Opens a log, gzip or not, for reading what its lines say of the chain. */
  openChain(path: string): HostResult<number>
  /** What the next lines say of it, in order; none at the end of the log, which closes it. */
  nextLinks(handle: number): HostResult<readonly LineLink[]>
  /**
   * Signs the text with the Ed25519 key (PKCS#8, PEM) in this file. Errors: `EINVAL` for what is no file, `EPERM` where it
   * is neither root's nor the caller's or others may open it, `EBADMSG` where it holds no such key.
   */
  signWithKey(path: string, text: string): HostResult<Signed>
  /** The 32 bytes of an Ed25519 public key (SPKI, PEM); `EBADMSG` where the text is none. */
  publicKey(pem: string): HostResult<readonly number[]>
  /** True once nobody reads what is written to the descriptor, a pipe or a socket. */
  isAbandoned(descriptor: number): boolean
  /**
   * The next line of standard input, waited for; undefined at its end. Errors: `EILSEQ` for what is no UTF-8, `E2BIG` for
   * one that is longer than 16 MiB; both are passed over.
   */
  nextInputLine(): HostResult<string | undefined>
  /**
   * Appends a line to a file (made, 0600, if it is missing) unless it stands in it, or in the one rotated before it; on
   * disk when this returns. False where it stood there. Errors: `ETIMEDOUT` where another holds the file's lock.
   */
  appendOnce(path: string, line: string): HostResult<boolean>
}

/** What a line of a decision log says of its place in the chain. */
export interface LineLink {
  /** SHA-256 of the line without its end. */
  readonly hash: string
  /** The line has its end. */
  readonly ended: boolean
  /** Members of ChainLink (src/core/record.ts); sequence 0 where the line is no record of a chain. */
  readonly sequence: number
  readonly previous: string
  readonly firstOfFile: boolean
  /** Empty where the writer found nothing. */
  readonly chainBroken: string
  /** The record's `time` and `host` as they stand in it; empty where it has none. */
  readonly time: string
  readonly host: string
  /** The line (of a longer one, its first 2 KiB) where it is a seal; else empty. */
  readonly seal: string
}

/** A signature, 64 bytes, and the public key it can be verified with. */
export interface Signed {
  readonly publicKey: readonly number[]
  readonly signature: readonly number[]
}

export interface OpenedLines {
  readonly handle: number
  /** As in FileStat. */
  readonly id: string
  readonly size: number
  readonly isPacked: boolean
}

/** Which lines come out of a log. Lines that are no JSON object never do. */
export interface WantedLines {
  /** RFC 3339, UTC: the first `time` member lies at or after it, before `until`; empty: any. */
  readonly from: string
  readonly until: string
  /** The line holds each of these. */
  readonly texts: readonly string[]
}

export interface Lines {
  readonly lines: readonly string[]
  /** Byte at which each begins, of what is unpacked. */
  readonly starts: readonly number[]
  /** Where to go on. */
  readonly next: number
  /** The file's end, or backwards its beginning, is reached. */
  readonly ended: boolean
  /** Bytes of a last line that has no end. */
  readonly tail: number
  /** Lines that are no JSON object, and where the first one begins. */
  readonly foreign: number
  readonly firstForeign: number
}
