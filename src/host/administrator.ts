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
}
