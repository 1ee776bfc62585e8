/** Packages for rpm, built by the real rpmbuild, and an empty root to install them in by the real rpm. */

import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'

/** A package of one executable. */
export interface RpmContent {
  readonly name: string
  readonly version: string
  readonly path: string
  /** The executable, by the file it is copied from. */
  readonly source: string
  /** Scriptlets and triggers, as a spec file has them. */
  readonly scriptlets?: string
}

/** Builds the package; returns its file. */
export const buildRpm = async (folder: string, content: RpmContent): Promise<string> => {
  const { name, version, path, source, scriptlets = '' } = content
  const spec = `Name: ${name}
Version: ${version}
Release: 1
Summary: an executable
License: Apache-2.0
AutoReqProv: no
%global __os_install_post %{nil}
%global debug_package %{nil}
%description
An executable.
%install
install -D -m 755 ${source} %{buildroot}${path}
${scriptlets}
%files
${path}
`
  const file = join(folder, `${name}.spec`)
  writeFileSync(file, spec)
  const built = await execa('rpmbuild', ['-bb', '--define', `_topdir ${folder}/rpmbuild`, file])
  const [, written] = /^Wrote: (.*)$/m.exec(built.stdout) ?? []
  if (written === undefined) throw new Error(`rpmbuild wrote nothing:\n${built.stdout}\n${built.stderr}`)
  return written
}

/** An empty root with a shell in it and nothing else. */
export const makeEmptyRoot = (folder: string): string => {
  const root = join(folder, 'root')
  for (const each of ['usr/bin', 'var/lib/rpm', 'tmp']) mkdirSync(join(root, each), { recursive: true })
  symlinkSync('usr/bin', join(root, 'bin'))
  copyFileSync('/bin/busybox', join(root, 'usr/bin/busybox'))
  symlinkSync('busybox', join(root, 'usr/bin/sh'))
  symlinkSync('busybox', join(root, 'usr/bin/env'))
  return root
}
