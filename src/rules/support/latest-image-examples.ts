/** The examples of `latest-image`: references that name a version, and those that do not. */
import { inapplicable, known, type Told, unknown } from '../../core/engine-context.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const image = (reference: string): { readonly image: Told<string> } => ({ image: known(reference) })

const digest = `sha256:${'0a'.repeat(32)}`
const strict: Pick<Example, 'parameters'> = { parameters: { 'require-digest': true } }

export const goodImages: readonly Example[] = [
  { name: 'a version', engine: image('registry.example/application:1.4.2') },
  { name: 'a version, and a registry with a port', engine: image('registry.example:5000/application:1') },
  { name: 'a digest', engine: image(`busybox@${digest}`), ...strict },
  { name: 'a moving tag that a digest holds fast', engine: image(`busybox:latest@${digest}`), ...strict },
  { name: 'no image', engine: { image: inapplicable('a build step is not a service') } },
]

export const badImages: readonly BadExample<'moving' | 'untagged' | 'unnamed' | 'undigested' | 'untold'>[] = [
  { name: 'the tag latest', engine: image('busybox:latest'), message: 'moving' },
  {
    name: 'another tag the site knows to move',
    engine: image('application:edge'),
    parameters: { 'moving-tags': ['latest', 'edge'] },
    message: 'moving',
  },
  { name: 'no tag', engine: image('docker.io/library/busybox'), message: 'untagged' },
  {
    name: 'no tag, and a registry with a port',
    engine: image('registry.example:5000/application'),
    message: 'untagged',
  },
  { name: 'part of a digest', engine: image('busybox@sha256:0a0a0a'), message: 'untagged' },
  { name: 'an id', engine: image(digest), message: 'unnamed' },
  { name: 'the beginning of an id', engine: image('3698a0a20d48'), message: 'unnamed' },
  {
    name: 'a version, where the site wants digests',
    engine: image('busybox:1.36'),
    ...strict,
    message: 'undigested',
  },
  {
    name: 'an engine that keeps it to itself',
    engine: { image: unknown('containerd keeps it in its database') },
    message: 'untold',
  },
]
