/** Requires an image reference that says which version runs: a tag that does not move, or a digest. */
import { shownPath } from '../../core/host-paths.ts'
import { isImageId, parseImageReference } from '../../core/image-reference.ts'
import { defineRule } from '../../core/rule.ts'
import { untold, untoldMessage } from '../../core/untold.ts'
import { badImages, goodImages } from '../support/latest-image-examples.ts'

export const latestImage = defineRule({
  id: 'latest-image',
  title: 'Ensure that container commands always make use of the latest version of their image',
  severity: 'low',
  category: 'engine',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.27' },
    { benchmark: 'cis-docker-1.7.0', item: '5.28' },
    { url: 'https://github.com/distribution/reference/blob/main/reference.go' },
  ],
  rationale:
    'What a reference without a version stands for is whatever this host pulled at some time: two hosts run two images under one name, and nobody can tell which of them has the fix.',
  appliesTo: ['create', 'run', 'restore'],
  context: ['image'],
  parameters: {
    'require-digest': {
      type: 'boolean',
      description: 'Whether every image must be named by its digest.',
      default: false,
    },
    'moving-tags': {
      type: 'array',
      items: { type: 'string' },
      description: 'Tags that stand for another image from time to time.',
      default: ['latest'],
    },
  },
  messages: {
    moving: {
      what: 'the image {actual} is named by a tag that moves',
      why: 'Which version runs depends on when this host pulled it.',
      remedy: { default: 'name the image by its version or digest' },
    },
    untagged: {
      what: 'the image {actual} is named without a version',
      why: 'It means the tag latest, which stands for whatever this host pulled last.',
      remedy: { default: 'name the image by its version or digest' },
    },
    unnamed: {
      what: 'the image is named by its id only ({actual})',
      why: 'Nothing says what it is, where it came from, or whether there is a newer one.',
      remedy: { default: 'name the image by registry, name and version' },
    },
    undigested: {
      what: 'the image {actual} is named without a digest',
      why: 'Whoever may push to the registry decides what its tag stands for.',
      remedy: { default: 'add the digest, as name:version@sha256:…' },
    },
    untold: untoldMessage('which image the container was made of'),
  },
  check: ({ engine: { image: fact } }, { 'require-digest': requireDigest, 'moving-tags': movingTags }) => {
    if (fact.status !== 'known') return untold(fact)
    const at = { pointer: '', actual: shownPath(fact.value), expected: 'a version or digest' }
    if (isImageId(fact.value)) return [{ message: 'unnamed', ...at }]
    const { tag, digest: whole } = parseImageReference(fact.value)
    if (whole !== undefined) return []
    if (tag === undefined) return [{ message: 'untagged', ...at }]
    if (movingTags.includes(tag)) return [{ message: 'moving', ...at }]
    return requireDigest ? [{ message: 'undigested', ...at, expected: 'a digest' }] : []
  },
  examples: { good: goodImages, bad: badImages },
})
